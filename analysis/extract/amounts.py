"""Amounts as people write them, to whole 1e-4 units: most by columns, the odd ones one by one."""

import re
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from analysis.extract.reading import DecimalSign

MINOR_DIGITS = 4  # analysis.rows.MINOR
AMOUNT_MINOR_MAX = 10**18 - 1  # fits 64 bits: a hundred million million units of the currency
_SPACES = " '’\u00a0\u202f\u2009"
_PLAIN = r"^-?[0-9]{1,14}(?:\.[0-9]{1,4})?$"
# Thousands are in threes or not set apart at all: "1,5" is no amount where the decimal sign is a point.
_GROUPED = {
    ".": rf"^[+-]?(?:[0-9]{{1,14}}|[0-9]{{1,3}}(?:[,{_SPACES}][0-9]{{3}}){{1,4}})(?:\.[0-9]{{1,4}})?$",
    ",": rf"^[+-]?(?:[0-9]{{1,14}}|[0-9]{{1,3}}(?:[.{_SPACES}][0-9]{{3}}){{1,4}})(?:,[0-9]{{1,4}})?$",
}
_SEPARATORS = {".": f"[+,{_SPACES}]", ",": f"[+.{_SPACES}]"}
_ODD = {
    sign: re.compile(
        rf"(?:[0-9]+|[0-9]{{1,3}}(?:[{re.escape(group)}{_SPACES}][0-9]{{3}})+)?(?:{re.escape(sign)}[0-9]*)?"
        r"(?:[eE][+-]?[0-9]{1,3})?",
    )
    for sign, group in ((".", ","), (",", "."))
}
_MINUS = re.compile(r"[-−–]")
_AROUND = re.compile(r"(?:[A-Za-z]{3}|kr\.?|[$€£¥₹₦₽₺₩]|:-)")
_OUT = re.compile(r"(?i)\s*(?:dr|db|debit)\.?$")
_IN = re.compile(r"(?i)\s*(?:cr|credit)\.?$")


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
    """One amount with what people put around it: currency, brackets or a trailing minus, CR, DR. None if it is none."""
    if len(text) > 64:
        return None
    rest, negative = text, False
    for pattern, out in ((_OUT, True), (_IN, False)):
        if pattern.search(rest):
            rest, negative = pattern.sub("", rest), out
    if rest.startswith("(") and rest.endswith(")"):
        rest, negative = rest[1:-1], True
    rest = _AROUND.sub("", rest, count=1).strip(_SPACES)
    if _MINUS.match(rest[:1]) or _MINUS.match(rest[-1:]):
        rest, negative = rest.strip("-−–").strip(_SPACES), not negative
    rest = _AROUND.sub("", rest, count=1).strip(_SPACES).removeprefix("+")
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


def guess_sign(values: list[str]) -> DecimalSign:
    """From examples: the sign that the last separator of most amounts is."""
    points = commas = 0
    for value in values:
        found = re.findall(r"[.,]", value)
        last = re.search(r"([.,])([0-9]+)\D*$", value)
        if last is None:
            continue
        # Three digits behind the only kind of separator are thousands, as far as anybody can tell.
        is_group = len(last[2]) == 3 and (len(found) > 1 or value.strip("+-").find(last[1]) <= 3)
        is_group = is_group and len(set(found)) == 1 and not re.match(r"\D*0", value)
        is_point = (last[1] == ".") != is_group
        points, commas = points + is_point, commas + (not is_point)
    return "," if commas > points else "."
