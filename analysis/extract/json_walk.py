"""The objects of a JSON text, cut out one by one while it is read: of each list of objects, and of the top level.

A parser of the whole document would hold it in memory, and stop at the first error. Here brackets and strings are
followed, and nothing else: whether an object is JSON is found out when it is decoded. A list is named by the keys that
lead to it, `accounts[].transactions`; all lists with one name are one. The top level is a list, too: of one document,
or of several that follow each other.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from analysis.extract.parts import RECORD_BYTES_MAX, FileRefused

TOP = "(top level)"
OTHERS = "(further lists)"
LISTS_MAX = 1_000  # with names of their own
NESTED_MAX = 1_000  # brackets
PATH_MAX = 190  # characters of a list's name, with one key more 400; keys further in are left out of it
KEY_GAP_MAX = 1_000  # bytes between a key and what it names
# A string ends on its line. Strings and flat objects give nothing back, so that a text is looked at once or twice,
# whatever is in it.
_STRING = rb'"(?:[^"\\\n]++|\\.)*+"'
_PAIR = rb"(?:" + _STRING + rb"\s*+:\s*+(?:" + _STRING + rb"|[-+.0-9A-Za-z]++)\s*+,?\s*+)++"
_FLAT = rb"\{(?:[^\"{}\[\]\\]++|" + _STRING + rb")*+\}"
# An escape outside of a string is no beginning of one: else a line of them would be looked at again for each.
_ESCAPES = rb"(?:\\.)++"
_TOKEN = re.compile(rb"(" + _FLAT + rb")|" + _PAIR + rb"|" + _ESCAPES + rb"|(" + _STRING + rb")|([{}\[\]])|(\")")
_FLAT_TOKEN, _STRING_TOKEN, _BRACKET, _OPEN_QUOTE = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class Element:
    """Something in a list. `text` is None where it is too long, or not kept.

    An object; or what stands between objects and is not one comma ("stray"), with the number of the object after it; or
    what is open at the end of the text ("cut").
    """

    kind: Literal["object", "stray", "cut"]
    name: str  # of the list
    number: int
    text: bytes | None
    done: int


@dataclass(slots=True)
class _Frame:
    """An open bracket. `path`: its keys; `start`, `behind`: where it begins, and where its last element ended."""

    kind: bytes
    path: str
    start: int
    behind: int
    elements: int = 0


class Walk:
    """One way through a text. `kept`: the lists whose objects are wanted whole, None for all that are short."""

    def __init__(self, kept: frozenset[str] | None = None) -> None:
        self._kept = kept
        self._text = b""
        self._base = 0  # where the text that is held begins
        self._at = 0  # everything before it is looked at; as all places, counted from the beginning of the file
        self._done = 0
        self._top = _Frame(b"[", TOP, 0, 0)
        self._stack: list[_Frame] = []
        self._open_lists = 0  # in the stack
        self._string = (0, 0)  # the last one
        self._numbers: dict[str, int] = {}  # list → objects so far
        self.seen: dict[
            str, int
        ] = {}  # list → objects, in the order in which the lists begin; those that are empty, too

    def elements(self, pieces: Iterator[tuple[bytes, int]]) -> Iterator[Element]:
        """Every object of every list as it ends, those of inner lists before what they are in."""
        for piece, self._done in pieces:
            if not self._base and not self._text:
                piece = piece.removeprefix("\ufeff".encode())
            self._text += piece
            yield from self._tokens(is_last=False)
            self._forget()
        yield from self._tokens(is_last=True)
        yield from self._end()

    def _tokens(self, *, is_last: bool) -> Iterator[Element]:
        base = self._base
        for token in _TOKEN.finditer(self._text, self._at - base):
            start, end = token.start() + base, token.end() + base
            kind = token.lastindex
            if kind == _STRING_TOKEN:
                self._string = (start, end)
            elif kind == _OPEN_QUOTE:
                if not is_last and self._text.find(b"\n", token.end()) < 0:
                    self._at = start
                    return  # not read to its end; else it is never closed, which its object tells
            elif kind == _FLAT_TOKEN:
                parent = self._stack[-1] if self._stack else self._top
                if parent.kind == b"[":
                    yield from self._stray(parent, start, is_end=False)
                yield from self._element(start, end)
            elif kind == _BRACKET:
                yield from self._bracket(token[0], start, end)
            self._at = end
        self._at = base + len(self._text)

    def _bracket(self, mark: bytes, start: int, end: int) -> Iterator[Element]:
        stack = self._stack
        if mark in b"{[":
            parent = stack[-1] if stack else self._top
            path = self._path(parent, start)
            if mark == b"[":
                self._count(path or "[]", 0)
                self._open_lists += 1
            elif parent.kind == b"[":
                yield from self._stray(parent, start, is_end=False)
            stack.append(_Frame(mark, path, start, end))
            if len(stack) > NESTED_MAX:
                raise FileRefused(f"the JSON is nested more than {NESTED_MAX} deep")
            return
        if mark == b"}":
            if stack and stack[-1].kind == b"{":
                yield from self._element(stack.pop().start, end)
            return  # else it closes nothing: a stray
        if not self._open_lists:
            return
        self._open_lists -= 1
        while (frame := stack.pop()).kind == b"{":  # objects that lack their end
            yield from self._element(frame.start, end)
        if frame.elements:
            yield from self._stray(frame, start, is_end=True)

    def _path(self, parent: _Frame, start: int) -> str:
        """The keys to what begins here."""
        if parent is self._top:
            return ""
        if len(parent.path) > PATH_MAX:
            return parent.path
        if parent.kind == b"[":
            return f"{parent.path}[]"
        key_start, key_end = (place - self._base for place in self._string)
        is_near = self._string[0] > parent.start and start - self._string[1] <= KEY_GAP_MAX
        is_key = is_near and self._text[key_end : start - self._base].strip() == b":"
        key = (
            self._text[key_start + 1 : min(key_end - 1, key_start + 201)].decode("utf-8", "replace") if is_key else "?"
        )
        return f"{parent.path}.{key}" if parent.path else key

    def _element(self, start: int, end: int) -> Iterator[Element]:
        """An object that ends here: one of a list, if it is in one."""
        parent = self._stack[-1] if self._stack else self._top
        if parent.kind != b"[":
            return
        name = parent.path if parent is self._top else parent.path or "[]"
        parent.behind = end
        parent.elements += 1
        number = self._numbers[name] = self._numbers.get(name, 0) + 1
        self._count(name, 1)
        is_whole = start >= self._base and end - start <= RECORD_BYTES_MAX
        text = self._text[start - self._base : end - self._base] if is_whole and self._keeps(name) else None
        yield Element("object", name, number, text, self._done)

    def _stray(self, frame: _Frame, start: int, *, is_end: bool) -> Iterator[Element]:
        """What stands before this place and is not what separates two objects."""
        name = frame.path if frame is self._top else frame.path or "[]"
        if frame.behind < self._base:
            return  # more than a megabyte, of which the end is all that is held
        between = self._text[frame.behind - self._base : start - self._base].strip()
        is_first, is_top = not frame.elements, frame is self._top
        usual = (b"", b",", b"\x1e") if is_top else (b"",) if is_first or is_end else (b",",)
        if between not in usual:
            yield Element("stray", name, self._numbers.get(name, 0) + 1, between[:1000], self._done)

    def _end(self) -> Iterator[Element]:
        """What is left when the text is over."""
        end = self._base + len(self._text)
        cut = [frame for frame in self._stack if frame.kind == b"["]
        for frame in reversed(cut):
            name = frame.path or "[]"
            yield Element("cut", name, self._numbers.get(name, 0) + 1, None, self._done)
        if not self._stack:
            if self._top.elements:
                yield from self._stray(self._top, end, is_end=True)
        elif not cut:
            text = self._text[self._stack[0].start - self._base :] if self._stack[0].start >= self._base else b""
            yield Element("cut", TOP, self._numbers.get(TOP, 0) + 1, text[:1000], self._done)

    def _count(self, name: str, objects: int) -> None:
        known = name if name in self.seen or len(self.seen) < LISTS_MAX else OTHERS
        self.seen[known] = self.seen.get(known, 0) + objects

    def _keeps(self, name: str) -> bool:
        return self._kept is None or name in self._kept

    def _forget(self) -> None:
        """Drop what is done with: all before the oldest object that may still be wanted, and is not too long."""
        keep = min(self._at, self._string[0]) if self._string[1] >= self._at - 1000 else self._at
        oldest = self._at - RECORD_BYTES_MAX
        innermost = self._stack[-1] if self._stack else self._top
        if innermost.kind == b"[" and innermost.behind >= oldest:
            keep = min(keep, innermost.behind)
        for parent, frame in zip([self._top, *self._stack], self._stack, strict=False):
            if parent.kind == b"[" and oldest <= frame.start < keep:
                keep = frame.start
        keep = max(min(keep, self._at), self._base)
        self._text, self._base = self._text[keep - self._base :], keep
        if len(self._text) > 4 * RECORD_BYTES_MAX:
            raise FileRefused("the file holds a text of more than 4 MiB, and no objects")
