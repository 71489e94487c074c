"""Card numbers in rows of files: replaced before a row is kept, whichever column they stand in."""

from collections import Counter
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from analysis.extract.reading import Finding
from contracts.card_numbers import Replace, cleaned, cleaned_text, masked

_MAY_HOLD = r"\pN(?:[^\pN\pL,:;]{0,3}\pN){12}|(?i:cv[vcn]|csc|security.?code|verification|track|pin.?block)"
_JSON_COLUMN = "extra"


class CardFilter:
    """Replace card numbers and remove verification values in batches of one file, and count the values changed."""

    def __init__(self, replace: Replace) -> None:
        self._replace = replace
        self._changed: Counter[str] = Counter()  # field → its values that held card data

    def cleaned(self, columns: dict[str, Any]) -> dict[str, Any]:
        return {name: self._cleaned(name, column) for name, column in columns.items()}

    @property
    def findings(self) -> list[Finding]:
        """What was changed, as one finding; empty where nothing was."""
        if not self._changed:
            return []
        count = self._changed.total()
        return [
            Finding(
                subject="card numbers", value=f"{count:,} value{'' if count == 1 else 's'}", basis="values",
                certainty="likely",
                evidence=f"digits in {', '.join(sorted(self._changed))} pass as card numbers, or stand where a "
                "verification value does: replaced by tokens or removed, here and in all results",
            )
        ]  # fmt: skip

    def _cleaned(self, name: str, column: Any) -> Any:
        if not isinstance(column, pa.Array) or not pa.types.is_string(column.type):
            return column
        if not pc.any(pc.match_substring_regex(column, _MAY_HOLD)).as_py():
            return column
        encoded = column.dictionary_encode()  # so that a text that stands in every row is looked at once
        texts = encoded.dictionary.to_pylist()
        places = []
        for place in pc.indices_nonzero(pc.match_substring_regex(encoded.dictionary, _MAY_HOLD)).to_pylist():
            text = texts[place]
            if name == _JSON_COLUMN:
                texts[place] = cleaned(text.encode(), self._replace)[0].decode()
            else:
                texts[place] = cleaned_text(text, self._replace)[0]
            if texts[place] != text:
                places.append(place)
        if not places:
            return column
        changed = pc.is_in(encoded.indices, pa.array(places, encoded.indices.type))
        self._changed[name] += pc.sum(changed).as_py()
        return pc.take(pa.array(texts, column.type), encoded.indices)


def without_card_numbers(document: dict[str, Any]) -> dict[str, Any]:
    """Return what is told of a file, its examples included, with card numbers masked."""
    raw = msgspec.json.encode(document)
    fresh, found = cleaned(raw, masked)
    return msgspec.json.decode(fresh) if found else document
