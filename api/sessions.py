"""The console's session: a signed cookie that names the client, so that a page needs no API key."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import jwt
from starlette.responses import Response

from api.keys import derive

COOKIE = "riskstream_session"
SESSION_S = 12 * 3600  # a shift; after it the analyst signs in again
AUDIENCE = "riskstream-console"
ALGORITHM = "HS256"
COOKIE_LENGTH_MAX = 2048  # characters; a longer one was not made here


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in. `key_hash` is the API key that opened it, and must still be valid; None for a link."""

    client_id: int
    expires_at_s: float
    key_hash: bytes | None


class Sessions:
    """Makes and reads session cookies. `clock` gives seconds since 1970."""

    def __init__(self, secret_key: str, clock: Callable[[], float] = time.time) -> None:
        self._secret = derive(secret_key, "console-session")
        self._clock = clock

    def issue(self, client_id: int, key_hash: bytes | None = None) -> str:
        now = int(self._clock())
        claims = {"sub": str(client_id), "aud": AUDIENCE, "iat": now, "exp": now + SESSION_S}
        if key_hash is not None:
            claims["key"] = key_hash.hex()
        return jwt.encode(claims, self._secret, algorithm=ALGORITHM)

    def read(self, cookie: str) -> Session | None:
        """The session of a cookie, or None if it is forged, foreign, damaged or over."""
        if len(cookie) > COOKIE_LENGTH_MAX:
            return None
        try:
            claims = jwt.decode(
                cookie,
                self._secret,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                # The expiry is compared with the injected clock below.
                options={"require": ["exp", "iat", "sub", "aud"], "verify_exp": False, "verify_iat": False},
            )
            session = Session(int(claims["sub"]), float(claims["exp"]), _key_hash(claims.get("key")))
        except (jwt.InvalidTokenError, ValueError):
            return None
        return session if self.lasts(session.expires_at_s) else None

    def lasts(self, expires_at_s: float) -> bool:
        return expires_at_s > self._clock()


def set_cookie(response: Response, cookie: str, *, secure: bool) -> None:
    response.set_cookie(COOKIE, cookie, max_age=SESSION_S, path="/", httponly=True, samesite="strict", secure=secure)


def clear_cookie(response: Response, *, secure: bool) -> None:
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict", secure=secure)


def _key_hash(text: object) -> bytes | None:
    return bytes.fromhex(text) if isinstance(text, str) else None
