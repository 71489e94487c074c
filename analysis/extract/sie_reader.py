"""SIE 4, the exchange format of Swedish bookkeeping: one row for each #TRANS of a verification that balances.

A verification whose transactions do not sum to zero is not what its bookkeeper wrote: all of it is listed, none lands.
#BTRANS (struck out) and #RTRANS (added later, and by the standard repeated as #TRANS) are passed over, as are
balances. What we do not know is passed over, too, as the standard says.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

import msgspec
import numpy as np

from analysis.extract.encoding import guess_encoding, text_of
from analysis.extract.parts import BATCH_ROWS, RECORD_BYTES_MAX, Batch, FileRefused, Unusable, text_array
from analysis.extract.reading import Mapping

ROWS_MAX = 100_000  # of one verification
NAMES = (
    "transaction", "account", "account name", "series", "verification", "date", "amount", "currency", "text",
    "verification text", "registered", "signed by", "quantity",
)  # fmt: skip
_WORD = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|(\{)([^}]*)\}|([^\s"{}]+|[{}]))')
_AMOUNT = re.compile(r"-?\d{1,15}(?:\.\d{1,6})?")
# Bytes of the letters å ä ö Å Ä Ö: by the standard (code page 437), and in what Windows programs write instead.
_BY_STANDARD, _BY_WINDOWS = b"\x86\x84\x94\x8f\x8e\x99", b"\xe5\xe4\xf6\xc5\xc4\xd6"


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
    rows: list[tuple[int, list[str], dict[str, str]]] = field(default_factory=list)
    balance: Decimal = Decimal(0)
    wrong: str | None = None

    @property
    def name(self) -> str:
        return f"{self.series}{self.number}" or f"of line {self.line}"


class SieReader:
    """A SIE file of kind 4. Raises FileRefused where it is another kind."""

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

    def batches(self) -> Iterator[Batch | Unusable]:
        """The transactions, a verification at a time."""
        book = _Book()
        columns: list[list[str]] = []
        lines: list[int] = []
        extra: list[str] = []
        done = 0
        for number, text, done in self._lines():
            if isinstance(text, Unusable):
                yield text
                continue
            closed = book.take(number, text)
            if closed is None:
                continue
            if closed.wrong is not None or closed.balance != 0:
                yield from _listed(closed)
                continue
            for line, cells, objects in closed.rows:
                lines.append(line)
                columns.append(cells)
                extra.append(msgspec.json.encode(objects).decode() if objects else "")
            if len(lines) >= BATCH_ROWS:
                yield _batch(lines, columns, extra, done)
                columns, lines, extra = [], [], []
        if lines:
            yield _batch(lines, columns, extra, done)
        if book.open is not None:
            book.open.wrong = "the file ends within its verification"
            yield from _listed(book.open)

    def _lines(self) -> Iterator[tuple[int, str | Unusable, int]]:
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

    def __init__(self) -> None:
        self.open: _Verification | None = None
        self._accounts: dict[str, str] = {}
        self._dimensions: dict[str, str] = {}
        self._objects: dict[tuple[str, str], str] = {}
        self._currency = "SEK"

    def take(self, number: int, text: str) -> _Verification | None:
        """The verification that ends in this line."""
        words = _words(text)
        match words:
            case ["#SIETYP", kind, *_] if kind != "4":
                raise FileRefused(f"this is SIE of kind {kind[:10]}, which holds no transactions; kind 4 does")
            case ["#VER", *rest]:
                closed, self.open = self.open, _verification(number, rest)
                if closed is not None:
                    closed.wrong = "its verification has no end"
                return closed
            case ["#TRANS", *rest]:
                if self.open is not None:
                    self._transaction(self.open, number, rest)
            case ["}", *_]:
                closed, self.open = self.open, None
                return closed
            case _:
                self._name(words)
        return None

    def _name(self, words: list[str]) -> None:
        """What the file says of its accounts and dimensions."""
        match words:
            case ["#KONTO", account, name, *_]:
                self._accounts[account] = name
            case ["#DIM" | "#UNDERDIM", dimension, name, *_]:
                self._dimensions[dimension] = name
            case ["#OBJEKT", dimension, thing, name, *_]:
                self._objects[dimension, thing] = name
            case ["#VALUTA", currency, *_]:
                self._currency = currency.upper()

    def _transaction(self, verification: _Verification, line: int, words: list[str]) -> None:
        account, objects, amount, date, text, quantity, signed_by = (*words, *[""] * 7)[:7]
        row = len(verification.rows) + 1
        if not _AMOUNT.fullmatch(amount):
            verification.wrong = verification.wrong or f"line {line} of its verification has no amount"
        else:
            verification.balance += _decimal(amount)
        if row > ROWS_MAX:
            raise FileRefused(f"the verification of line {verification.line} has more than {ROWS_MAX} rows")
        cells = [
            f"{verification.name}-{row}", account, self._accounts.get(account, ""), verification.series,
            verification.number, date or verification.date, amount, self._currency, text or verification.text,
            verification.text, verification.registered, signed_by or verification.signed_by, quantity,
        ]  # fmt: skip
        verification.rows.append((line, cells, self._named(objects)))

    def _named(self, objects: str) -> dict[str, str]:
        """`1 "100" 6 "P7"`: pairs of a dimension and a thing of it."""
        words = _words(objects.removeprefix("{"))
        named = {}
        for dimension, thing in zip(words[::2], words[1::2], strict=False):
            name = self._objects.get((dimension, thing), "")
            named[self._dimensions.get(dimension, f"dimension {dimension}")] = f"{thing} {name}".strip()
        return named


def _verification(line: int, words: list[str]) -> _Verification:
    series, number, date, text, registered, signed_by = (*words, *[""] * 6)[:6]
    return _Verification(line, series, number, date, text, registered, signed_by)


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
    if not closed.rows and closed.wrong is not None:
        yield Unusable(closed.line, closed.wrong, excerpt=closed.name)


def _batch(lines: list[int], rows: list[list[str]], extra: list[str], done: int) -> Batch:
    columns = {name: text_array(column) for name, column in zip(NAMES, zip(*rows, strict=True), strict=True)}
    return Batch(np.array(lines, np.int64), columns, done, extra)


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
