"""The options that say which data a command reads, and the history that they give."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from contracts.errors import DataRefused
from features.money import Money
from riskstream_client.mapping import Mapping, mapping_of
from riskstream_client.times import duration_of, zone_of
from training.column_fold import fold_columns
from training.handbook_recipe import RECIPE as HANDBOOK_RECIPE
from training.history import History, gathered
from training.loaders.load import HANDBOOK_FORMAT, Loader
from training.loaders.options import LoadOptions, OnBadRow
from training.progress import Progress
from training.sources import files_history, simulated_history
from training.vector_file import write_vectors

HANDBOOK = "handbook"
DEFAULT_TRANSACTIONS = 200_000  # about twenty seconds on two cores, and some 1,700 frauds to learn from and to test
TRANSACTIONS_MIN, TRANSACTIONS_MAX = 1_000, 2_000_000  # in memory: a gigabyte a million

Transactions = Annotated[
    int, typer.Option(min=TRANSACTIONS_MIN, max=TRANSACTIONS_MAX, help="How many to simulate, without a file.")
]
File = Annotated[
    Path | None, typer.Argument(help="Labelled transactions: CSV, JSON lines or Parquet. Without: a simulation.")
]
Data = Annotated[Path | None, typer.Option(help="The same as the argument.")]
Labels = Annotated[Path | None, typer.Option(help="Their labels in a file of their own (both JSON lines).")]
Format = Annotated[str | None, typer.Option("--format", help="handbook: the Fraud Detection Handbook's columns.")]
MappingFile = Annotated[Path | None, typer.Option("--mapping", help="YAML, TOML or JSON: which column is which field.")]
Map = Annotated[list[str] | None, typer.Option("--map", help="field=COLUMN, as often as needed.")]
Set = Annotated[list[str] | None, typer.Option("--set", help="field=value for every row.")]
TimeFormat = Annotated[str, typer.Option(help="iso, epoch, epoch-ms, epoch-us or '%d.%m.%Y %H:%M'.")]
TimeZone = Annotated[str, typer.Option(help="Of times without an offset.")]
LabelAfter = Annotated[str, typer.Option(help="A row's label was told so long after it, where it has no known_at.")]
OnBad = Annotated[OnBadRow, typer.Option("--on-bad-row", help="refuse the file, or drop such rows and count them.")]
KeepZero = Annotated[bool, typer.Option("--keep-zero-amounts", help="Take rows that the stream would refuse, too.")]
VectorsOut = Annotated[Path | None, typer.Option("--vectors", help="Write the feature vectors to this Parquet file.")]


@dataclass(frozen=True, slots=True)
class DataOptions:
    """What the options above say."""

    file: Path | None = None
    labels: Path | None = None
    format: str | None = None
    mapping: Path | None = None
    columns: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()
    time_format: str = "iso"
    time_zone: str = "UTC"
    label_after: str = "0s"
    on_bad_row: OnBadRow = OnBadRow.REFUSE
    keep_zero_amounts: bool = False
    transactions: int = DEFAULT_TRANSACTIONS
    seed: int = 0
    vectors: Path | None = None

    @property
    def simulates(self) -> bool:
        return self.file is None


def read_history(options: DataOptions, money: Money, progress: Progress) -> History:
    """The history that the options name, folded. Raises DataRefused or SettingsError."""
    if options.file is None:
        if options.labels is not None:
            raise DataRefused("--labels needs the transactions that they belong to: --data")
        return simulated_history(options.transactions, options.seed, money, progress)
    if options.labels is not None:
        return files_history(options.file, options.labels, money, progress)
    return _loaded(options.file, options, money, progress)


def _loaded(file: Path, options: DataOptions, money: Money, progress: Progress) -> History:
    loader = Loader(file, load_options(options))
    description: dict[str, str | int | float] = {"source": "file", "data": file.name}
    with progress.stage("read and compute", loader.size_bytes) as advance:
        chunks = fold_columns(loader.chunks(advance), money)
        if options.vectors is not None:
            chunks = write_vectors(options.vectors, chunks)
        history = gathered(chunks, description, money.base)
    for reason, count in loader.dropped.items():
        history.description[f"dropped: {reason}"] = count
    return replace(history, recipe=HANDBOOK_RECIPE) if options.format == HANDBOOK else history


def load_options(options: DataOptions) -> LoadOptions:
    """For a `Loader`. Raises DataRefused or SettingsError."""
    if options.format not in (None, HANDBOOK):
        raise DataRefused(f"there is no format {options.format!r}; leave it out, or take {HANDBOOK}")
    given = mapping_of(options.columns, options.constants, options.mapping)
    if options.format == HANDBOOK:
        given = Mapping(HANDBOOK_FORMAT.columns | given.columns, HANDBOOK_FORMAT.constants | given.constants)
    return LoadOptions(
        mapping=given,
        time_format=options.time_format,
        zone=zone_of(options.time_zone),
        on_bad_row=options.on_bad_row,
        keep_zero_amounts=options.keep_zero_amounts,
        label_after=duration_of(options.label_after),
    )
