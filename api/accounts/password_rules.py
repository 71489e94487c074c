"""Which passwords are refused: short ones, the commonest ones, and those made of the account's own names.

No rules about digits and signs: they make people write `Password1!` (NIST SP 800-63B, section 5.1.1).
"""

import re
import unicodedata
from functools import lru_cache

from api.accounts.passwords import PASSWORD_LENGTH_MAX

PASSWORD_LENGTH_MIN = 10  # characters
DIFFERENT_MIN = 5  # characters that differ; "aaaaaaaaaa" and "1212121212" are guessed at once
OWN_LENGTH_MIN = 4  # of a part of name or email that a password must not be made of
REST_LENGTH_MIN = 6  # characters that have to be left without such a part

_EDGES = re.compile(r"^[^a-z]+|[^a-z]+$")
_PARTS = re.compile(r"[^\W_]+")


def refusal(password: str, *, name: str, email: str) -> str | None:
    """Why this password is not accepted for this account; None if it is. Reads a list of 30,000 when first called."""
    plain = unicodedata.normalize("NFKC", password).casefold()
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        return f"a password has {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters"
    if len(set(plain)) < DIFFERENT_MIN:
        return "this password repeats too few characters"
    if _is_common(plain):
        return "this password is among the commonest ones, or one of them with digits or signs around it"
    if _is_own(plain, name, email):
        return "this password is made of the account's own name or email address"
    return None


def _is_common(plain: str) -> bool:
    common = _commonest()
    half = plain[: len(plain) // 2]
    return plain in common or _EDGES.sub("", plain) in common or (half + half == plain and half in common)


def _is_own(plain: str, name: str, email: str) -> bool:
    rest = plain
    for part in sorted(_PARTS.findall(f"{name} {email}".casefold()), key=len, reverse=True):
        if len(part) >= OWN_LENGTH_MIN:
            rest = rest.replace(part, "")
    return rest != plain and len(rest) < REST_LENGTH_MIN


@lru_cache(maxsize=1)
def _commonest() -> frozenset[str]:
    """The 30,000 passwords that leaks hold most often, as zxcvbn's package lists them."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])
