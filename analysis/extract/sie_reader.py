"""SIE, the exchange format of Swedish bookkeeping: one row for each #TRANS of a verification that balances.

A verification whose transactions do not sum to zero is not what its bookkeeper wrote: all of it is listed, none lands.
#BTRANS (struck out) is passed over, as are balances. #RTRANS (added later) is by the standard repeated as #TRANS and
then passed over; where a verification balances only with those that are not repeated, they count. What we do not know
is passed over, too, as the standard says. Kinds 1 to 3 hold balances; verifications in them are read all the same.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

import msgspec
import numpy as np

from analysis.extract.encoding import guess_encoding, text_of
from analysis.extract.parts import BATCH_ROWS, RECORD_BYTES_MAX, Batch, FileRefused, LineCounts, Unusable, text_array
from analysis.extract.reading import Finding, Mapping

ROWS_MAX = 100_000  # of one verification
REPEATED_MAX = 1_000  # characters of what is written once and belongs to many rows: names, the head of a verification
AMOUNT = 6  # its place in NAMES
NAMES = (
    "transaction", "account", "account name", "series", "verification", "date", "amount", "currency", "text",
    "verification text", "registered", "signed by", "quantity",
)  # fmt: skip
# Every alternative that begins ends, and none looks far for its end: the time is linear in the line's length.
_WORD = re.compile(r'"((?:[^"\\]|\\.?)*+)(?:"|\Z)|(\{)((?:[^{}"]|"[^"]*")*+)\}|([^\s"{}]+|[{}])')
_KINDS = {
    "1": "balances of the year", "2": "balances of periods", "3": "balances of periods and objects",
}  # fmt: skip
_VERIFICATION = re.compile(rb"(?m)^[ \t]*#VER\b")
_KIND = re.compile(rb"(?m)^[ \t]*#SIETYP[ \t]+\"?([0-9A-Za-z]{1,10})")
_BALANCES = frozenset(("#IB", "#UB", "#OIB", "#OUB", "#RES", "#PSALDO", "#PBUDGET"))
# Of such a series and number anybody sees where the one ends and the other begins.
_PLAIN_SERIES, _PLAIN_NUMBER = re.compile(r"[^\d:@%]*"), re.compile(r"[0-9]+")
_AMOUNT = re.compile(r"-?\d{1,15}(?:\.\d{1,6})?")
# Bytes of the letters å ä ö Å Ä Ö: by the standard (code page 437), and in what Windows programs write instead.
_BY_STANDARD, _BY_WINDOWS = b"\x86\x84\x94\x8f\x8e\x99", b"\xe5\xe4\xf6\xc5\xc4\xd6"


_Row = tuple[int, list[str], dict[str, str]]  # its line, its cells, its objects


@dataclass
class _Verification:
    """What is between #VER and its closing bracket."""

    line: int
    series: str
    number: str
    date: str
    text: str
    registered: str
    signed_by: str
    rows: list[_Row] = field(default_factory=list)
    added: list[_Row] = field(default_factory=list)  # of #RTRANS that no #TRANS repeats
    late: int = 0  # how many of the rows are of these
    balance: Decimal = Decimal(0)
    wrong: str | None = None
    is_named: bool = True  # whether no other verification before it has its series and number

    @property
    def name(self) -> str:
        """Its series and number as people say them, if that is clear and no other has them; else told apart."""
        name = f"{self.series}{self.number}"
        if not (_PLAIN_SERIES.fullmatch(self.series) and _PLAIN_NUMBER.fullmatch(self.number)):
            name = f"{_escaped(self.series)}:{_escaped(self.number)}" if name else ""
        return name if name and self.number and self.is_named else f"{name}@{self.line}"

    def is_good(self) -> bool:
        """Whether it lands: it balances, perhaps only with what was added later. Its rows get their numbers."""
        added = sum((_decimal(cells[AMOUNT]) for _, cells, _ in self.added), Decimal(0))
        if self.added and (self.balance != 0 or not self.rows) and self.balance + added == 0:
            self.rows = sorted(self.rows + self.added, key=lambda row: row[0])
            self.late, self.balance = len(self.added), Decimal(0)
        for number, (_, cells, _) in enumerate(self.rows, 1):
            cells[0] = f"{self.name}-{number}"
        if not self.rows:
            self.balance += added
        return self.wrong is None and self.balance == 0


class SieReader:
    """A SIE file with verifications. Raises FileRefused where it has none."""

    names = NAMES
    mapping = Mapping(
        columns={
            "transaction_id": "transaction", "account": "account", "time": "date", "amount": "amount",
            "currency": "currency", "category": "series", "text": "text",
        }
    )  # fmt: skip

    def __init__(self, path: Path, encoding: str | None = None) -> None:
        self._path = path
        self.size = path.stat().st_size
        self.encoding = encoding or _encoding_of(path)
        self._kind = _kind_of(path)
        self._passed: Counter[str] = Counter()  # rows that were struck out or added, in the last pass
        self.counts = LineCounts()

    def outcome(self) -> list[Finding]:
        """What is odd about the file; known when `batches` has ended."""
        found = []
        if self._kind in _KINDS:
            evidence = f"by its kind it holds {_KINDS[self._kind]} only"
            found.append(_finding("kind", f"SIE {self._kind} with verifications, which are read", evidence))
        for word, said in (("#BTRANS", "struck out"), ("#RTRANS", "added later, repeated as #TRANS or without need")):
            if count := self._passed[word]:
                found.append(_finding("passed over", f"{count} lines of {word}", said))
        return found

    def batches(self) -> Iterator[Batch | Unusable]:
        """The transactions, a verification at a time."""
        counts = self.counts = LineCounts()
        book = _Book(counts)
        self._passed = book.passed
        rows: list[_Row] = []
        done = 0
        for number, text, done in self._lines():
            counts.lines = number
            closed = book.take(number, text)
            if isinstance(closed, Unusable):
                yield closed
            elif closed is not None and closed.is_good():
                counts.header -= closed.late
                rows += closed.rows
                if len(rows) >= BATCH_ROWS:
                    yield _batch(rows, done)
                    rows = []
            elif closed is not None:
                counts.header -= not closed.rows
                yield from _listed(closed)
        if rows:
            yield _batch(rows, done)
        if book.open is not None:
            book.open.wrong = "the file ends within its verification"
            counts.header -= not book.open.rows
            yield from _listed(book.open)

    def _lines(self) -> Iterator[tuple[int, str, int]]:
        rest, number = b"", 0
        for piece, done in text_of(self._path, self.encoding):
            *whole, rest = (rest + piece).replace(b"\r\n", b"\n").split(b"\n")
            for line in whole:
                number += 1
                yield number, line.decode("utf-8", "replace"), done
            if len(rest) > RECORD_BYTES_MAX:
                raise FileRefused(f"line {number + 1} has more than {RECORD_BYTES_MAX} bytes")
        if rest.strip():
            yield number + 1, rest.decode("utf-8", "replace"), self.size


class _Book:
    """What a SIE file says before its verifications, and the verification that is open."""

    def __init__(self, counts: LineCounts) -> None:
        self.open: _Verification | None = None
        self.passed: Counter[str] = Counter()  # lines of a verification that are no rows of it
        self._counts = counts
        self._accounts: dict[str, str] = {}
        self._dimensions: dict[str, str] = {}
        self._objects: dict[tuple[str, str], str] = {}
        self._currency = "SEK"
        self._names: set[int] = set()  # hashes of series and number

    def take(self, number: int, text: str) -> _Verification | Unusable | None:
        """The verification that ends in this line, or what is wrong with the line."""
        words = _words(text)
        match words:
            case ["#VER", *rest]:
                self._counts.header += 1
                closed, self.open = self.open, self._begun(number, rest)
                if closed is not None:
                    closed.wrong = "its verification has no end"
                return closed
            case ["#TRANS", *rest]:
                if self.open is None:
                    return Unusable(number, "this transaction is of no verification", excerpt=text.strip())
                self._transaction(self.open, number, rest)
            case ["#RTRANS" | "#BTRANS" as word, *rest]:
                self._counts.header += 1
                self.passed[word] += 1
                if self.open is not None and word == "#RTRANS":
                    self.open.added.append(self._row(self.open, number, rest))
            case ["}", *_]:
                self._counts.header += 1
                closed, self.open = self.open, None
                return closed
            case _:
                self._count(words, text)
                self._name(words)
        return None

    def _count(self, words: list[str], text: str) -> None:
        """What a line is that belongs to no verification."""
        if not text.strip():
            self._counts.blank += 1
        elif words and words[0] in _BALANCES:
            self._counts.total += 1
        elif self.open is not None:
            self._counts.header += 1
        else:
            self._counts.preamble += 1

    def _begun(self, line: int, words: list[str]) -> _Verification:
        series, number, date, text, registered, signed_by = (*(word[:REPEATED_MAX] for word in words[:6]), *[""] * 6)[
            :6
        ]
        begun = _Verification(line, series.strip(), number.strip(), date, text, registered, signed_by)
        key = hash((begun.series, begun.number))
        begun.is_named = key not in self._names
        if any(len(word) > REPEATED_MAX for word in words[:6]):
            begun.wrong = f"its head has a field of more than {REPEATED_MAX} characters"
        self._names.add(key)
        return begun

    def _name(self, words: list[str]) -> None:
        """What the file says of its accounts and dimensions."""
        match words:
            case ["#KONTO", account, name, *_]:
                self._accounts[account] = name[:REPEATED_MAX]
            case ["#DIM" | "#UNDERDIM", dimension, name, *_]:
                self._dimensions[dimension] = name[:REPEATED_MAX]
            case ["#OBJEKT", dimension, thing, name, *_]:
                self._objects[dimension, thing] = name[:REPEATED_MAX]
            case ["#VALUTA", currency, *_]:
                self._currency = currency[:REPEATED_MAX].upper()

    def _transaction(self, verification: _Verification, line: int, words: list[str]) -> None:
        row = self._row(verification, line, words)
        amount = row[1][AMOUNT]
        if not _AMOUNT.fullmatch(amount):
            verification.wrong = verification.wrong or f"line {line} of its verification has no amount"
        else:
            verification.balance += _decimal(amount)
        if len(verification.rows) >= ROWS_MAX:
            raise FileRefused(f"the verification of line {verification.line} has more than {ROWS_MAX} rows")
        if verification.added and verification.added[-1][0] == line - 1 and verification.added[-1][1:] == row[1:]:
            verification.added.pop()  # repeated for programs that do not know #RTRANS
        verification.rows.append(row)

    def _row(self, verification: _Verification, line: int, words: list[str]) -> _Row:
        account, objects, amount, date, text, quantity, signed_by = (*words, *[""] * 7)[:7]
        cells = [
            "", account, self._accounts.get(account, ""), verification.series,
            verification.number, date or verification.date, amount, self._currency, text or verification.text,
            verification.text, verification.registered, signed_by or verification.signed_by, quantity,
        ]  # fmt: skip
        return line, cells, self._named(objects)

    def _named(self, objects: str) -> dict[str, str]:
        """`1 "100" 6 "P7"`: pairs of a dimension and a thing of it."""
        words = _words(objects.removeprefix("{"))
        named = {}
        for dimension, thing in zip(words[::2], words[1::2], strict=False):
            name = self._objects.get((dimension, thing), "")
            named[self._dimensions.get(dimension, f"dimension {dimension}")] = f"{thing} {name}".strip()
        return named


def _escaped(text: str) -> str:
    """The same without the signs that stand between the parts of an id."""
    return text.replace("%", "%25").replace(":", "%3A").replace("@", "%40")


def _finding(subject: str, value: str, evidence: str) -> Finding:
    return Finding(subject=subject, value=value, basis="format", certainty="certain", evidence=evidence)


def _kind_of(path: Path) -> str:
    """The kind that a file says it is of. Raises FileRefused where it has no verifications."""
    kind, rest, has_rows = "", b"", False
    with path.open("rb") as file:
        while piece := file.read(RECORD_BYTES_MAX):
            text = (rest + piece).replace(b"\x00", b"").replace(b"\r", b"\n")
            found = _KIND.search(text)
            kind = kind or (found[1].decode() if found else "")
            has_rows = has_rows or _VERIFICATION.search(text) is not None
            rest = text[text.rfind(b"\n") + 1 :][-256:]  # a word that is cut
    if has_rows:
        return kind
    if kind in _KINDS:
        raise FileRefused(f"this is SIE of kind {kind}: {_KINDS[kind]}, without transactions; export kind 4")
    said = f"of kind {kind}" if kind else "that says no kind"
    raise FileRefused(f"this SIE file {said} holds no verifications, so it holds no transactions")


def _words(text: str) -> list[str]:
    """The words of a line; a list of objects is one word that begins with a bracket.

    The bracket that opens a verification, behind its head or on a line of its own, is none: it says nothing.
    """
    found = []
    for quoted, bracket, inside, plain in _WORD.findall(text):
        if bracket:
            found.append("{" + inside)
        elif plain != "{":
            found.append(plain or re.sub(r"\\(.)", r"\1", quoted))
    return found


def _listed(closed: _Verification) -> Iterator[Unusable]:
    """Every row of a verification that cannot be used; its head where it has no rows."""
    reason = closed.wrong or f"verification {closed.name} does not balance: {closed.balance:+}"
    for line, cells, _ in closed.rows:
        yield Unusable(line, reason, "amount", " ".join(cells[1:7]))
    if not closed.rows:
        yield Unusable(closed.line, reason, excerpt=closed.name)


def _batch(rows: list[_Row], done: int) -> Batch:
    cells = zip(*(each for _, each, _ in rows), strict=True)
    columns = {name: text_array(column) for name, column in zip(NAMES, cells, strict=True)}
    extra = [msgspec.json.encode(objects).decode() if objects else "" for _, _, objects in rows]
    return Batch(np.array([line for line, _, _ in rows], np.int64), columns, done, extra)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal(0)


def _encoding_of(path: Path) -> str:
    """Code page 437 by the standard; what programs write beside it is told by the Swedish letters."""
    with path.open("rb") as file:
        sample = file.read(RECORD_BYTES_MAX)
    if not sample.isascii() and guess_encoding(path) == "utf_8":
        return "utf_8"
    standard, windows = (sum(map(sample.count, map(bytes, zip(marks)))) for marks in (_BY_STANDARD, _BY_WINDOWS))
    return "cp1252" if windows > standard else "cp437"
