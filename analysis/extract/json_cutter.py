"""Objects cut out of the text of a JSON document, one by one."""

import re
from collections.abc import Iterator

from analysis.extract.parts import RECORD_BYTES_MAX, FileRefused, Unusable

_TOKEN = re.compile(rb'"[^"\\\n]*(?:\\.[^"\\\n]*)*"|["{}\[\]]')
NESTED_MAX = 1_000  # brackets
_FOLLOWS = re.compile(rb"\s*(\S)")
_BETWEEN = re.compile(rb"[\s,]*")

Record = tuple[int, bytes, int]  # line or number, the object's text, bytes of the file read so far


def records_of_document(
    pieces: Iterator[tuple[bytes, int]], lists: frozenset[int] | None = None
) -> Iterator[Record | Unusable]:
    """The objects of these lists, counted from 0 as they begin; the objects of the document itself where it has none.

    An empty set is a document whose rows are an empty list.
    """
    if lists is not None and not lists:
        return
    cut = Cutter(lists)
    for piece, at in pieces:
        yield from cut.more(piece, at)
        if cut.is_over:
            return
    yield from cut.end()


class Cutter:
    """Follows brackets and strings through the text. Nothing is looked at twice but an object that is not complete."""

    def __init__(self, lists: frozenset[int] | None, *, all_lists: bool = False) -> None:
        self._lists = lists
        self._all = all_lists
        self.place = -1  # of the list that is open, or was the last
        self.counts: list[tuple[str, int]] = []  # of each list, with its path, in their order; -1: of an empty one
        self._keys: list[str] = []  # of the brackets that are open
        self._key = ""  # the last text, which names what follows it
        self._is_begun = False
        self._text = b""
        self._number = 1  # of the next object
        self._at = 0  # everything before it is looked at
        self._depth = 0
        # Of what stands in the list of objects; the document itself is one where no list is wanted.
        self._list_depth: int | None = None if all_lists or lists is not None else 0
        self._from: int | None = None  # where the object begins that is being followed
        self._behind = 0  # where the object before it ended
        self._done = 0
        self.is_over = False

    def more(self, piece: bytes, done: int) -> Iterator[Record | Unusable]:
        self._text += piece
        if not self._is_begun:
            self._is_begun, self._text = True, self._text.removeprefix("\ufeff".encode())
        self._done = done
        while not self.is_over and (token := self._next()) is not None:
            yield from self._take(token)
        self._forget()
        if len(self._text) <= RECORD_BYTES_MAX + len(piece):
            return
        if self._list_depth == 0:
            raise FileRefused("the file holds no list of objects")
        if self._list_depth is not None:
            yield Unusable(self._number, f"here begins more than {RECORD_BYTES_MAX} bytes that are no complete row")
            self.is_over = True

    def end(self) -> Iterator[Record | Unusable]:
        """What is left when the file is over."""
        if self._list_depth == 0:
            if (rest := self._text[self._behind :]).strip(b", \r\n\t"):
                yield self._number, rest, self._done
        elif self._list_depth is not None and self._is_wanted:
            yield Unusable(self._number, "the file ends here, within its list of rows")

    @property
    def _is_wanted(self) -> bool:
        return self._all or self._lists is None or self.place in self._lists

    def _next(self) -> re.Match[bytes] | None:
        """The next bracket or string; None where the rest of it has not been read yet."""
        token = _TOKEN.search(self._text, self._at)
        while token is not None and token[0] == b'"':
            if self._text.find(b"\n", token.start()) < 0:
                return None  # a string that is not read to its end
            token = _TOKEN.search(self._text, token.end())  # a quote that is never closed: the object tells
        if (
            token is not None
            and token[0] == b"["
            and self._list_depth is None
            and not self._text[token.end() :].strip()
        ):
            return None  # what the list holds is not read yet
        return token

    def _first_in(self, token: re.Match[bytes]) -> bytes:
        """What follows, but for space."""
        found = _FOLLOWS.match(self._text, token.end())
        return found[1] if found else b""

    def _take(self, token: re.Match[bytes]) -> Iterator[Record | Unusable]:
        self._at = token.end()
        mark = token[0]
        if mark in b"{[":
            if self._list_depth is None and mark == b"[":
                self._begin_list(self._first_in(token))
            elif self._depth == self._list_depth and self._from is None:
                self._from = token.start()
            self._keys.append(self._key)
            self._depth += 1
            if self._depth > NESTED_MAX:
                raise FileRefused(f"object {self._number}: the JSON is nested more than {NESTED_MAX} deep")
        elif mark in b"}]":
            self._depth -= 1
            if self._keys:
                self._keys.pop()
            if self._list_depth and self._depth < self._list_depth:
                if mark == b"}" and self._is_wanted:
                    yield Unusable(self._number, "this is no JSON: a list ends with '}' here")
                yield from self._end_list(token.start())
            elif self._depth == self._list_depth and self._from is not None:
                yield from self._complete()
        self._key = mark[1:-1].decode("utf-8", "replace") if len(mark) > 1 else ""

    def _begin_list(self, first: bytes) -> None:
        path = ".".join(key for key in (*self._keys, self._key) if key)
        if first == b"{":
            self.place += 1
            self._list_depth, self._behind = self._depth + 1, self._at
            self.counts.append((path, 0))
        elif first == b"]":
            self.counts.append((path, -1))

    def _end_list(self, at: int) -> Iterator[Unusable]:
        if self._is_wanted:
            yield from self._stray(at)
        self._list_depth = None
        self._behind = self._at
        self.is_over = not self._all and self._lists is not None and self.place >= max(self._lists)

    def _complete(self) -> Iterator[Record | Unusable]:
        assert self._from is not None
        start, self._from = self._from, None
        if self.counts:
            path, count = self.counts[-1]
            self.counts[-1] = (path, count + 1)
        if self._is_wanted:
            yield from self._stray(start)
            yield self._number, self._text[start : self._at], self._done
            self._number += 1
        self._behind = self._at

    def _stray(self, start: int) -> Iterator[Unusable]:
        """What stands between two objects and is not a comma."""
        between = self._text[self._behind : start]
        if not _BETWEEN.fullmatch(between):
            shown = between.strip(b", \r\n\t")
            reason = "what stands before this object is none"
            yield Unusable(self._number, reason, excerpt=shown[:200].decode("utf-8", "replace"))

    def _forget(self) -> None:
        """Drop what is done with."""
        keep = self._behind if self._list_depth is not None and self._is_wanted else self._at
        self._text = self._text[keep:]
        self._at, self._behind = self._at - keep, max(self._behind - keep, 0)
        if self._from is not None:
            self._from = max(self._from - keep, 0)
