"""The console's files: plain HTML, CSS and ES modules, named by what they contain so that browsers may keep them."""

import hashlib
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.problems import NOT_FOUND, Problem

KINDS = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
FOREVER = "public, max-age=31536000, immutable"
ASSETS = "{{assets}}"  # stands in the pages for the folder's address


class Console:
    """Reads the folder once. One version names all files, so that modules can import each other by plain names."""

    def __init__(self) -> None:
        entries = [entry for entry in files("api.console").iterdir() if _suffix(entry.name) in {"html", *KINDS}]
        contents = {entry.name: entry.read_bytes() for entry in entries}
        digest = hashlib.sha256(b"".join(name.encode() + contents[name] for name in sorted(contents)))
        self.version = digest.hexdigest()[:12]
        self._assets = {name: body for name, body in contents.items() if _suffix(name) in KINDS}
        base = f"/console/{self.version}"
        self._pages = {
            name: body.decode().replace(ASSETS, base) for name, body in contents.items() if name.endswith(".html")
        }

    def page(self, name: str = "index.html") -> Response:
        """The console, or another page of it."""
        return HTMLResponse(self._pages[name], headers={"Cache-Control": "no-cache"})

    def used_link(self) -> Response:
        """Says how to get a new sign-in link."""
        return HTMLResponse(self._pages["used-link.html"], status_code=410)

    def asset(self, version: str, name: str) -> Response:
        """One file. Another version's address still gives the file, but must not be kept. Raises a 404 problem."""
        body = self._assets.get(name)
        if body is None:
            raise Problem(NOT_FOUND, "the console has no such file")
        headers = {"Cache-Control": FOREVER if version == self.version else "no-store"}
        return Response(body, media_type=KINDS[_suffix(name)], headers=headers)


def _suffix(name: str) -> str:
    return name.rpartition(".")[2]


async def console_of(request: Request) -> Console:
    console: Console = request.app.state.console
    return console
