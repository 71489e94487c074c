"""Card numbers in rows of files: replaced before a row is kept, whichever column they stand in."""

from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from contracts.card_numbers import Replace, cleaned, cleaned_text, masked

_MAY_HOLD = r"\pN(?:[^\pN\pL,:;]{0,3}\pN){12}|(?i:cv[vcn]|csc|security.?code|verification|track|pin.?block)"
_JSON_COLUMN = "extra"


def without_card_data(columns: dict[str, Any], replace: Replace) -> dict[str, Any]:
    """Return the columns with card numbers replaced and verification values removed."""
    return {name: _cleaned(name, column, replace) for name, column in columns.items()}


def without_card_numbers(document: dict[str, Any]) -> dict[str, Any]:
    """Return what is told of a file, its examples included, with card numbers masked."""
    raw = msgspec.json.encode(document)
    fresh, found = cleaned(raw, masked)
    return msgspec.json.decode(fresh) if found else document


def _cleaned(name: str, column: Any, replace: Replace) -> Any:
    if not isinstance(column, pa.Array) or not pa.types.is_string(column.type):
        return column
    suspicious = pc.fill_null(pc.match_substring_regex(column, _MAY_HOLD), False)
    if not pc.any(suspicious).as_py():
        return column
    places = set(pc.indices_nonzero(suspicious).to_pylist())
    values = column.to_pylist()
    for place in places:
        text = values[place]
        fresh = cleaned(text.encode(), replace)[0].decode() if name == _JSON_COLUMN else cleaned_text(text, replace)[0]
        values[place] = fresh
    return pa.array(values, column.type)
