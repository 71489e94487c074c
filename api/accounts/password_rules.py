"""Which passwords are refused: those that people who guess, or their programs, try early.

Short ones, the commonest ones, those made of the account's own names or of the product's, and those that follow a
pattern: sequences, keys in a row, dates, known words.

No rules about digits and signs: they make people write `Password1!` (NIST SP 800-63B, section 5.1.1).
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from api.accounts.passwords import PASSWORD_LENGTH_MAX

PASSWORD_LENGTH_MIN = 10  # characters
DIFFERENT_MIN = 5  # characters that differ; "aaaaaaaaaa" and "1212121212" are guessed at once
OWN_LENGTH_MIN = 4  # of a part of name or email that a password must not be made of
REST_LENGTH_MIN = 6  # characters that have to be left without such a part

PRODUCT_NAMES = ("riskstream",)
GUESSES_MIN = 1e9  # fewer are made online within years, by many addresses that the lock-out slows down
ESTIMATED_MAX = 40  # characters: the estimate's cost grows with the square, and more of them are hard enough

_LEET = str.maketrans("01345789@$!+", "oieastbgasit")
_EDGES = re.compile(r"^[^a-z]+|[^a-z]+$")
_PARTS = re.compile(r"[^\W_]+")


class PasswordRules:
    """The rules of one installation; `product` is its name, which the product's own is refused like."""

    def __init__(self, product: str) -> None:
        self._products = (product, *PRODUCT_NAMES)

    def refusal(self, password: str, *, name: str, email: str) -> str | None:
        """Return why this password is not accepted for this account, or None. The first call reads word lists."""
        return refusal(password, name=name, email=email, products=self._products)


def refusal(password: str, *, name: str, email: str, products: Sequence[str] = PRODUCT_NAMES) -> str | None:
    """Return why this password is not accepted for this account, or None. The first call reads word lists."""
    plain = unicodedata.normalize("NFKC", password).casefold()
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        return f"a password has {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters"
    if len(set(plain)) < DIFFERENT_MIN:
        return "this password repeats too few characters"
    if _is_common(plain):
        return "this password is among the commonest ones, or one of them with digits or signs around it"
    if _is_own(plain, name, email):
        return "this password is made of the account's own name or email address"
    if _is_own(plain, " ".join(products), ""):
        return "this password is made of the product's name"
    if _guesses(plain, [name, *_PARTS.findall(email.casefold()), *products]) < GUESSES_MIN:
        return (
            "this password follows a pattern that programs try early: a sequence, keys in a row, a known word or a date"
        )
    return None


def _guesses(plain: str, own_words: Sequence[str]) -> float:
    """Estimate how many guesses find the password, as zxcvbn does: sequences, keys in a row, words, dates, repeats."""
    from zxcvbn import zxcvbn

    estimated: float = zxcvbn(plain[:ESTIMATED_MAX], user_inputs=[word for word in own_words if word])["guesses"]
    return estimated


def _is_common(plain: str) -> bool:
    common = _commonest()
    half = plain[: len(plain) // 2]
    return plain in common or _EDGES.sub("", plain) in common or (half + half == plain and half in common)


def _is_own(plain: str, name: str, email: str) -> bool:
    """Tell whether little is left without the account's words, also written in digits and signs (`r1skstre4m`)."""
    words = sorted(_PARTS.findall(f"{name} {email}".casefold()), key=len, reverse=True)
    return any(_is_made_of(text, words) for text in (plain, plain.translate(_LEET)))


def _is_made_of(text: str, words: Sequence[str]) -> bool:
    rest = text
    for word in words:
        if len(word) >= OWN_LENGTH_MIN:
            rest = rest.replace(word, "")
    return rest != text and len(rest) < REST_LENGTH_MIN


@lru_cache(maxsize=1)
def _commonest() -> frozenset[str]:
    """The 30,000 passwords that leaks hold most often, as zxcvbn's package lists them."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])
