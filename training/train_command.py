"""`riskstream train`: a model from the simulator, from files, or from anonymised card transactions."""

import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from analysis.library_warnings import told_by
from contracts.errors import RiskstreamError
from riskstream_client.file_dialect import decimal_sign, lines_above_header, time_style
from riskstream_client.stack_env import explained
from settings import Settings, load_settings
from training import data_options as data
from training import train_options as how
from training.bars import bars, tell_warning
from training.creditcard.history import credit_card_history
from training.data_options import DataOptions
from training.evaluation.moments import period_text
from training.evaluation.table import empty_bands
from training.history import History
from training.kinds import Kind
from training.loaders.options import OnBadRow
from training.progress import Progress
from training.reading import read_history
from training.simulator.world import DEFAULT_SEED
from training.train import Trained, train
from training.train_options import Calibration, TrainOptions, options_of
from training.tune import budget_of

EXIT_FAILED, EXIT_USAGE = 1, 2

_console = Console(stderr=True, highlight=False)


def register(app: typer.Typer) -> None:
    """Add `train` to the command line."""
    app.command("train")(train_command)


def train_command(
    file: data.File = None,
    dataset: Annotated[Kind, typer.Option(help="creditcard: V1…V28, Amount, for POST /v1/predict.")] = Kind.STREAM,
    synthetic: Annotated[bool, typer.Option("--synthetic", help="With creditcard: made-up rows, no file.")] = False,
    transactions: data.Transactions = data.DEFAULT_TRANSACTIONS,
    seed: Annotated[int, typer.Option(min=0, help="Of the simulation, the fit and the intervals.")] = DEFAULT_SEED,
    out: Annotated[Path | None, typer.Option(help="The model registry; MODEL_PATH by default.")] = None,
    data_file: Annotated[Path | None, typer.Option("--data", help="The same as the argument.")] = None,
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
    vectors: data.VectorsOut = None,
    train_from: how.TrainFrom = None,
    test_from: how.TestFrom = None,
    test_to: how.TestTo = None,
    validation: how.Validation = None,
    gap: how.Gap = None,
    folds: how.Folds = 1,
    tune: how.Tune = None,
    params: how.ParametersFile = None,
    calibration: how.CalibrationOption = Calibration.AUTO,
    cost: how.CostFile = None,
    alert_budget: how.AlertBudget = None,
    quick: how.Quick = False,
    promote: Annotated[bool, typer.Option(help="Make it the champion even if there is one.")] = False,
) -> None:
    """Compute features with the stream's own kernel, fit, calibrate, measure, report, and write a model."""
    given = file or data_file
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
        vectors=vectors,
        keep_from_ms=-(2**62) if train_from is None else how.milliseconds(train_from),
        keep_to_ms=2**62 if test_to is None else how.milliseconds(test_to),
    )
    wanted = TrainOptions(
        train_from, test_from, test_to, validation, gap, folds, params, calibration, cost, alert_budget, quick
    )
    _check_usage(dataset, given, labels, synthetic=synthetic)
    try:
        settings = load_settings()
        registry = dataset.registry(out or settings.model_path)
        budget = budget_of(tune) if tune else None
        options_of(wanted)  # before the data is read, so that a wrong option is known at once
        with bars(_console) as progress, told_by(partial(tell_warning, _console)):
            history = _history(dataset, told, settings, progress)
            trained = train(
                history,
                registry,
                seed=seed,
                now=datetime.now(UTC),
                promote=promote,
                options=options_of(wanted, history.recipe),
                budget=budget,
                progress=progress,
            )
    except (RiskstreamError, OSError) as error:
        _refuse(explained(error, os.environ), EXIT_FAILED)
    _tell(trained)


def _check_usage(dataset: Kind, given: Path | None, labels: Path | None, *, synthetic: bool) -> None:
    if dataset is Kind.CREDIT_CARD and (given is None) != synthetic:
        _refuse("--dataset creditcard needs a file, or --synthetic", EXIT_USAGE)
    if dataset is Kind.STREAM and synthetic:
        _refuse("--synthetic belongs to --dataset creditcard", EXIT_USAGE)
    if labels is not None and given is None:
        _refuse("--labels needs the transactions that they belong to: --data", EXIT_USAGE)


def _history(dataset: Kind, told: DataOptions, settings: Settings, progress: Progress) -> History:
    if dataset is Kind.CREDIT_CARD:
        return credit_card_history(told.file, told.seed, progress)
    return read_history(told, settings, progress)


def _tell(trained: Trained) -> None:
    _console.print(_table(trained))
    for warning in empty_bands(trained.evaluation):
        _console.print(f"Warning: {warning}", style="yellow", markup=False, soft_wrap=True)
    state = "the champion" if trained.promoted else "not promoted: promote it with --promote or riskstream models"
    _console.print(f"Wrote {trained.folder} ({state}).", markup=False, soft_wrap=True)
    _console.print(f"Report: {trained.folder / 'report.html'}", markup=False, soft_wrap=True)


def _table(trained: Trained) -> Table:
    metrics, evaluation = trained.manifest.metrics, trained.evaluation
    table = Table(title=f"Model {trained.manifest.version}, test period", title_justify="left", show_header=False)
    table.add_column(justify="left", overflow="fold")
    table.add_column(justify="right")
    table.add_row("transactions, fraud", f"{metrics['transactions']:,.0f}, {metrics['fraud']:,.0f}")
    table.add_row("period", f"{period_text(evaluation.time_from, evaluation.time_to)}")
    table.add_row("ROC AUC", f"{metrics['roc_auc']:.4f}")
    table.add_row("average precision", f"{metrics['average_precision']:.4f}")
    for rival in evaluation.compared[1:]:
        table.add_row(f"  {rival.name}", f"{rival.figures['average_precision'].value:.4f}")
    table.add_row("calibration error", f"{metrics['calibration_error']:.4f}", end_section=True)
    for level, meaning in (("review", "50"), ("flag", "75, an alert"), ("decline", "90")):
        precision, recall = metrics[f"precision_at_{level}"], metrics[f"recall_at_{level}"]
        table.add_row(f"{level} (score {meaning})", f"precision {precision:.3f}, recall {recall:.3f}")
    for kind in evaluation.groups:
        if kind.dimension == "typology":
            table.add_row(f"  {kind.name}", f"{kind.recall or 0:.0%} of {kind.frauds:,} found at 0.5 % false positives")
    return table


def _refuse(sentence: str, code: int) -> None:
    _console.print(f"riskstream train: {sentence}", style="red", markup=False, soft_wrap=True)
    raise typer.Exit(code)
