"""How a file is read, as documents: found out, shown, corrected, kept. Brings no library along, for the gateway."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from contracts.currency import READABLE_CURRENCIES

COLUMN_NAME_MAX = 200  # characters

Format = Literal["csv", "json", "jsonl", "xlsx", "xls", "sie", "xml"]
DecimalSign = Literal[".", ","]
# Year, month and day in the order in which a date has them; or a number that counts from 1970.
DateOrder = Literal["ymd", "dmy", "mdy", "seconds", "milliseconds"]
Meaning = Literal[
    "transaction_id", "account", "time", "clock", "amount", "money_in", "money_out", "direction", "currency",
    "counterparty", "merchant", "category", "channel", "country", "device", "ip", "text", "balance",
]  # fmt: skip
Column = Annotated[str, Field(min_length=1, max_length=COLUMN_NAME_MAX)]
Text = Annotated[str | None, Field(max_length=64)]
Word = Annotated[str, Field(max_length=COLUMN_NAME_MAX)]  # of a direction column; "" is an empty cell
WORDS_MAX = 100  # of one direction
HEADER_LINE_MAX = 1001

# Where a finding comes from; the strongest evidence is a balance that adds up.
Basis = Literal["given", "kept", "known export", "format", "name", "values", "balance", "default"]
Certainty = Literal["certain", "likely", "assumed"]


class Directions(BaseModel):
    """The words of a direction column, in place of those that are known; compared without case and outer spaces."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    money_in: Annotated[tuple[Word, ...], Field(max_length=WORDS_MAX)] = ()
    money_out: Annotated[tuple[Word, ...], Field(max_length=WORDS_MAX)] = ()

    @model_validator(mode="after")
    def _disjoint(self) -> Self:
        both = {word.strip().casefold() for word in self.money_in} & {
            word.strip().casefold() for word in self.money_out
        }
        if both:
            raise ValueError(f"{min(both)!r} means both money in and money out")
        return self


class Mapping(BaseModel):
    """How rows are made of columns. What no meaning names is kept with its row.

    `columns`: meaning → column of the file. The amount is in `amount`, its sign perhaps in `direction`; or in two
    columns, `money_in` and `money_out`. `time` may have its time of day in `clock`; it is in `time_zone` unless it has
    an offset.
    `currency` is that of rows whose column names none. `fee`: the column of a fee that the amount leaves out.
    `booked`: column of a state → the words of booked rows; rows in other states do not land. `positive_is_out`: a
    positive amount is money out; of two columns, money in is so whether or not it has a minus.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"columns": {"amount": "Belopp", "time": "Datum"}, "decimal_sign": ","}]},
    )

    columns: dict[Meaning, Column]
    decimal_sign: DecimalSign = "."
    date_order: DateOrder = "ymd"
    time_zone: Annotated[str, Field(max_length=64)] = "UTC"
    currency: Annotated[str | None, Field(pattern="^[A-Z]{3}$")] = None
    directions: Directions | None = None
    positive_is_out: bool = False
    fee: Column | None = None
    booked: Annotated[dict[Column, tuple[Word, ...]], Field(max_length=WORDS_MAX)] = {}

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:  # ZoneInfoNotFoundError is a KeyError
            raise ValueError(f"there is no time zone {name!r}") from error
        return name

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, code: str | None) -> str | None:
        if code is not None and code not in READABLE_CURRENCIES:
            raise ValueError(f"there is no currency {code!r}")
        return code

    def problem(self, names: Sequence[str]) -> str | None:
        """Why rows of a file with these columns cannot be read so; None if they can."""
        for meaning, column in self.columns.items():
            if column not in names:
                return f"columns.{meaning}: the file has no column {column!r}"
        if self.fee is not None and self.fee not in names:
            return f"fee: the file has no column {self.fee!r}"
        for column in self.booked:
            if column not in names:
                return f"booked: the file has no column {column!r}"
        amounts = {"amount", "money_in", "money_out"} & set(self.columns)
        if not amounts:
            return "no column is known to hold amounts; name it in columns.amount, or money_in and money_out"
        if "amount" in amounts and len(amounts) > 1:
            return "columns.amount: either amount, or money_in and money_out"
        if "clock" in self.columns and "time" not in self.columns:
            return "columns.clock: a time of day needs its date in columns.time"
        return None


class Layout(BaseModel):
    """How the file is taken apart; what is null is found out.

    Of text: the encoding. Of CSV: delimiter, quote, `skip` lines above the header (above the first row, where `header`
    is false), or `header_line`, the line of the header; the first line is 1. Of Excel: the sheet, `skip`, `header` and
    `header_line` as of CSV. Of XML: `record`, the path to the element of a row; of
    a JSON document the name of the list that holds the rows, such as `transactions.booked`.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"encoding": "cp1252", "delimiter": ";", "quote": "'", "skip": 2}]},
    )

    encoding: Text = None
    delimiter: Annotated[str | None, Field(min_length=1, max_length=1, pattern=r'^[^"\r\n\x00]$')] = None
    quote: Annotated[str | None, Field(pattern="^[\"']$")] = None
    skip: Annotated[int | None, Field(ge=0, le=1000)] = None
    header: bool | None = None
    header_line: Annotated[int | None, Field(ge=1, le=HEADER_LINE_MAX)] = None
    sheet: Text = None
    record: Annotated[str | None, Field(max_length=400)] = None

    @model_validator(mode="after")
    def _one_header(self) -> Self:
        if self.header_line is not None and (self.header is False or self.skip not in (None, self.header_line - 1)):
            raise ValueError("header_line says where the header is; skip or header say otherwise")
        return self

    def by_lines_above(self) -> Self:
        """The same with `skip` and `header` in place of `header_line`."""
        if self.header_line is None:
            return self
        return self.model_copy(update={"skip": self.header_line - 1, "header": True, "header_line": None})


class Wanted(BaseModel):
    """A reading that somebody asks for; a mapping that is null is guessed. `keep`: read such files so from now on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    layout: Layout = Layout()
    mapping: Mapping | None = None
    keep: bool = True


class FoundColumn(BaseModel):
    """A column of the file, with some of what stands in it."""

    name: str
    examples: list[str]


class Finding(BaseModel):
    """One thing that was understood of a file, and how surely.

    `subject`: amount, direction, balance, time, date order, time zone, currency, decimal sign, encoding, header, …
    `value`: what was understood, for people: "Betrag", "day, month, year". `evidence`: why, as a sentence's part.
    """

    subject: str
    value: str
    basis: Basis
    certainty: Certainty
    evidence: str


class Alternative(BaseModel):
    """One possible reading, and what it would mean in money.

    `option` decides for it on the command line, `mapping` over HTTP. `sums`: currency, or "" → the amounts' sum as a
    decimal text, of the `rows` that would land.
    """

    label: str
    option: str
    mapping: Mapping
    rows: int
    sums: dict[str, str]


class Question(BaseModel):
    """Two or more readings are possible, and differ in money."""

    subject: str
    question: str
    alternatives: list[Alternative]


class BalanceCheck(BaseModel):
    """Whether a balance column confirms the amounts: in `confirmed` of `checked` rows it moved by the amount.

    `breaks`: the lines of the first rows where it did not.
    """

    confirmed: int
    checked: int
    breaks: list[int]

    def __str__(self) -> str:
        return f"balance confirms {self.confirmed:,} of {self.checked:,} rows"


class Accounting(BaseModel):
    """Every line of a file, or record of a format without lines, counted once; the parts add up to `lines`.

    `landed` and `listed` count the rows' first lines, `continuation` further lines of cells over several lines,
    `total` lines with an opening or closing balance or a sum.
    """

    lines: int
    landed: int
    listed: int
    header: int = 0
    preamble: int = 0
    continuation: int = 0
    total: int = 0
    blank: int = 0


class Reading(BaseModel):
    """How a file was read. `origin` of the mapping: guessed, kept (as last time with such a file), or given.

    `known_export`: the name of the export that the header is known to be of. `problem`: why no rows can be made so.
    """

    format: Format
    layout: Layout
    layout_id: str
    columns: list[FoundColumn]
    mapping: Mapping
    origin: str
    findings: list[Finding] = []
    questions: list[Question] = []
    known_export: str | None = None
    problem: str | None = None
