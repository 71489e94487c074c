"""JSON and JSON lines: objects are cut out of the text one by one, so that a broken one costs one, and none is large.

A document's rows are the objects of one list in it; which one is found out in a first way through the file, and what is
left out is listed or named. A document without a list is a single row. Rows are numbered by line in JSON lines, and by
object in a document, which often is a single line.
"""

from collections.abc import Iterator
from pathlib import Path

from analysis.extract.encoding import guess_encoding, text_of
from analysis.extract.json_lists import Lists, choose_list, named
from analysis.extract.json_values import flat_of
from analysis.extract.json_walk import TOP, Element, Walk
from analysis.extract.names import folded
from analysis.extract.parts import (
    COLUMNS_MAX,
    RECORD_BYTES_MAX,
    Batch,
    FileRefused,
    Unusable,
    batches_of,
)
from analysis.extract.reading import Finding

NAMING_RECORDS = 1_000  # the first ones, whose fields are the columns; what later ones have beside goes into `extra`
_STATES = frozenset(("status", "state", "booking status", "transaction status", "entry status"))
_FLAGS = frozenset(("pending", "is pending"))
_NOT_BOOKED = frozenset(("pending", "pdng", "unbooked", "scheduled", "upcoming"))

Record = tuple[int, bytes, int]  # line or number, the object's text, bytes of the file read so far


class JsonReader:
    """A file of objects. `record`: the name of the list that holds the rows. Raises FileRefused where there is none."""

    def __init__(
        self, path: Path, encoding: str | None = None, *, by_line: bool = False, record: str | None = None
    ) -> None:
        self._path = path
        self.size = path.stat().st_size
        self.encoding = encoding or guess_encoding(path)
        self._lists: Lists | None = None if by_line else choose_list(path, self.encoding, record)
        # What says which list it is, where there are several; and always when it was asked for.
        self.record = self._lists.rows.name if self._lists and (record or self._lists.listed) else None
        self.names = self._first_names()
        self.findings = _findings(self._lists) if self._lists else []

    def batches(self) -> Iterator[Batch | Unusable]:
        """The objects, flat; each of the lists that are left out and may be money, with the reason."""
        return batches_of(self._rows(), self.names)

    def _rows(self) -> Iterator[tuple[int, dict[str, str] | Unusable, int]]:
        done = 0
        for found in self._records():
            if isinstance(found, Unusable):
                yield found.line, found, done
                continue
            line, text, done = found
            row = flat_of(text)
            reason = row if isinstance(row, str) else _not_booked(row)
            if isinstance(row, str) or reason:
                yield line, Unusable(line, reason, excerpt=text[:200].decode("utf-8", "replace")), done
            else:
                yield line, row, done

    def _records(self) -> Iterator[Record | Unusable]:
        pieces = text_of(self._path, self.encoding)
        return records_by_line(pieces) if self._lists is None else _of_document(self._lists, pieces)

    def _first_names(self) -> list[str]:
        names: dict[str, None] = {}
        reason = ""
        for _, found in zip(range(NAMING_RECORDS), self._records(), strict=False):
            if isinstance(found, Unusable):
                reason = reason or f"{found.line}: {found.reason}"
                continue
            row = flat_of(found[1])
            if isinstance(row, dict):
                names |= dict.fromkeys(row)
            else:
                reason = reason or f"{found[0]}: {row}"
        if not names:
            said = f"; {'row' if self._lists is None else 'object'} {reason}" if reason else ""
            raise FileRefused(f"the file holds no objects with fields, one for each row{said}")
        return list(names)[:COLUMNS_MAX]


def records_by_line(pieces: Iterator[tuple[bytes, int]]) -> Iterator[Record | Unusable]:
    """Each line that is not empty."""
    rest, line, done, is_endless = b"", 0, 0, False
    for piece, at in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        done = at
        for text in whole:
            line += 1
            if is_endless:
                is_endless = False
            elif len(text) > RECORD_BYTES_MAX:
                yield _too_long(line, text)
            elif text.strip():
                yield line, text.removeprefix("\ufeff".encode()) if line == 1 else text, done
        if len(rest) > RECORD_BYTES_MAX:
            if not is_endless:
                yield _too_long(line + 1, rest)
            rest, is_endless = b"", True
    if rest.strip() and not is_endless:
        yield line + 1, rest, done


def _of_document(lists: Lists, pieces: Iterator[tuple[bytes, int]]) -> Iterator[Record | Unusable]:
    """The objects of the list of rows; those of the others that are listed, with the reason."""
    rows = lists.rows.name
    reasons = {each.name: _left_out(lists, each.name, is_pending=each.is_pending) for each in lists.listed}
    walk = Walk(frozenset((rows, *reasons)))
    for element in walk.elements(pieces):
        if element.kind != "object":
            if element.name in (rows, TOP):
                yield _broken(element, is_of_rows=element.name == rows)
        elif element.name == rows:
            yield _record(element)
        elif element.name in reasons:
            excerpt = (element.text or b"")[:200].decode("utf-8", "replace")
            yield Unusable(element.number, reasons[element.name], excerpt=excerpt)


def _record(element: Element) -> Record | Unusable:
    if element.text is None:
        return Unusable(element.number, f"the row has more than {RECORD_BYTES_MAX} bytes")
    return element.number, element.text, element.done


def _broken(element: Element, *, is_of_rows: bool) -> Unusable:
    if element.kind == "cut":
        where = "its list of rows" if is_of_rows and element.name != TOP else "an object"
        return Unusable(element.number, f"the file ends here, within {where}")
    shown = (element.text or b"").decode("utf-8", "replace")[:200]
    return Unusable(
        element.number, "what stands before this object, or after the last one, is no object", excerpt=shown
    )


def _left_out(lists: Lists, name: str, *, is_pending: bool) -> str:
    if is_pending:
        return f"the record is not booked: it is in {named(name)}"
    return f"the record is in {named(name)}, which is left out: the rows are those of {named(lists.rows.name)}"


def _not_booked(row: dict[str, str]) -> str:
    """Why an object is no booked row; "" where it says nothing like that."""
    for name, value in row.items():
        said = value.strip().casefold()
        if said in _NOT_BOOKED and folded(name.rpartition(".")[2]) in _STATES:
            return f"the record is not booked: its {name} is {value!r}"
        if said == "true" and folded(name.rpartition(".")[2]) in _FLAGS:
            return f"the record is not booked: its {name} is true"
    return ""


def _findings(lists: Lists) -> list[Finding]:
    found = []
    if lists.listed or lists.others or lists.rows.name not in ("[]", TOP):
        found.append(("rows", str(lists.rows), "the first list whose objects are movements of money"))
    for each in lists.listed:
        evidence = "they are not booked; each is listed" if each.is_pending else "each is listed"
        found += [("left out", str(each), evidence)]
    found += [("left out", str(each), "they are no movements of money") for each in lists.others]
    return [
        Finding(subject=subject, value=value, basis="format", certainty="likely", evidence=evidence)
        for subject, value, evidence in found
    ]


def _too_long(line: int, text: bytes) -> Unusable:
    reason = f"the row has {len(text)} bytes or more; {RECORD_BYTES_MAX} are allowed"
    return Unusable(line, reason, excerpt=text[:200].decode("utf-8", "replace"))
