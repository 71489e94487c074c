"""The console's files: plain HTML, CSS and ES modules, named by what they contain so that browsers may keep them."""

import hashlib
import html
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.problems import NOT_FOUND, Problem
from contracts.oidc import OidcProvider

KINDS = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
FOREVER = "public, max-age=31536000, immutable"
ASSETS = "{{assets}}"  # stands in the pages for the folder's address
PROVIDER_WAY = "{{provider}}"  # for the way to sign in through the identity provider
PASSWORD_WAY = "{{password}}"  # noqa: S105  # in a tag: hidden where passwords are not accepted  # nosec B105


class Console:
    """Reads the folder once. One version names all files, so that modules can import each other by plain names."""

    def __init__(self, provider: OidcProvider | None = None, *, passwords: bool = True) -> None:
        entries = [entry for entry in files("api.console").iterdir() if _suffix(entry.name) in {"html", *KINDS}]
        contents = {entry.name: entry.read_bytes() for entry in entries}
        digest = hashlib.sha256(b"".join(name.encode() + contents[name] for name in sorted(contents)))
        self.version = digest.hexdigest()[:12]
        self._assets = {name: body for name, body in contents.items() if _suffix(name) in KINDS}
        base = f"/console/{self.version}"
        self._pages = {
            name: body.decode().replace(ASSETS, base) for name, body in contents.items() if name.endswith(".html")
        }
        index = self._pages["index.html"].replace(PROVIDER_WAY, _way(provider) if provider else "")
        self._pages["index.html"] = index.replace(PASSWORD_WAY, "" if passwords else " hidden")

    def page(self, name: str = "index.html") -> Response:
        """The console, or another page of it."""
        return HTMLResponse(self._pages[name], headers={"Cache-Control": "no-cache"})

    def used_link(self) -> Response:
        """Says how to get a new sign-in link."""
        return HTMLResponse(self._pages["used-link.html"], status_code=410)

    def notice(self, title: str, body: str, status: int) -> Response:
        """A page that says one thing. `body` is HTML."""
        page = self._pages["notice.html"].replace("{{title}}", html.escape(title)).replace("{{body}}", body)
        return HTMLResponse(page, status_code=status)

    def asset(self, version: str, name: str) -> Response:
        """One file. Another version's address still gives the file, but must not be kept. Raises a 404 problem."""
        body = self._assets.get(name)
        if body is None:
            raise Problem(NOT_FOUND, "the console has no such file")
        headers = {"Cache-Control": FOREVER if version == self.version else "no-store"}
        return Response(body, media_type=KINDS[_suffix(name)], headers=headers)


def _way(provider: OidcProvider) -> str:
    name = html.escape(provider.name)
    link = f'<a id="provider" class="button primary" href="/auth/oidc/start">Sign in with {name}</a>'
    return f"<li>\n        <h2>With {name}</h2>\n        <p>{link}</p>\n      </li>"


def _suffix(name: str) -> str:
    return name.rpartition(".")[2]


async def console_of(request: Request) -> Console:
    console: Console = request.app.state.console
    return console
