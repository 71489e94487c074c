"""A bank file and its truth, from a source of choices: a person with the file alone reads it in exactly one way.

Where that is not so (amounts without any hint of direction, days that may be months), the truth says it.
"""

import random as randomness
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from hypothesis import strategies as st

from tests.analysis.extract.generated.bank_file import BankFile, TruthRow
from tests.analysis.extract.generated.columns import Cell, Column, columns
from tests.analysis.extract.generated.style import MONTH_FIRST, Style, drawn
from tests.analysis.extract.generated.values import Payment, iban, moment_ms, payments, plain
from tests.analysis.extract.generated.written import Record, csv_bytes, xlsx_bytes

ORDERS_LEFT_OPEN = ("%d/%m/%Y", *MONTH_FIRST)


def bank_files() -> st.SearchStrategy[BankFile]:
    """Files whose every choice Hypothesis makes, so that it can shrink them."""
    return st.randoms(use_true_random=False).map(bank_file)


def numbered(seed: int, number: int) -> BankFile:
    """The same file for the same two numbers, for ever."""
    return bank_file(randomness.Random(f"{seed}/{number}"))


@dataclass(slots=True)
class _Sheet:
    """The file as lines of cells, before it becomes bytes; payments are known by their place."""

    records: list[Record] = field(default_factory=list)

    def add(self, cells: list[Cell], payment: int | None = None, *, raw: bool = False) -> None:
        self.records.append(Record(cells, payment, raw))


def bank_file(random: Random) -> BankFile:
    style = drawn(random)
    own_currency = random.choice(style.language.currencies)
    own_account = iban(random, *random.choice((("FI", 14), ("DE", 18), ("PL", 24))))
    happened = payments(random, style, own_currency)
    wanted = columns(random, style, own_account, own_currency)
    listed = happened[::-1] if style.newest_first else happened
    sheet = _Sheet()
    _before(random, style, sheet, wanted, own_account, own_currency)
    _body(random, style, sheet, wanted, listed)
    _after(random, style, sheet)
    write = xlsx_bytes if style.container == "xlsx" else csv_bytes
    data, spans, lines, characters, encoding = write(style, sheet.records)
    return BankFile(
        name=f"statement.{style.container}",
        data=data,
        rows=tuple(_truth(style, wanted, listed, spans, own_account)),
        lines=lines,
        characters=characters,
        undecidable=_undecidable(style, wanted, listed),
        needs_currency=style.currency in ("column", "two currencies", "after the amount", "before the amount"),
        dimensions=_dimensions(style, wanted, encoding),
    )


def _before(
    random: Random, style: Style, sheet: _Sheet, wanted: list[Column], own_account: str, own_currency: str
) -> None:
    language = style.language
    lines = [
        [language.account[-1], own_account],
        [language.period, "01.01.2026 - 31.12.2026"],
        [random.choice(language.people)],
        [f"{language.printed} 2026-12-31 10:15"],
        [language.opening, plain(style, random.randint(10_000, 900_000))],
        [],
        ["Bank", "Example"],
    ]
    if style.currency == "preamble":
        sheet.add([language.currency[0], own_currency])
    padded = random.random() < 0.3
    random.shuffle(lines)
    for place in range(style.preamble):
        cells: list[Cell] = list(lines[place % len(lines)])
        sheet.add(cells + [""] * (len(wanted) - len(cells)) if padded else cells, raw=not cells and not padded)
    if style.blanks == "before header":
        sheet.add([""], raw=True)
    if style.header:
        sheet.add(_names(style, wanted))
    if style.blanks == "after header":
        sheet.add([""], raw=True)


def _names(style: Style, wanted: list[Column]) -> list[Cell]:
    names: list[Cell] = [column.name for column in wanted]
    if style.shape == "rows wider":
        return names[:-1]
    if style.shape in ("trailing delimiter everywhere", "trailing delimiter in header"):
        return [*names, ""]
    return names


def _body(random: Random, style: Style, sheet: _Sheet, wanted: list[Column], listed: list[Payment]) -> None:
    if style.totals == "opening and closing":
        oldest, newest = (listed[-1], listed[0]) if style.newest_first else (listed[0], listed[-1])
        bounds = [(style.language.opening, oldest.balance - oldest.cents), (style.language.closing, newest.balance)]
        first, last = reversed(bounds) if style.newest_first else bounds
        sheet.add(_label_line(style, wanted, *first))
    blank_at = random.randrange(1, len(listed))
    for place, payment in enumerate(listed):
        if style.blanks == "between rows" and place == blank_at:
            sheet.add([""], raw=True)
        if style.totals == "header again" and place == blank_at:
            sheet.add(_names(style, wanted))
        cells = [column.cell(payment, place) for column in wanted]
        if style.shape == "header wider" or (style.shape == "optional last column" and not cells[-1]):
            cells = cells[:-1]
        if style.shape in ("trailing delimiter everywhere", "trailing delimiter in rows"):
            cells = [*cells, ""]
        sheet.add(cells, place)
    if style.totals == "opening and closing":
        sheet.add(_label_line(style, wanted, *last))
    elif style.totals == "total":
        sheet.add(_total_line(style, wanted, listed))


def _label_line(style: Style, wanted: list[Column], label: str, cents: int) -> list[Cell]:
    """A line that is no payment: its name as the text, its amount where the balance or else the amount stands."""
    kinds = [column.kind for column in wanted]
    holder = next(kind for kind in ("balance", "amount", "money in") if kind in kinds)
    cells: list[Cell] = ["" for _ in kinds]
    written = f"{'-' if cents < 0 else ''}{plain(style, cents)}"
    cells[kinds.index(holder)] = written
    cells[kinds.index("text")] = label
    return cells


def _total_line(style: Style, wanted: list[Column], listed: list[Payment]) -> list[Cell]:
    """The sum of all amounts, or of each side."""
    sums = {
        "amount": sum(payment.cents for payment in listed),
        "money in": sum(payment.cents for payment in listed if payment.cents > 0),
        "money out": -sum(payment.cents for payment in listed if payment.cents < 0),
    }
    cells: list[Cell] = []
    for column in wanted:
        cents = sums.get(column.kind)
        cells.append("" if cents is None else f"{'-' if cents < 0 else ''}{plain(style, cents)}")
    cells[[column.kind for column in wanted].index("text")] = style.language.total
    return cells


def _after(random: Random, style: Style, sheet: _Sheet) -> None:
    if style.blanks == "end":
        sheet.add([""], raw=True)
    for _ in range(style.footers):
        sheet.add(
            [random.choice((f"{style.language.printed} 2026-12-31", "*** 1/1 ***", "Example Bank plc, 1 High Street"))]
        )


def _truth(
    style: Style, wanted: list[Column], listed: list[Payment], spans: dict[int, tuple[int, int]], own_account: str
) -> list[TruthRow]:
    kinds = {column.kind for column in wanted}
    oldest = len(listed) - 1 if style.newest_first else 0
    rows = []
    for place, payment in enumerate(listed):
        days = {payment.at.date()} | ({payment.value_at.date()} if "value date" in kinds else set())
        rows.append(
            TruthRow(
                line=spans[place][0],
                last_line=spans[place][1],
                amount=payment.cents * 100,
                days=tuple(sorted(days)),
                currency=None if style.currency == "none" else payment.currency,
                account=own_account,
                counterparty=payment.counterparty if "counterparty" in kinds else "",
                text=payment.text,
                moment_ms=moment_ms(style, payment.at),
                sign_known=style.direction != "absolute" or place != oldest,
            )
        )
    return rows


def _undecidable(style: Style, wanted: list[Column], listed: list[Payment]) -> frozenset[str]:
    found = set()
    if style.direction == "absolute" and "balance" not in {column.kind for column in wanted}:
        found.add("direction")
    is_text = not isinstance(wanted[[column.kind for column in wanted].index("date")].cell(listed[0], 0), datetime)
    is_open = style.date in ORDERS_LEFT_OPEN and is_text  # a workbook's own dates are no text
    if style.language.name == "English" and is_open and all(p.at.day <= 12 for p in listed):
        found.add("date order")
    return frozenset(found)


def _dimensions(style: Style, wanted: list[Column], encoding: str) -> dict[str, str]:
    balance = style.balance if any(column.kind == "balance" for column in wanted) else "none"
    return {
        "language": style.language.name,
        "container": style.container,
        "delimiter": {"\t": "tab"}.get(style.delimiter, style.delimiter) if style.container == "csv" else "xlsx",
        "quoting": style.quoting,
        "line end": {"\n": "LF", "\r\n": "CRLF", "\r": "CR"}[style.line_end],
        "encoding": encoding,
        "decimal and grouping": f"{style.decimal} {style.grouping!r}",
        "date": style.date,
        "clock": style.clock,
        "header": "yes" if style.header else "no",
        "direction": style.direction,
        "balance": balance,
        "order": "newest first" if style.newest_first else "oldest first",
        "currency": style.currency,
        "shape": style.shape,
        "preamble": "none"
        if style.preamble == 0
        else "1-3"
        if style.preamble < 4
        else "4-8"
        if style.preamble < 9
        else "9-15",
        "totals": style.totals,
        "blank lines": style.blanks,
        "footers": "yes" if style.footers else "no",
        "columns": "shuffled" if style.shuffled else "date first",
        "extras": "none" if not style.extras else "1-2" if len(style.extras) < 3 else "3 or more",
    }
