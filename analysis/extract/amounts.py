"""Amounts as people write them, to whole 1e-4 units: most by columns, the odd ones one by one."""

import re
from collections import Counter
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from analysis.extract.reading import DecimalSign
from contracts.currency import READABLE_CURRENCIES

MINOR_DIGITS = 4  # analysis.rows.MINOR
AMOUNT_MINOR_MAX = 10**18 - 1  # fits 64 bits: a hundred million million units of the currency
_SPACES = " '’\u00a0\u202f\u2009"
_PLAIN = r"^-?[0-9]{1,14}(?:\.[0-9]{1,4})?$"
_LAKHS = r"[0-9]{1,2}(?:,[0-9]{2}){1,5},[0-9]{3}\.[0-9]{1,4}"  # "1,20,000.00" in India, where paise are never left out
# Thousands are in threes or not set apart at all: "1,5" is no amount where the decimal sign is a point.
_GROUPED = {
    ".": rf"^[+-]?(?:(?:[0-9]{{1,14}}|[0-9]{{1,3}}(?:[,{_SPACES}][0-9]{{3}}){{1,4}})(?:\.[0-9]{{1,4}})?|{_LAKHS})$",
    ",": rf"^[+-]?(?:[0-9]{{1,14}}|[0-9]{{1,3}}(?:[.{_SPACES}][0-9]{{3}}){{1,4}})(?:,[0-9]{{1,4}})?$",
}
_SEPARATORS = {".": f"[+,{_SPACES}]", ",": f"[+.{_SPACES}]"}
_ODD = {
    sign: re.compile(
        rf"(?:[0-9]+|[0-9]{{1,3}}(?:[{re.escape(group)}{_SPACES}][0-9]{{3}})+)?(?:{re.escape(sign)}[0-9]*)?"
        rf"(?:[eE][+-]?[0-9]{{1,3}})?{lakhs}",
    )
    for sign, group, lakhs in ((".", ",", f"|{_LAKHS}"), (",", ".", ""))
}
# What people put around a number, in any order: a sign, a currency, brackets, a word for debit or credit.
_CODE = (
    r"(?:[A-Z]{1,3}\$|[$€£¥₹₦₽₺₩₴₪₫฿₱₡₵]|(?i:kr|zł|Kč|Ft|lei|Rs|KSh|TSh|USh|Fr|SFr|kn|TL|euro|лв|руб|р)\b\.?"
    r"|[A-Za-z]{3}(?![^\W\d_])|:-|,-)"
)
_BEFORE = re.compile(
    rf"(?:(?P<minus>[-−–])|(?P<plus>\+)|(?P<open>\()|(?P<code>{_CODE.replace('|,-', '')}))[{_SPACES}]*"
)
_AFTER = re.compile(
    rf"[{_SPACES}]*(?:(?P<minus>[-−–])|(?P<plus>\+)|(?P<close>\))|(?P<word>(?i:dr|db|debit|cr|credit)\.?|[SHDC])"
    rf"|(?P<code>{_CODE}))$"
)
_OUT = frozenset(("dr", "db", "debit", "s", "d"))
# What a sign alone says; a dollar, a krona, a yen may be one of several.
_SYMBOLS = {
    "$": "", "us$": "USD", "ca$": "CAD", "c$": "CAD", "a$": "AUD", "au$": "AUD", "nz$": "NZD", "hk$": "HKD",
    "s$": "SGD", "r$": "BRL", "mx$": "MXN", "€": "EUR", "euro": "EUR", "£": "GBP", "¥": "", "₹": "INR", "rs": "",
    "₦": "NGN", "₽": "RUB", "руб": "RUB", "р": "RUB", "₺": "TRY", "tl": "TRY", "₩": "KRW", "₴": "UAH", "₪": "ILS",
    "₫": "VND",
    "฿": "THB", "₱": "PHP", "₡": "CRC", "₵": "GHS", "kr": "", "zł": "PLN", "kč": "CZK", "ft": "HUF", "lei": "RON",
    "ksh": "KES", "tsh": "TZS", "ush": "UGX", "fr": "", "sfr": "CHF", "kn": "HRK", "лв": "BGN", ":-": "", ",-": "",
}  # fmt: skip
AROUND_MAX = 6  # signs and words around one number


def amounts(text: pa.Array, sign: DecimalSign) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """(1e-4 units, whether it is an amount) of trimmed texts, n each. More decimals are rounded half to even."""
    plain = pc.match_substring_regex(text, _PLAIN)
    usual = plain if sign == "." else pc.match_substring_regex(text, _GROUPED[sign])
    if sign == "." and not pc.all(plain).as_py():
        usual = pc.match_substring_regex(text, _GROUPED[sign])
    good = usual.to_numpy(zero_copy_only=False).astype(bool)
    clean = pc.if_else(usual, text, "0")
    if sign == "," or not pc.all(plain).as_py():
        clean = pc.replace_substring_regex(clean, _SEPARATORS[sign], "")
        clean = pc.replace_substring(clean, ",", ".") if sign == "," else clean
    # A decimal's 128 bits are its whole number of 1e-4 units; the lower 64 hold all that 18 digits can be.
    exact = clean.cast(pa.decimal128(18, MINOR_DIGITS))
    minor = np.frombuffer(exact.buffers()[1], np.int64)[2 * exact.offset :: 2][: len(exact)].copy()
    odd = np.flatnonzero(~good)
    known: dict[str, int | None] = {}
    for place, value in zip(odd.tolist(), text.take(pa.array(odd)).to_pylist(), strict=True):
        if value not in known:
            known[value] = parse_amount(value, sign)
        units = known[value]
        if units is not None:
            minor[place], good[place] = units, True
    return minor, good


def parse_amount(text: str, sign: DecimalSign) -> int | None:
    """One amount with what people put around it: currency, brackets, a sign on either side, CR, DR. None if it is none.

    What says twice which way the money goes must say the same: "-5.00 CR" is none, "+5.00 CR" and "(5.00) DR" are.
    """
    found = around(text)
    if found is None:
        return None
    rest, negative, _ = found
    if not rest or not rest[:1].isascii() or not _ODD[sign].fullmatch(rest) or not any(c.isdigit() for c in rest):
        return None
    for separator in _SPACES + ("," if sign == "." else "."):
        rest = rest.replace(separator, "")
    try:
        scaled = Decimal(rest.replace(",", ".")).scaleb(MINOR_DIGITS)
        units = int(scaled.to_integral_value(ROUND_HALF_EVEN)) if abs(scaled) <= AMOUNT_MINOR_MAX else None
    except InvalidOperation:
        return None
    return None if units is None else -units if negative else units


def around(text: str) -> tuple[str, bool, str] | None:
    """(the number, whether it is negative, the currency as written) of one amount; None where the signs disagree."""
    if len(text) > 64:
        return None
    rest, seen = text.strip(_SPACES), dict.fromkeys(("minus", "plus", "open", "close", "word", "code"), "")
    for pattern, at_end in ((_BEFORE, False), (_AFTER, True)):
        for _ in range(AROUND_MAX):
            found = pattern.search(rest) if at_end else pattern.match(rest)
            if found is None or found.lastgroup is None:
                break
            if seen[found.lastgroup]:
                return None  # twice the same
            seen[found.lastgroup] = found[found.lastgroup]
            rest = rest[: found.start()] if at_end else rest[found.end() :]
    if bool(seen["open"]) != bool(seen["close"]) or (bool(seen["minus"]) + bool(seen["plus"]) + bool(seen["open"]) > 1):
        return None
    if seen["code"] and currency_of(seen["code"]) is None:
        return None
    signs = {way for way, is_said in ((-1, seen["minus"] or seen["open"]), (1, seen["plus"])) if is_said}
    if seen["word"]:
        signs.add(-1 if seen["word"].casefold().rstrip(".") in _OUT else 1)
    return None if len(signs) > 1 else (rest.strip(_SPACES), signs == {-1}, seen["code"])


def currency_of(written: str) -> str | None:
    """The ISO 4217 code of a currency as people write it; "" where it may be one of several, None where it is none."""
    known = _SYMBOLS.get(written.strip(". ").casefold())
    if known is not None:
        return known
    code = written.strip().upper()
    return code if code in READABLE_CURRENCIES else "" if re.fullmatch(r"[A-Z]{1,3}\$", code) else None


def code_in(name: str) -> str | None:
    """The currency in a column's name: "Betrag (EUR)", "Amount in GBP"."""
    codes = [word for word in re.findall(r"\b[A-Z]{3}\b", name) if word in READABLE_CURRENCIES]
    signs = [code for sign in re.findall(r"[€£]", name) if (code := currency_of(sign))]
    return (codes + signs)[0] if len(set(codes + signs)) == 1 else None


def is_amount(text: str) -> bool:
    """Whether it is an amount with one of the decimal signs."""
    return parse_amount(text, ".") is not None or parse_amount(text, ",") is not None


def separators_of(value: str) -> str:
    """What a number says of the decimal sign: "." or ",", "" for nothing.

    "?." and "?,": three digits follow the only separator, which may set thousands apart or decimals.
    """
    last = re.search(r"([.,])([0-9]*)\D*$", value)
    if last is None or not last[2]:
        return ""
    found = re.findall(r"[.,]", value)
    if len(set(found)) > 1:
        return last[1]
    if len(found) > 1:
        return "," if last[1] == "." else "."  # thousands, more than once
    before = re.findall(r"[0-9]+", value[: last.start()])
    if len(last[2]) != 3 or (before and (len(before[-1]) > 3 or before[0].startswith("0"))) or not before:
        return last[1]
    return f"?{last[1]}"


def guess_sign(values: list[str]) -> DecimalSign:
    """From examples: the sign that the last separator of most amounts is."""
    seen = Counter(separators_of(value) for value in values)
    points, commas = seen["."] + seen["?,"], seen[","] + seen["?."]
    return "," if commas > points else "."
