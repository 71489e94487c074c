"""Devices from which an account has signed in: they keep getting in while somebody else guesses its password.

After a sign-in the caller gets a signed cookie for this account. Attempts that bring it are counted by themselves, so
neither a colleague behind the same address nor a guesser elsewhere can slow them down (OWASP, "Slow Down Online
Guessing Attacks with Device Cookies"). Whoever steals one has won a few guesses.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from starlette.requests import HTTPConnection
from starlette.responses import Response

from api.addresses import address_of
from api.keyring import Keyring, Signer
from api.keys import derive

COOKIE_PREFIX = "riskstream_device_"
NAME_HEX = 12  # of a cookie's name: several accounts share a browser
DEVICE_S = 180 * 86_400
PURPOSE = "device"
AUDIENCE = "riskstream-device"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an attempt to sign in comes from."""

    address: str
    cookies: Mapping[str, str] = field(default_factory=dict)


def origin_of(connection: HTTPConnection) -> Origin:
    return Origin(address_of(connection), connection.cookies)


class Devices:
    """Issues and reads device cookies; `email_key` is an account's address in its unique form."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._signer = Signer(keyring, PURPOSE, AUDIENCE)

    def mark(self, response: Response, email_key: str, *, secure: bool) -> None:
        """Have the caller keep the cookie of this account."""
        account = _account(self._keyring.current, email_key)
        cookie = self._signer.sign(account, DEVICE_S, {"device": uuid4().hex})
        response.set_cookie(
            COOKIE_PREFIX + account[:NAME_HEX], cookie, max_age=DEVICE_S, path="/", httponly=True, samesite="strict",
            secure=secure,
        )  # fmt: skip

    def of(self, cookies: Mapping[str, str], email_key: str) -> str | None:
        """Return the device that signed in to this account before, or None."""
        for secret in self._keyring.secrets:
            account = _account(secret, email_key)
            cookie = cookies.get(COOKIE_PREFIX + account[:NAME_HEX])
            claims = self._signer.read(cookie) if cookie is not None else None
            if claims is not None and claims["sub"] == account and isinstance(claims.get("device"), str):
                return str(claims["device"])
        return None


def _account(secret: str, email_key: str) -> str:
    return derive(secret, f"device-account:{email_key}").hex()
