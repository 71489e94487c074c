"""The console's session: a signed cookie that names the client, so that a page needs no API key."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from starlette.responses import Response

from api.keyring import Keyring, Signer

COOKIE = "riskstream_session"
SESSION_S = 12 * 3600  # a shift; after it the analyst signs in again
AUDIENCE = "riskstream-console"
PURPOSE = "console-session"


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in: through an API key, as a user (`session_id`), or, with neither, by a link.

    The key, or the user's session, must still be valid.
    """

    client_id: int
    expires_at_s: float
    api_key_id: int | None = None
    session_id: UUID | None = None


class Sessions:
    """Makes and reads session cookies. `clock` gives seconds since 1970."""

    def __init__(self, keyring: Keyring, clock: Callable[[], float] = time.time) -> None:
        self._signer = Signer(keyring, PURPOSE, AUDIENCE, clock)

    def issue(self, client_id: int, *, api_key_id: int | None = None, session_id: UUID | None = None) -> str:
        claims: dict[str, object] = {}
        if api_key_id is not None:
            claims["key"] = api_key_id
        if session_id is not None:
            claims["sid"] = str(session_id)
        return self._signer.sign(str(client_id), SESSION_S, claims)

    def read(self, cookie: str) -> Session | None:
        """The session of a cookie, or None if it is forged, foreign, damaged or over."""
        claims = self._signer.read(cookie)
        if claims is None:
            return None
        try:
            key, session_id = claims.get("key"), claims.get("sid")
            return Session(
                int(claims["sub"]),
                claims["exp"],
                None if key is None else int(key),
                None if session_id is None else UUID(session_id),
            )
        except (ValueError, TypeError, AttributeError):
            return None

    def lasts(self, expires_at_s: float) -> bool:
        return self._signer.lasts(expires_at_s)


def set_cookie(response: Response, cookie: str, *, secure: bool) -> None:
    response.set_cookie(COOKIE, cookie, max_age=SESSION_S, path="/", httponly=True, samesite="strict", secure=secure)


def clear_cookie(response: Response, *, secure: bool) -> None:
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict", secure=secure)
