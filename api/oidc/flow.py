"""One sign-in on its way: what binds the answer of the provider to the browser that asked.

The cookie holds a random number, signed. State, nonce and PKCE verifier are made of that number and SECRET_KEY, so that
the cookie itself tells none of them.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import uuid4

from starlette.responses import Response

from api.keyring import Keyring, Signer
from api.keys import derive

COOKIE = "riskstream_oidc"
COOKIE_PATH = "/auth/oidc"
FLOW_S = 600  # for somebody to sign in at the provider
PURPOSE = "oidc-sign-in"
AUDIENCE = "riskstream-oidc"

Aim = Literal["console", "api"]


@dataclass(frozen=True, slots=True)
class Flow:
    """`token_id` is what is spent when the answer comes; `verifier` is PKCE's, and is sent with the code only."""

    token_id: str
    aim: Aim
    expires_at: datetime
    state: str
    nonce: str
    verifier: str

    @property
    def challenge(self) -> str:
        return _text(hashlib.sha256(self.verifier.encode()).digest())


class Flows:
    """`clock` gives seconds since 1970."""

    def __init__(self, keyring: Keyring, clock: Callable[[], float] = time.time) -> None:
        self._keyring = keyring
        self._signer = Signer(keyring, PURPOSE, AUDIENCE, clock)
        self._clock = clock

    def start(self, aim: Aim) -> tuple[Flow, str]:
        """Return a new flow and its cookie."""
        token_id = uuid4().hex
        flow = _flow(self._keyring.current, token_id, aim, self._clock() + FLOW_S)
        return flow, self._signer.sign(token_id, FLOW_S, {"aim": aim})

    def read(self, cookie: str | None, state: str) -> Flow | None:
        """Return the flow that this browser began and this state belongs to, while there is time."""
        claims = self._signer.read(cookie) if cookie is not None else None
        if claims is None or claims.get("aim") not in ("console", "api"):
            return None
        for secret in self._keyring.secrets:
            flow = _flow(secret, str(claims["sub"]), claims["aim"], claims["exp"])
            if hmac.compare_digest(flow.state.encode(), state.encode("utf-8", "surrogatepass")):
                return flow
        return None


def set_cookie(response: Response, cookie: str, *, secure: bool) -> None:
    # Lax: the answer comes by a link from the provider's page, which a strict cookie does not follow.
    response.set_cookie(
        COOKIE, cookie, max_age=FLOW_S, path=COOKIE_PATH, httponly=True, samesite="lax", secure=secure
    )  # fmt: skip


def clear_cookie(response: Response, *, secure: bool) -> None:
    response.delete_cookie(COOKIE, path=COOKIE_PATH, httponly=True, samesite="lax", secure=secure)


def _flow(secret: str, token_id: str, aim: Aim, expires_s: float) -> Flow:
    state, nonce, verifier = (_text(derive(secret, f"oidc-{part}:{token_id}")) for part in ("state", "nonce", "pkce"))
    return Flow(token_id, aim, datetime.fromtimestamp(expires_s, UTC), state, nonce, verifier)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
