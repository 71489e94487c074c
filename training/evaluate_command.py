"""`riskstream evaluate`: any model on any period of any data, beside others."""

import os
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as Shown

from analysis.library_warnings import told_by
from contracts.errors import RiskstreamError
from riskstream_client.file_dialect import decimal_sign, lines_above_header, time_style
from riskstream_client.stack_env import explained
from settings import Settings as AppSettings
from settings import load_settings
from training import data_options as data
from training import train_options as how
from training.bars import bars, tell_warning
from training.costs import Costs, read_costs
from training.creditcard.history import credit_card_history
from training.data_options import DataOptions
from training.evaluation import table
from training.evaluation.bootstrap import REPLICATES
from training.evaluation.choose import CHAMPION, model_named, overlap, rivals_of, rows_between
from training.evaluation.evaluate import Settings, evaluate
from training.evaluation.moments import period_text
from training.evaluation.result import Evaluation, as_json
from training.fit import rows_of
from training.history import History
from training.kinds import Kind
from training.loaders.options import OnBadRow
from training.progress import Progress
from training.reading import read_history
from training.report.markdown import evaluation_document
from training.simulator.world import DEFAULT_SEED
from training.train_command import EXIT_FAILED, EXIT_USAGE

NAME_WIDTH = 26  # the longest that a cell may be before it is broken
_SHORT = {"transactions": "rows", "false positives": "FPR", "average precision": "AP"}  # as in `riskstream models list`

_console = Console(stderr=True, highlight=False)


class Output(StrEnum):
    TABLE = "table"
    MARKDOWN = "markdown"
    JSON = "json"


class Blocks(StrEnum):
    """What the bootstrap draws."""

    ACCOUNT = "account"
    DAY = "day"


def register(app: typer.Typer) -> None:
    """Add `evaluate` to the command line."""
    app.command("evaluate")(evaluate_command)


def evaluate_command(
    model: Annotated[str, typer.Argument(help="champion, a version, or a model's folder.")] = CHAMPION,
    file: data.File = None,
    dataset: Annotated[Kind, typer.Option(help="creditcard: V1…V28, Amount.")] = Kind.STREAM,
    synthetic: Annotated[bool, typer.Option("--synthetic", help="With creditcard: made-up rows, no file.")] = False,
    start: Annotated[
        datetime | None, typer.Option("--from", help="First day (UTC); else where the model was tested.")
    ] = None,
    end: Annotated[datetime | None, typer.Option("--to", help="Before this day (UTC); else to the end.")] = None,
    against: Annotated[
        list[str] | None, typer.Option(help="Another model, or `baselines` (fitted on the rows before). Repeatable.")
    ] = None,
    registry: Annotated[Path | None, typer.Option(help="The model registry; MODEL_PATH by default.")] = None,
    transactions: data.Transactions = data.DEFAULT_TRANSACTIONS,
    seed: Annotated[
        int, typer.Option(min=0, help="Of the simulation, the baselines and the intervals.")
    ] = DEFAULT_SEED,
    data_file: Annotated[Path | None, typer.Option("--data", help="The same as the second argument.")] = None,
    labels: data.Labels = None,
    source: data.StreamSource = None,
    format: data.Format = None,  # noqa: A002
    mapping: data.MappingFile = None,
    columns: data.Map = None,
    constants: data.Set = None,
    time_format: data.TimeFormat = "iso",
    time_zone: data.TimeZone = "UTC",
    client_zone: data.ClientZone = "UTC",
    decimal_comma: data.DecimalComma = False,
    decimal: data.Decimal = ".",
    date_order: data.DateOrder = None,
    encoding: data.Encoding = "utf-8",
    delimiter: data.Delimiter = None,
    skip_lines: data.SkipLines = 0,
    header_line: data.HeaderLine = None,
    label_after: data.LabelAfter = "0s",
    on_bad_row: data.OnBad = OnBadRow.REFUSE,
    keep_zero_amounts: data.KeepZero = False,
    cost: how.CostFile = None,
    blocks: Annotated[Blocks, typer.Option(help="What the intervals draw.")] = Blocks.ACCOUNT,
    replicates: Annotated[int, typer.Option(min=0, max=10_000, help="Of the bootstrap; 0: no intervals.")] = REPLICATES,
    output: Annotated[Output, typer.Option(help="How to print it.")] = Output.TABLE,
    out: Annotated[
        Path | None, typer.Option(help="Write it to this file instead (.json, .md, or as --output).")
    ] = None,
) -> None:
    """Measure a model on a period of labelled transactions, with intervals, baselines, segments and kinds of fraud."""
    given = file or data_file
    if dataset is Kind.CREDIT_CARD and (given is None) != synthetic:
        _refuse("--dataset creditcard needs a file, or --synthetic", EXIT_USAGE)
    told = DataOptions(
        file=given,
        source=source,
        labels=labels,
        format=format,
        mapping=mapping,
        columns=tuple(columns or ()),
        constants=tuple(constants or ()),
        time_format=time_style(time_format, date_order),
        time_zone=time_zone,
        client_zone=client_zone,
        decimal_comma=decimal_comma or decimal_sign(decimal) == ",",
        encoding=encoding,
        delimiter=delimiter,
        skip_lines=lines_above_header(skip_lines, header_line),
        label_after=label_after,
        on_bad_row=on_bad_row,
        keep_zero_amounts=keep_zero_amounts,
        transactions=transactions,
        seed=seed,
    )
    try:
        settings = load_settings()
        place = dataset.registry(registry or settings.model_path)
        costs = read_costs(cost) if cost else Costs()
        measured = model_named(model, place, dataset.schema)
        with bars(_console) as progress, told_by(partial(tell_warning, _console)):
            history = _history(dataset, told, settings, progress)
            rows = rows_between(history, _utc(start), _utc(end), measured)
            with progress.stage("evaluate", 1):
                evaluation = evaluate(
                    measured,
                    rows_of(history.vectors, rows),
                    history.outcomes(rows),
                    rivals=rivals_of(history, rows, against or (), place, seed),
                    data=history.description,
                    how=Settings(blocks=blocks.value, replicates=replicates, seed=seed, costs=costs),
                )
        _give(evaluation, history.currency, output, out)
        if said := overlap(history, rows, measured):
            _console.print(said, style="yellow", markup=False, soft_wrap=True)
    except (RiskstreamError, OSError) as error:
        _refuse(explained(error, os.environ), EXIT_FAILED)


def _history(dataset: Kind, told: DataOptions, settings: AppSettings, progress: Progress) -> History:
    if dataset is Kind.CREDIT_CARD:
        return credit_card_history(told.file, told.seed, progress)
    return read_history(told, settings, progress)


def _give(evaluation: Evaluation, currency: str, output: Output, out: Path | None) -> None:
    if out is not None:
        output = {".json": Output.JSON, ".md": Output.MARKDOWN}.get(out.suffix, output)
    if output is Output.TABLE and out is None:
        for one in _tables(evaluation):
            Console(highlight=False).print(one)
        for warning in table.empty_bands(evaluation):
            _console.print(f"Warning: {warning}", style="yellow", markup=False, soft_wrap=True)
        return
    text = as_json(evaluation).decode() if output is Output.JSON else evaluation_document(evaluation, currency)
    if out is None:
        typer.echo(text, nl=False)
        return
    out.write_text(text, "utf-8")
    _console.print(f"Wrote {out}.", markup=False, soft_wrap=True)


def _tables(evaluation: Evaluation) -> list[Shown]:
    period = period_text(evaluation.time_from, evaluation.time_to)
    told_of = f"{evaluation.rows:,} transactions, {evaluation.frauds:,} of them fraud, {period}"
    title = f"Model {evaluation.version}: {told_of}"
    told = [(title, table.narrow(evaluation)), ("Levels", table.levels(evaluation))]
    told += [(name.capitalize(), table.groups(evaluation, name)) for name in table.dimensions(evaluation)]
    return [_shown(title, one) for title, one in told]


def _shown(title: str, one: table.Table) -> Shown:
    """As narrow as its numbers and the words of its headings: an interval that breaks off tells nothing."""
    shown = Shown(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for number, heading in enumerate(one.headings):
        short = _SHORT.get(heading, heading)
        width = max(len(word) for word in (*short.split(), *(row[number][:NAME_WIDTH] for row in one.rows)))
        shown.add_column(short, justify="right" if number else "left", width=width)
    for row in one.rows:
        shown.add_row(*row)
    return shown


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _refuse(sentence: str, code: int) -> None:
    _console.print(f"riskstream evaluate: {sentence}", style="red", markup=False, soft_wrap=True)
    raise typer.Exit(code)
