"""Time-based one-time codes (RFC 6238, as all authenticator apps have them) and recovery codes."""

import secrets
import time
from collections.abc import Callable

import pyotp
import segno
from pyotp.utils import strings_equal

STEP_S = 30
STEPS_AROUND = 1  # before and after: the clock of a phone, and the time that typing takes
ISSUER = "Riskstream"
RECOVERY_CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
_GROUPS, _GROUP_LENGTH = 4, 4  # 79 bits: nobody guesses one, so an HMAC is enough


class OneTimeCodes:
    """`clock` gives seconds since 1970."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock

    def step_of(self, secret: str, code: str, last_step: int | None) -> int | None:
        """The time step of a right code; None if it is wrong, or not of a later step than the last one."""
        totp = pyotp.TOTP(secret, interval=STEP_S)
        now = int(self._clock()) // STEP_S
        found = None
        for step in range(now - STEPS_AROUND, now + STEPS_AROUND + 1):
            if strings_equal(code, totp.generate_otp(step)) and (last_step is None or step > last_step):
                found = step
        return found


def new_totp_secret() -> str:
    """160 bits in base32, as RFC 4226 asks for."""
    return pyotp.random_base32(32)


def totp_address(secret: str, email: str) -> str:
    """The `otpauth:` address that an authenticator app reads."""
    return pyotp.TOTP(secret, interval=STEP_S).provisioning_uri(name=email, issuer_name=ISSUER)


def qr_code(text: str) -> str:
    """A QR code as the address of an SVG image, black on white in any theme."""
    return segno.make(text, error="m", micro=False).svg_data_uri(scale=4, border=4, dark="#000", light="#fff")


def new_recovery_codes() -> list[str]:
    def group() -> str:
        return "".join(secrets.choice(_LETTERS) for _ in range(_GROUP_LENGTH))

    return ["-".join(group() for _ in range(_GROUPS)) for _ in range(RECOVERY_CODES)]


def plain(code: str) -> str:
    """A recovery code without what people add or leave out when they type it."""
    return "".join(code.lower().split()).replace("-", "")
