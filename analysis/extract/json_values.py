"""The fields of a JSON object as text, with all their digits."""

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from analysis.extract.reading import COLUMN_NAME_MAX

DEPTH_MAX = 4  # of objects in a row whose fields become columns of their own: "amount.value"
_NAME_END = re.compile(rb'"\s*:')
EXPONENT_MAX = 40  # no number of a ledger has more digits


def _digits(text: str) -> str:
    """A number as it is written; written out where it has an exponent."""
    if "e" not in text and "E" not in text:
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return f"{number:f}" if abs(number.adjusted()) <= EXPONENT_MAX else text


_decode = msgspec.json.Decoder(float_hook=_digits).decode


def flat_of(text: bytes) -> dict[str, str] | str:
    """The fields of an object as text, those of objects within it by their path; or why that cannot be."""
    try:
        found = _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return f"this is no JSON: {str(error)[:100] or 'it is nested too deep'}"
    if not isinstance(found, dict):
        return "this is no object"
    flat: dict[str, str] = {}
    # Every name ends with a quote and a colon; only where there are more of these, a name may stand twice.
    if len(_NAME_END.findall(text)) > _fields(found) and (twice := _twice(text)):
        return f"the field {twice[:80]!r} stands twice, with different values"
    _flatten(found, "", 1, flat)
    return flat


def _fields(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(_fields, value.values()))
    return sum(map(_fields, value)) if isinstance(value, list) else 0


def _twice(text: bytes) -> str:
    """The first name that an object has twice with different values; "" if none has."""
    found: list[str] = []

    def pairs(fields: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for name, value in fields:
            if name in seen and seen[name] != value:
                found.append(name)
            seen[name] = value
        return seen

    try:
        json.loads(text, object_pairs_hook=pairs, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return ""
    return found[0] if found else ""


def _flatten(fields: dict[Any, Any], path: str, depth: int, flat: dict[str, str]) -> None:
    for key, value in fields.items():
        name = f"{path}{key}"[:COLUMN_NAME_MAX]
        if isinstance(value, dict) and value and depth < DEPTH_MAX:
            _flatten(value, f"{name}.", depth + 1, flat)
        else:
            flat[name] = text_of_value(value)


def text_of_value(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else msgspec.json.encode(value).decode()
