"""JSON and JSON lines: objects are cut out of the text one by one, so that a broken one costs one, and none is large.

A document's rows are one list of objects in it, wherever that stands (see json_lists); where there is none, the objects
that follow each other, often a single one. A parser of the whole document would hold it in memory, and stop at the
first error. Rows are numbered by line in JSON lines, and by object in a document, which often is a single line.
"""

from collections.abc import Iterator
from pathlib import Path

from analysis.extract.encoding import guess_encoding, text_of
from analysis.extract.json_cutter import Record, records_of_document
from analysis.extract.json_lists import Lists, lists_of
from analysis.extract.json_values import flat_of
from analysis.extract.parts import (
    COLUMNS_MAX,
    RECORD_BYTES_MAX,
    Batch,
    FileRefused,
    LineCounts,
    Unusable,
    batches_of,
)
from analysis.extract.reading import Finding

NAMING_RECORDS = 1_000  # the first ones, whose fields are the columns; what later ones have beside goes into `extra`


class JsonReader:
    """A file of objects. Raises FileRefused where there is none."""

    def __init__(self, path: Path, encoding: str | None = None, *, by_line: bool = False) -> None:
        self._path = path
        self._by_line = by_line
        self.size = path.stat().st_size
        self.encoding = encoding or guess_encoding(path)
        self.lists = Lists([]) if by_line else lists_of(text_of(path, self.encoding))
        self.counts = LineCounts()
        self.names = self._first_names()

    def batches(self) -> Iterator[Batch | Unusable]:
        """The objects, flat."""
        return batches_of(self._rows(), self.names)

    def outcome(self) -> list[Finding]:
        """Which lists there are beside that whose objects are the rows."""
        return self.lists.findings()

    def _rows(self) -> Iterator[tuple[int, dict[str, str] | Unusable, int]]:
        counts = self.counts = LineCounts(preamble=self.lists.passed, lines=self.lists.passed)
        done = 0
        for found in self._records():
            line = found.line if isinstance(found, Unusable) else found[0]
            if self._by_line:
                counts.blank += max(line - counts.lines - 1, 0)
            counts.lines = max(line, counts.lines) if self._by_line else counts.lines + 1
            if isinstance(found, Unusable):
                yield found.line, found, done
                continue
            line, text, done = found
            row = flat_of(text)
            if isinstance(row, str):
                yield line, Unusable(line, row, excerpt=text[:200].decode("utf-8", "replace")), done
            else:
                yield line, row, done
        yield from self._pending(done)

    def _pending(self, done: int) -> Iterator[tuple[int, Unusable, int]]:
        """The records of lists that are not booked, each listed."""
        for each in self.lists.pending:
            reason = f"not booked: a record of {each.name!r}"
            for found in records_of_document(text_of(self._path, self.encoding), frozenset((each.place,))):
                self.counts.lines += 1
                if isinstance(found, Unusable):
                    yield found.line, found, done
                else:
                    yield found[0], Unusable(found[0], reason, excerpt=found[1][:200].decode("utf-8", "replace")), done

    def _records(self, lists: frozenset[int] | None = None) -> Iterator[Record | Unusable]:
        pieces = text_of(self._path, self.encoding)
        if self._by_line:
            return records_by_line(pieces)
        return records_of_document(pieces, self.lists.chosen if lists is None else lists)

    def _first_names(self) -> list[str]:
        names: dict[str, None] = {}
        wrong = ""  # with the first record that is no object
        # A chosen list may be empty; what is listed of the others has the same fields.
        lists = (
            None
            if self.lists.records or self.lists.chosen is None
            else frozenset(each.place for each in self.lists.pending)
        )
        for _, found in zip(range(NAMING_RECORDS), self._records(lists), strict=False):
            row = flat_of(found[1]) if not isinstance(found, Unusable) else found.reason
            if isinstance(row, dict):
                names |= dict.fromkeys(row)
            else:
                wrong = wrong or row
        if not names and wrong:
            raise FileRefused(f"the file holds no objects with fields, one for each row; the first: {wrong}")
        if not names:
            raise FileRefused("the file holds no objects with fields, one for each row")
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
                yield line, text, done
        if len(rest) > RECORD_BYTES_MAX:
            if not is_endless:
                yield _too_long(line + 1, rest)
            rest, is_endless = b"", True
    if rest.strip() and not is_endless:
        yield line + 1, rest, done


def _too_long(line: int, text: bytes) -> Unusable:
    reason = f"the row has {len(text)} bytes or more; {RECORD_BYTES_MAX} are allowed"
    return Unusable(line, reason, excerpt=text[:200].decode("utf-8", "replace"))
