"""The console's session: a signed cookie that names the client, so that a page needs no API key."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

from starlette.responses import Response

from api.keyring import Keyring, Signer

COOKIE = "riskstream_session"
SESSION_S = 12 * 3600  # a shift; after it the analyst signs in again
AUDIENCE = "riskstream-console"
PURPOSE = "console-session"


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in: as a user (`session_id`), or through an API key or a link (`console_id`).

    The key, or the user's session, must still be valid, and the console session not signed out.
    """

    client_id: int
    expires_at_s: float
    api_key_id: int | None = None
    session_id: UUID | None = None
    console_id: UUID | None = None


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
        else:
            claims["con"] = str(uuid4())
        return self._signer.sign(str(client_id), SESSION_S, claims)

    def read(self, cookie: str) -> Session | None:
        """The session of a cookie, or None if it is forged, foreign, damaged or over."""
        claims = self._signer.read(cookie)
        if claims is None:
            return None
        try:
            key, session_id, console_id = claims.get("key"), claims.get("sid"), claims.get("con")
            if session_id is None and console_id is None:
                return None  # from before such sessions could be signed out
            return Session(
                int(claims["sub"]),
                claims["exp"],
                None if key is None else int(key),
                None if session_id is None else UUID(session_id),
                None if console_id is None else UUID(console_id),
            )
        except (ValueError, TypeError, AttributeError):
            return None

    def lasts(self, expires_at_s: float) -> bool:
        return self._signer.lasts(expires_at_s)


def set_cookie(response: Response, cookie: str, *, secure: bool) -> None:
    response.set_cookie(COOKIE, cookie, max_age=SESSION_S, path="/", httponly=True, samesite="strict", secure=secure)


def clear_cookie(response: Response, *, secure: bool) -> None:
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict", secure=secure)
