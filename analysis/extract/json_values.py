"""One object of a JSON text: its fields as text, with the digits that stand there."""

import json
import re
from typing import Any

import msgspec

from analysis.extract.reading import COLUMN_NAME_MAX

DEPTH_MAX = 4  # of objects in a row whose fields become columns of their own: "amount.value"
_decode = msgspec.json.Decoder(float_hook=str).decode  # an amount keeps its digits
_KEY = re.compile(rb'"\s*:')


def flat_of(text: bytes) -> dict[str, str] | str:
    """The fields of an object, those of objects within it by their path; or why that cannot be."""
    try:
        found = _decode(text)
        if not isinstance(found, dict):
            return "this is no object"
        # Each key has a colon after its quote; where there are more of these than keys, a key may stand twice.
        twice = _twice(text) if len(_KEY.findall(text)) > _keys(found) else ""
    except (ValueError, RecursionError) as error:  # of msgspec, of text that is not UTF-8
        return f"this is no JSON: {str(error)[:100] or 'it is nested too deep'}"
    if twice:
        return f"the field {twice[:COLUMN_NAME_MAX]!r} stands twice in an object, with different values"
    flat: dict[str, str] = {}
    clash = _flatten(found, "", 1, flat)
    return f"two fields are called {clash!r}" if clash else flat


def text_of_value(value: Any) -> str:
    """A value as it would stand in a CSV file; lists, and objects that are nested deep, as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else msgspec.json.encode(value).decode()


def _flatten(fields: dict[Any, Any], path: str, depth: int, flat: dict[str, str]) -> str:
    """Fill `flat`. The name that two fields have, if there is one: {"a.b": 1, "a": {"b": 2}}."""
    clash = ""
    for key, value in fields.items():
        name = f"{path}{key}"[:COLUMN_NAME_MAX]
        if isinstance(value, dict) and value and depth < DEPTH_MAX:
            clash = _flatten(value, f"{name}.", depth + 1, flat) or clash
            continue
        text = text_of_value(value)
        if flat.get(name, text) != text:
            clash = name
        flat[name] = text
    return clash


def _keys(value: Any) -> int:
    """How many keys all objects in a value have."""
    if isinstance(value, dict):
        return len(value) + sum(map(_keys, value.values()))
    return sum(map(_keys, value)) if isinstance(value, list) else 0


def _twice(text: bytes) -> str:
    """A key that an object has twice, with different values; "" where no object has one."""
    found: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for key, value in pairs:
            if key in fields and fields[key] != value:
                found.append(key)
            fields[key] = value
        return fields

    json.loads(text, object_pairs_hook=look, parse_float=str, parse_int=str)
    return found[0] if found else ""
