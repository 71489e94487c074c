"""The options that say which data a command reads; `training.reading` reads them."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from training.loaders.options import OnBadRow

HANDBOOK = "handbook"
DEFAULT_TRANSACTIONS = 200_000  # about twenty seconds on two cores, and some 1,700 frauds to learn from and to test
TRANSACTIONS_MIN, TRANSACTIONS_MAX = 1_000, 2_000_000  # in memory: a gigabyte a million


class Source(StrEnum):
    """What the stream itself has."""

    POSTGRES = "postgres"  # its decisions, with the labels that came
    TOPICS = "topics"  # transactions and labels as Kafka still holds them


Transactions = Annotated[
    int, typer.Option(min=TRANSACTIONS_MIN, max=TRANSACTIONS_MAX, help="How many to simulate, without a file.")
]
File = Annotated[
    Path | None,
    typer.Argument(help="Labelled transactions: CSV, JSON lines or Parquet, or vectors. Without: a simulation."),
]
StreamSource = Annotated[
    Source | None, typer.Option("--source", help="What the stream has, in place of a file: in Postgres, or its topics.")
]
Data = Annotated[Path | None, typer.Option(help="The same as the argument.")]
Labels = Annotated[Path | None, typer.Option(help="Their labels in a file of their own (both JSON lines).")]
Format = Annotated[str | None, typer.Option("--format", help="handbook: the Fraud Detection Handbook's columns.")]
MappingFile = Annotated[Path | None, typer.Option("--mapping", help="YAML, TOML or JSON: which column is which field.")]
Map = Annotated[list[str] | None, typer.Option("--map", help="field=COLUMN, as often as needed.")]
Set = Annotated[list[str] | None, typer.Option("--set", help="field=value for every row.")]
TimeFormat = Annotated[str, typer.Option(help="iso, epoch, epoch-ms, epoch-us or '%d.%m.%Y %H:%M'.")]
TimeZone = Annotated[str, typer.Option(help="Of times without an offset.")]
DecimalComma = Annotated[bool, typer.Option("--decimal-comma", hidden=True, help="The same as --decimal ','.")]
Decimal = Annotated[str, typer.Option("--decimal", help="The decimal sign of a CSV's numbers: . or ,")]
DateOrder = Annotated[str | None, typer.Option("--date-order", help="Of the times' dates: ymd, dmy or mdy.")]
Encoding = Annotated[str, typer.Option("--encoding", help="Of a CSV.")]
Delimiter = Annotated[str | None, typer.Option("--delimiter", help="Of a CSV; else by its header.")]
SkipLines = Annotated[int, typer.Option("--skip-lines", min=0, help="Lines of a CSV above its header.")]
HeaderLine = Annotated[
    int | None, typer.Option("--header-line", min=1, help="The line of a CSV that holds its header.")
]
ClientZone = Annotated[
    str, typer.Option("--client-zone", help="Hour, night and weekend in this zone: your client's in the stream.")
]
LabelAfter = Annotated[str, typer.Option(help="A row's label was told so long after it, where it has no known_at.")]
OnBad = Annotated[OnBadRow, typer.Option("--on-bad-row", help="refuse the file, or drop such rows and count them.")]
KeepZero = Annotated[bool, typer.Option("--keep-zero-amounts", help="Take rows that the stream would refuse, too.")]
VectorsOut = Annotated[Path | None, typer.Option("--vectors", help="Write the feature vectors to this Parquet file.")]


@dataclass(frozen=True, slots=True)
class DataOptions:
    """What the options above say, and the period (event time, from, before) whose rows are kept after the fold."""

    file: Path | None = None
    source: Source | None = None
    labels: Path | None = None
    format: str | None = None
    mapping: Path | None = None
    columns: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()
    time_format: str = "iso"
    time_zone: str = "UTC"
    client_zone: str = "UTC"
    decimal_comma: bool = False
    encoding: str = "utf-8"
    delimiter: str | None = None
    skip_lines: int = 0
    label_after: str = "0s"
    on_bad_row: OnBadRow = OnBadRow.REFUSE
    keep_zero_amounts: bool = False
    transactions: int = DEFAULT_TRANSACTIONS
    seed: int = 0
    vectors: Path | None = None
    keep_from_ms: int = -(2**62)
    keep_to_ms: int = 2**62
