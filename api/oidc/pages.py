"""What a browser is shown where a sign-in through the provider does not end in the console."""

import html
from collections.abc import Callable

from starlette.responses import Response

from api.console_files import Console
from api.oidc.signing_in import NotSignedIn, Opened, Why
from contracts.oidc import EVERYBODY, OidcProvider

_AGAIN = (
    '<p><a class="button primary" href="/auth/oidc/start">Sign in again</a>'
    ' <a class="button" href="/">Other ways</a></p>'
)
_WAYS = '<p><a class="button" href="/">Other ways to sign in</a></p>'


def refusal(console: Console, provider: OidcProvider, error: NotSignedIn) -> Response:
    """Say why somebody was not signed in, and what to ask for."""
    title, status, text = _PAGES[error.why]
    response = console.notice(title, text(provider, error.subject), status)
    if status == 503:
        response.headers["Retry-After"] = "5"
    return response


def token_page(console: Console, provider: OidcProvider, opened: Opened) -> Response:
    """Show a program's first refresh token, once."""
    token = html.escape(opened.refresh_token or "")
    address, sent = f"{provider.public_url}/auth/refresh", '{"refresh_token": "…"}'
    command = f"curl -X POST {address} -H 'Content-Type: application/json' -d '{sent}'"
    body = (
        "<p>Your program trades this refresh token for its first pair of tokens, once. It is shown this once.</p>"
        f'<p><code id="refresh-token">{token}</code></p><p><code>{html.escape(command)}</code></p>'
        "<p>Never give it to anybody who asks for it: whoever has it acts in your name.</p>"
    )
    return console.notice("You are signed in", body, 200)


def _stale(_provider: OidcProvider, _subject: str) -> str:
    return f"<p>It was begun too long ago, in another browser or twice. Nothing happened.</p>{_AGAIN}"


def _denied(provider: OidcProvider, _: str) -> str:
    return f"<p>{html.escape(provider.name)} did not let you sign in, or you went back.</p>{_AGAIN}"


def _unavailable(provider: OidcProvider, _: str) -> str:
    return (
        f"<p>The sign-in of {html.escape(provider.name)} does not answer, or not as it should. Try again in a moment;"
        f" if that does not help, tell your operator: the gateway's log says what is wrong.</p>{_AGAIN}"
    )


def _invalid(provider: OidcProvider, _: str) -> str:
    return (
        f"<p>What {html.escape(provider.name)} sent could not be verified, so nobody was signed in. If it happens"
        f" again, tell your operator: the gateway's log says what is wrong.</p>{_AGAIN}"
    )


def _no_role(provider: OidcProvider, subject: str) -> str:
    name = html.escape(provider.name)
    # Where several clients share the provider, each one's groups are its own affair.
    shared = len({grant.client_id for grant in provider.grants}) > 1
    groups = [] if shared else [grant for grant in provider.grants if grant.group != EVERYBODY]
    rows = "".join(f"<li><code>{html.escape(each.group)}</code>: {each.role}</li>" for each in groups)
    listed = f"<p>These groups have a role:</p><ul>{rows}</ul>" if rows else ""
    return (
        f"<p>{name} knows you, but none of your groups has a role here. Ask whoever looks after your groups at {name}"
        f" for one that has, then sign in again.</p>{listed}{_who(subject)}{_AGAIN}"
    )


def _several(provider: OidcProvider, subject: str) -> str:
    return (
        "<p>Your groups belong to more than one client, and a person works for one. Ask whoever looks after your groups"
        f" at {html.escape(provider.name)} to take you out of those you do not need.</p>{_who(subject)}{_AGAIN}"
    )


def _deactivated(_provider: OidcProvider, subject: str) -> str:
    return f"<p>Ask an administrator of your client to activate it again.</p>{_who(subject)}{_WAYS}"


def _email_taken(_provider: OidcProvider, subject: str) -> str:
    return (
        "<p>An account is not handed over because of an email address. If it is yours, ask the operator to link it to"
        " you:</p><p><code>riskstream link-user YOUR-ADDRESS --subject"
        f" {html.escape(subject)}</code></p>{_WAYS}"
    )


def _who(subject: str) -> str:
    return f'<p class="note">Your name there: <code>{html.escape(subject)}</code></p>'


_PAGES: dict[Why, tuple[str, int, Callable[[OidcProvider, str], str]]] = {
    Why.STALE: ("This sign-in cannot be finished", 400, _stale),
    Why.DENIED: ("You are not signed in", 403, _denied),
    Why.UNAVAILABLE: ("The sign-in is not available", 503, _unavailable),
    Why.INVALID: ("This sign-in was not accepted", 403, _invalid),
    Why.NO_ROLE: ("You have no role here yet", 403, _no_role),
    Why.SEVERAL_CLIENTS: ("Your groups contradict each other", 403, _several),
    Why.DEACTIVATED: ("Your account is deactivated", 403, _deactivated),
    Why.EMAIL_TAKEN: ("Another account has your email address", 409, _email_taken),
}
