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
    if not pc.any(pc.match_substring_regex(column, _MAY_HOLD)).as_py():
        return column
    encoded = column.dictionary_encode()  # so that a text that stands in every row is looked at once
    texts = encoded.dictionary.to_pylist()
    for place in pc.indices_nonzero(pc.match_substring_regex(encoded.dictionary, _MAY_HOLD)).to_pylist():
        text = texts[place]
        texts[place] = (
            cleaned(text.encode(), replace)[0].decode() if name == _JSON_COLUMN else cleaned_text(text, replace)[0]
        )
    return pc.take(pa.array(texts, column.type), encoded.indices)
