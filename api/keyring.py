"""SECRET_KEY and those before it: what was signed or hashed under an older one is honoured until it ends."""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt

from api.keys import derive

ALGORITHM = "HS256"
ISSUER = "riskstream"
TOKEN_LENGTH_MAX = 2048  # characters; a longer one was not made here
# base64url without padding (RFC 7515), which the library does not insist on: one token has one spelling.
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_CLAIMS = ["exp", "iat", "sub", "aud", "iss"]


class Keyring:
    """`previous`: comma separated, SECRET_KEY_PREVIOUS; they verify, only `current` signs."""

    def __init__(self, current: str, previous: str = "") -> None:
        older = (secret.strip() for secret in previous.split(","))
        self.current = current
        self.secrets = tuple(dict.fromkeys([current, *(secret for secret in older if secret)]))

    def hashes(self, hash_of: Callable[[str, str], bytes], secret: str) -> list[bytes]:
        """What storage may keep of a caller's secret, the current key's hash first."""
        return [hash_of(key, secret) for key in self.secrets]


class Signer:
    """Signs claims for one purpose and audience, and reads them back. `clock` gives seconds since 1970."""

    def __init__(self, keyring: Keyring, purpose: str, audience: str, clock: Callable[[], float] = time.time) -> None:
        self._audience = audience
        self._keys = {key_id(secret): derive(secret, purpose) for secret in keyring.secrets}
        self._key_id = key_id(keyring.current)
        self._clock = clock

    def sign(self, subject: str, valid_s: int, claims: Mapping[str, Any]) -> str:
        now = int(self._clock())
        registered = {"iss": ISSUER, "aud": self._audience, "sub": subject, "iat": now, "exp": now + valid_s}
        key = self._keys[self._key_id]
        return jwt.encode({**claims, **registered}, key, ALGORITHM, headers={"kid": self._key_id})

    def read(self, token: str) -> dict[str, Any] | None:
        """The claims, or None if the token is forged, foreign, damaged or over. `exp` is a number then."""
        if len(token) > TOKEN_LENGTH_MAX or not _TOKEN.fullmatch(token):
            return None
        try:
            key = self._keys.get(str(jwt.get_unverified_header(token).get("kid")))
            if key is None:
                return None
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=self._audience,
                issuer=ISSUER,
                # The expiry is compared with the injected clock below.
                options={
                    "require": _CLAIMS,
                    "verify_exp": False,
                    "verify_iat": False,
                    "enforce_minimum_key_length": True,
                },
            )
            claims["exp"] = float(claims["exp"])
        except (jwt.PyJWTError, ValueError, TypeError):
            return None
        return claims if self.lasts(claims["exp"]) else None

    def lasts(self, expires_at_s: float) -> bool:
        return expires_at_s > self._clock()


def key_id(secret: str) -> str:
    """Names a key, in a token's header for instance, without telling anything about it."""
    return derive(secret, "key-id").hex()[:16]
