"""Card numbers and card verification values in messages and texts: found, and masked or replaced by tokens.

A card number is 13 to 19 digits, perhaps in equal groups, in an issuer's range, with a right check digit (Luhn). It is
looked for in a message's strings and whole numbers, names of fields included, whatever they are called. A verification
value is what stands under a name like `cvv`, or after such a word in a text; it is never replaced by a token, because
nobody may keep it in any form.

Not taken for card numbers: UUIDs, hexadecimal digests, IBANs with right check digits, and phone numbers (after a `+` or
in `phone_number`) of up to 15 digits.
"""

import hashlib
import hmac
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

REMOVED = "[removed]"
DIGITS_MIN, DIGITS_MAX = 13, 19
PHONE_DIGITS_MAX = 15  # E.164
GROUPS_MAX = 1_000  # of digits in a row, with single separators: no list of cards, and hidden as a whole
TOKEN_LETTERS = 26  # of 4 bits each: 104 bits, so that no two cards share a token

Replace = Callable[[str], str]  # the digits of a card number → what is kept instead of them


class Finding(NamedTuple):
    """A card number or a verification value, and the field that it stood in (empty: none that can be named)."""

    what: str
    field: str


# Possessive (`+` after a repetition): what was matched is not tried in another way, so a long run costs no memory.
_SEPARATOR = r"[\s\-._/|\u2010-\u2015\u2212\u00ad\u200b-\u200d\u2060\ufeff]{0,3}+"
_RUN = re.compile(rf"(?<!\d)[0-9](?:{_SEPARATOR}[0-9]){{{DIGITS_MIN - 1},}}+(?!\d)")
_GROUP = re.compile(r"[0-9](?:[\u00ad\u200b-\u200d\u2060\ufeff]*+[0-9])*+")  # what is invisible separates nothing
_NO_DIGIT = re.compile(r"[^0-9]+")
_CARD_GROUPS = ([4, 6, 5], [4, 6, 4])  # as American Express and Diners Club print theirs
_DIGEST = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{24,}(?![0-9A-Za-z])")
_UUID = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9A-Za-z])")
_IBAN = re.compile(r"(?<![0-9A-Za-z])[A-Z]{2}[0-9]{2}(?: ?[0-9A-Z]){11,30}(?![0-9A-Za-z])")
_VALUE_NAME = re.compile(
    r"(?:^|card|cc|x)(?:cvv|cvc|cvn|csc|cav|cid|security ?code|verification ?(?:value|code|number))[0-9]?"
    r"(?:value|code|number|no|num)?$|^(?:card)?(?:track[123]?(?:data)?|pinblock)$".replace(" ?", "")
)
_NOT_CID = frozenset({"cid", "xcid"})  # a customer's or a call's
_VALUE_TEXT = re.compile(r"(?i)\b((?:cvv|cvc|cvn|csc)2?\b[^0-9A-Za-z]{0,4}(?:is )?)[0-9]{3,4}(?![0-9])")
# Strings, numbers and the marks between them. It reads what is no JSON as far as it is like it.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|[\[\]{}:,]', re.DOTALL)
_FOLD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ123456789", b"abcdefghijklmnopqrstuvwxyz000000000")
_DOTTED = re.compile(rb"(?=(?:0\.{0,3}){13})0++\.{1,3}+0++\.")  # more than one dot: no fraction, and longer than an IP
_MANY_DIGITS = b"0" * DIGITS_MIN
_ZEROS = re.compile(rb"0+")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_SEPARATES = re.compile(_SEPARATOR.partition("{")[0])
_LUHN_DOUBLE = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_LETTERS = "abcdefghijklmnop"


def may_hold_card_data(raw: bytes) -> bool:
    """Look at every message, in some two microseconds. What it does not pass is looked at closely by `cleaned`."""
    folded = raw.translate(_FOLD, b" -_\t")
    return (
        _has_whole_digits(folded)
        or (_MANY_DIGITS in folded.replace(b".", b"") and _DOTTED.search(folded) is not None)
        or b"/0" in folded
        or b"|0" in folded
        or b"\\n" in raw
        or b"\\t" in raw
        or b"\\r" in raw
        or b"cv" in folded
        or b"csc" in folded
        or b"ritycode" in folded
        or b"verification" in folded
        or b"track" in folded
        or b"pinbl" in folded
        or b"\\u" in folded
        or (not raw.isascii() and _has_odd_digits(raw))
    )


def _has_whole_digits(folded: bytes) -> bool:
    """Whether there is a long run of digits that is not the fraction of a number, such as a coordinate."""
    start = folded.find(_MANY_DIGITS)
    while start >= 0:
        if folded[max(start - 2, 0) : start] != b"0.":
            return True
        run = _ZEROS.match(folded, start)
        start = folded.find(_MANY_DIGITS, run.end() if run else start + 1)
    return False


def _has_odd_digits(raw: bytes) -> bool:
    """Whether a digit or a separator of digits is written in another way than in ASCII, or the bytes are no text."""
    try:
        pieces = "".join(_NOT_ASCII.findall(raw.decode()))
    except UnicodeDecodeError:
        return True
    return _SEPARATES.search(pieces) is not None or any(letter.isdigit() for letter in pieces)


def is_card_number(digits: str) -> bool:
    """Whether these digits are in an issuer's range, as long as its numbers are, with a right check digit."""
    return _is_issued(digits) and _luhn(digits)


def masked(digits: str) -> str:
    """Keep the last four digits only."""
    return "*" * (len(digits) - 4) + digits[-4:]


def tokens(key: bytes) -> Replace:
    """Replace card numbers by tokens under `key`: the issuer's six digits, a keyed digest in letters, the last four."""

    def token(digits: str) -> str:
        digest = hmac.digest(key, digits.encode(), hashlib.sha256).hex()[:TOKEN_LETTERS]
        letters = "".join(_LETTERS[int(nibble, 16)] for nibble in digest)
        return f"card_{digits[:6]}_{letters}_{digits[-4:]}"

    return token


def cleaned_text(text: str, replace: Replace = masked, *, phone: bool = False) -> tuple[str, list[str]]:
    """(the text without card data, what was found: `card number`, `verification value`); as it came without any."""
    original, found = text, list[str]()
    if not text.isascii() and any(letter.isdigit() and not letter.isascii() for letter in text):
        text = _with_plain_digits(text)
    pieces, end = [], 0
    for start, stop in _card_numbers(text, phone):
        pieces += [text[end:start], replace(_NO_DIGIT.sub("", text[start:stop]))]
        end = stop
        found.append("card number")
    text = "".join([*pieces, text[end:]])
    text, count = _VALUE_TEXT.subn(lambda match: match[1] + REMOVED, text)
    found += ["verification value"] * count
    return text if found else original, found


def cleaned(raw: bytes, replace: Replace = masked) -> tuple[bytes, list[Finding]]:
    """(the message without card data, every other byte as it came; what was found). Never raises; need not be JSON."""
    text = raw.decode("utf-8", "surrogateescape")
    findings: list[Finding] = []
    pieces: list[str] = []
    end, name, depth, secret_depth = 0, "", 0, -1
    marks = list(_TOKEN.finditer(text))
    for place, match in enumerate(marks):
        piece = match[0]
        if piece in "[]{}:,":
            depth += (piece in "[{") - (piece in "]}")
            if depth <= secret_depth and piece in "]},":
                secret_depth = -1
            continue
        is_name = place + 1 < len(marks) and marks[place + 1][0] == ":" and piece[0] == '"'
        plain = _plain(piece)
        if is_name:
            name = plain
            if secret_depth < 0 and _is_value_name(plain):
                secret_depth = depth
        fresh = _of_token(piece, plain, name, is_name, secret_depth >= 0, replace, findings)
        if fresh is not None:
            pieces += [text[end : match.start()], fresh]
            end = match.end()
    text = "".join([*pieces, text[end:]]) if pieces else text
    if not _is_json(raw):
        text, more = cleaned_text(text, replace)
        findings += [Finding(what, "") for what in more]
    return (text.encode("utf-8", "surrogateescape") if findings else raw), findings


def _of_token(
    token: str, plain: str, name: str, is_name: bool, secret: bool, replace: Replace, findings: list[Finding]
) -> str | None:
    """What stands in the token's place, or None if it stays."""
    if secret and not is_name and sum(letter.isdigit() for letter in plain) >= 3:
        findings.append(Finding("verification value", _shown(name)))
        return f'"{REMOVED}"'
    if token[0] != '"' and not plain.isdecimal():
        return None  # a fraction
    text, found = cleaned_text(plain, replace, phone=name == "phone_number" and not is_name)
    if not found:
        return None
    findings += [Finding(what, "" if is_name else _shown(name)) for what in found]
    return json.dumps(text, ensure_ascii=False)


def _is_json(raw: bytes) -> bool:
    try:
        msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _plain(token: str) -> str:
    if token[0] != '"':
        return str(int(float(token))) if re.fullmatch(r"[0-9]{13,19}(?:\.0+)", token) else token
    if "\\" in token:
        try:
            return str(json.loads(token, strict=False))
        except ValueError:
            pass
    return token[1:].removesuffix('"')


def _shown(name: str) -> str:
    """The name of a field, if it can be told."""
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,39}", name) and not cleaned_text(name)[1] else ""


def _is_value_name(name: str) -> bool:
    folded = re.sub(r"[^a-z0-9]", "", name.lower())
    return _VALUE_NAME.search(folded) is not None and folded not in _NOT_CID


def _with_plain_digits(text: str) -> str:
    """Digits of other scripts and forms as 0 to 9; every other character as it is."""
    return "".join(str(unicodedata.digit(letter, letter)) if letter.isdigit() else letter for letter in text)


def _card_numbers(text: str, phone: bool) -> Iterator[tuple[int, int]]:
    if _RUN.search(text) is None:
        return
    text = _UUID.sub(_blank, text)
    text = _DIGEST.sub(lambda match: _blank(match) if sum(map(str.isalpha, match[0])) >= 3 else match[0], text)
    text = _IBAN.sub(lambda match: _blank(match) if _is_iban(match[0].replace(" ", "")) else match[0], text)
    for run in _RUN.finditer(text):
        is_phone = phone or (run.start() > 0 and text[run.start() - 1] == "+")
        yield from _in_run(text, run.start(), run.end(), is_phone)


def _blank(match: re.Match[str]) -> str:
    return "x" * len(match[0])


def _in_run(text: str, start: int, stop: int, is_phone: bool) -> Iterator[tuple[int, int]]:
    """Card numbers that begin and end where a group of digits does, the longest first, none inside another."""
    groups = [(start + group.start(), start + group.end()) for group in _GROUP.finditer(text[start:stop])]
    if len(groups) > GROUPS_MAX:
        yield start, stop
        return
    first = 0
    while first < len(groups):
        for last in range(min(len(groups), first + DIGITS_MAX) - 1, first - 1, -1):
            parts = [_NO_DIGIT.sub("", text[low:high]) for low, high in groups[first : last + 1]]
            digits = "".join(parts)
            if not DIGITS_MIN <= len(digits) <= DIGITS_MAX or not _is_grouped([len(part) for part in parts]):
                continue
            spelled_as_phone = is_phone and first == 0 and len(digits) <= PHONE_DIGITS_MAX
            if is_card_number(digits) and not (spelled_as_phone and digits[:2] not in ("34", "37")):
                yield groups[first][0], groups[last][1]
                first = last
                break
        first += 1


def _is_iban(text: str) -> bool:
    return int("".join(str(int(letter, 36)) for letter in text[4:] + text[:4])) % 97 == 1


def _is_grouped(sizes: list[int]) -> bool:
    """Whether card numbers are written in such groups: equal ones, or fours, the last one shorter. Accounts are not."""
    first, *middle = sizes[:-1] or sizes
    equal = all(size == first for size in middle) and sizes[-1] <= first
    return equal or all(size % 4 == 0 for size in sizes[:-1]) or sizes in _CARD_GROUPS


def _luhn(digits: str) -> bool:
    ones = sum(map(int, digits[-1::-2]))
    return (ones + sum(_LUHN_DOUBLE[int(digit)] for digit in digits[-2::-2])) % 10 == 0


def _is_issued(digits: str) -> bool:
    """Ranges of issuers as published by the schemes, and the lengths of their numbers."""
    count = len(digits)
    if not DIGITS_MIN <= count <= DIGITS_MAX:
        return False
    two, three, four = int(digits[:2]), int(digits[:3]), int(digits[:4])
    if digits[0] == "4":  # Visa
        return count in (13, 16, 19)
    if 51 <= two <= 55 or 2221 <= four <= 2720:  # Mastercard
        return count == 16
    if two in (34, 37):  # American Express
        return count == 15
    if 300 <= three <= 305 or two in (36, 38, 39):  # Diners Club
        return count == 14 or count >= 16
    # JCB; Mir; UnionPay, Discover, Maestro, RuPay, Verve, Troy, Elo
    return count >= 16 and (
        3528 <= four <= 3589 or 2200 <= four <= 2205 or two in (50, 81, 82) or 56 <= two <= 69 or four == 9792
    )
