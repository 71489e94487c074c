"""Access tokens: short-lived JWTs that name a user and the session to be looked up at every request."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from api.keyring import Keyring, Signer

ACCESS_TOKEN_S = 15 * 60  # then the refresh token brings the next; a stolen one is soon worthless
AUDIENCE = "riskstream-api"
PURPOSE = "access-token"
USER_ID_MAX = 2**63 - 1  # Postgres bigint


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a valid token says. Whether the session still lasts is for Postgres to say."""

    user_id: int
    session_id: UUID
    expires_at_s: float


class AccessTokens:
    """`clock` gives seconds since 1970."""

    def __init__(self, keyring: Keyring, clock: Callable[[], float] = time.time) -> None:
        self._signer = Signer(keyring, PURPOSE, AUDIENCE, clock)

    def issue(self, user_id: int, session_id: UUID) -> str:
        return self._signer.sign(str(user_id), ACCESS_TOKEN_S, {"sid": str(session_id)})

    def read(self, token: str) -> AccessToken | None:
        """None if it is forged, foreign, damaged or over."""
        claims = self._signer.read(token)
        if claims is None:
            return None
        try:
            return AccessToken(int(claims["sub"]), UUID(claims["sid"]), claims["exp"])
        except (KeyError, ValueError, TypeError, AttributeError):
            return None
