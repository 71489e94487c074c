"""`riskstream train`: the first model from the simulator, or a model from files."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from contracts.errors import RiskstreamError
from features.money import Money
from settings import load_settings
from training.datasets import Dataset, from_files, simulated
from training.progress import Advance
from training.simulator.world import DEFAULT_SEED
from training.train import Trained, train

DEFAULT_TRANSACTIONS = 200_000  # about a minute on two cores, and some 700 frauds to learn from
TRANSACTIONS_MIN, TRANSACTIONS_MAX = 1_000, 2_000_000  # in memory: a gigabyte a million
EXIT_FAILED, EXIT_USAGE = 1, 2

_console = Console(stderr=True, highlight=False)


def register(app: typer.Typer) -> None:
    """Add `train` to the command line."""
    app.command("train")(train_command)


def train_command(
    transactions: Annotated[
        int, typer.Option(min=TRANSACTIONS_MIN, max=TRANSACTIONS_MAX, help="How many to simulate.")
    ] = DEFAULT_TRANSACTIONS,
    seed: Annotated[int, typer.Option(min=0, help="Of the simulation and of the fit.")] = DEFAULT_SEED,
    out: Annotated[Path | None, typer.Option(help="The model registry; MODEL_PATH by default.")] = None,
    data: Annotated[Path | None, typer.Option(help="Transactions, JSON lines, instead of a simulation.")] = None,
    labels: Annotated[Path | None, typer.Option(help="Their labels, JSON lines.")] = None,
    promote: Annotated[bool, typer.Option(help="Make it the champion even if there is one.")] = False,
) -> None:
    """Compute features with the stream's own kernel, fit, calibrate, measure, and write a model."""
    if (data is None) != (labels is None):
        _refuse("--data and --labels come together", EXIT_USAGE)
    try:
        settings = load_settings()
        money = Money(settings.currency_base, settings.currency_default, settings.currency_rates)
        columns = SpinnerColumn(), TextColumn("{task.description:18}"), BarColumn(), TaskProgressColumn()
        with Progress(*columns, TimeElapsedColumn(), console=_console) as bars:
            progress = _Bars(bars)
            trained = train(
                _dataset(transactions, seed, data, labels, progress),
                out or settings.model_path,
                seed=seed,
                now=datetime.now(UTC),
                promote=promote,
                money=money,
                progress=progress,
            )
    except (RiskstreamError, OSError) as error:
        _refuse(str(error), EXIT_FAILED)
    _console.print(_table(trained))
    state = "the champion" if trained.promoted else "not promoted: promote it with --promote"
    _console.print(f"Wrote {trained.folder} ({state}).", markup=False, soft_wrap=True)


class _Bars:
    """One bar a stage."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars

    @contextmanager
    def stage(self, name: str, total: int) -> Iterator[Advance]:
        task = self._bars.add_task(name.capitalize(), total=total)
        yield lambda done: self._bars.update(task, completed=done)
        self._bars.update(task, completed=total)
        self._bars.stop_task(task)


def _dataset(transactions: int, seed: int, data: Path | None, labels: Path | None, progress: _Bars) -> Dataset:
    if data is not None and labels is not None:
        return from_files(data, labels, progress)
    return simulated(transactions, seed, progress)


def _table(trained: Trained) -> Table:
    metrics, described = trained.manifest.metrics, trained.manifest.data
    table = Table(title=f"Model {trained.manifest.version}, test period", title_justify="left", show_header=False)
    table.add_column(justify="left")
    table.add_column(justify="right")
    table.add_row("transactions, fraud", f"{metrics['transactions']:,.0f}, {metrics['fraud']:,.0f}")
    table.add_row("period", f"{str(described['test_from'])[:10]} to {str(described['test_to'])[:10]}")
    table.add_row("ROC AUC", f"{metrics['roc_auc']:.4f}")
    table.add_row("average precision", f"{metrics['average_precision']:.4f}")
    table.add_row("calibration error", f"{metrics['calibration_error']:.4f}", end_section=True)
    for level, meaning in (("review", "50"), ("flag", "75, an alert"), ("decline", "90")):
        precision, recall = metrics[f"precision_at_{level}"], metrics[f"recall_at_{level}"]
        table.add_row(f"{level} (score {meaning})", f"precision {precision:.3f}, recall {recall:.3f}")
    for name, (frauds, recall) in trained.typologies.items():
        table.add_row(f"  {name}", f"{recall:.0%} of {frauds:,} flagged")
    return table


def _refuse(sentence: str, code: int) -> None:
    _console.print(f"riskstream train: {sentence}", style="red", markup=False, soft_wrap=True)
    raise typer.Exit(code)
