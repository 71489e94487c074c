"""`riskstream analyse FILE --strategy NAME`: a file to ranked anomalies, on this machine, without a stack."""

import contextlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from analysis import analyse_options as options
from analysis import analyse_report as report
from analysis.corrections import Corrections
from analysis.extract.extract import Defaults, Extracted, NeedsConfirmation, NotReadable, extract, understand
from analysis.extract.parts import FileRefused
from analysis.extract.reading import Layout, Wanted
from analysis.extract.rejects import read_rejects
from analysis.found import found_of
from analysis.library_warnings import told_by
from analysis.presets import DEFAULT, PRESETS
from analysis.progress import Cancelled
from analysis.results_file import Format, ResultsFile
from analysis.rows import ParquetRows
from analysis.rows_file import write_rejects, write_rows
from analysis.run import Outcome, analyse
from analysis.strategy import InvalidStrategy, Strategy, parsed
from contracts.errors import DataRefused
from contracts.json_text import decode_json_file
from contracts.wording import quantity
from storage.anomalies import FoundAnomaly

EXIT_ASKS = 3  # two readings of the file are possible
EXIT_CANCELLED = 130  # as a shell says of Ctrl-C
SHOWN = 20
REJECTS_SHOWN = 5

_out = Console(highlight=False, markup=False, emoji=False)
_err = Console(stderr=True, highlight=False, markup=False, emoji=False)


def register(app: typer.Typer) -> None:
    """Add `analyse` to the command line."""
    app.command("analyse")(analyse_command)


def analyse_command(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV, JSON, JSON lines, Excel, SIE 4, camt.053.")
    ],
    strategy: Annotated[
        str, typer.Option(help=f"A preset ({', '.join(PRESETS)}), or a file with a strategy as JSON.")
    ] = DEFAULT,
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="All anomalies, as .csv, .parquet or .xlsx.")] = None,
    show: Annotated[int, typer.Option(min=0, max=1000, help="Anomalies in the table, the highest.")] = SHOWN,
    rows: options.Rows = None,
    rejects: options.Rejects = None,
    understand_only: options.UnderstandOnly = False,
    columns: options.Map = None,
    constants: options.Set = None,
    skip_lines: options.SkipLines = None,
    header_line: options.HeaderLine = None,
    delimiter: options.Delimiter = None,
    encoding: options.Encoding = None,
    sheet: options.Sheet = None,
    decimal: options.Decimal = None,
    date_order: options.Order = None,
    time_zone: options.TimeZone = None,
    direction: options.Direction = None,
    positive: options.Positive = None,
) -> None:
    """Read a file, run a detection strategy over it, and show what stands out. Needs no stack.

    Where two readings of the file are possible and differ in money, both are shown and nothing is read (exit code 3).
    """
    form = _form(out)
    chosen = _strategy(strategy)
    corrections = options.corrections_of(
        options.layout_of_options(encoding, delimiter, skip_lines, header_line, sheet),
        options.columns_of(columns or []),
        options.currency_of(constants or []),
        direction,
        decimal,
        date_order,
        time_zone,
        positive,
    )
    with _told_of(file):
        if understand_only:
            _understand(file, corrections)
            return
        work = _Work(file, chosen, corrections, rows, rejects)
        extracted, shown_rejects, outcome, found = work.run()
    if out is not None and form is not None:
        with ResultsFile(out, form) as results:
            results.write(found)
    report.say_understanding(_out, extracted.reading)
    report.say_accounting(_out, extracted, shown_rejects)
    report.say_outcome(_out, extracted, outcome, found[:show], chosen)
    if rows is not None:
        _out.print(f"Wrote {quantity(extracted.rows, 'row')} to {rows}.", soft_wrap=True)
    if rejects is not None:
        _out.print(f"Wrote {quantity(extracted.rejected, 'row')} that could not be used to {rejects}.", soft_wrap=True)
    if out is not None:
        _out.print(f"All {len(found):,} are in {out}.")


@contextlib.contextmanager
def _told_of(file: Path) -> Iterator[None]:
    """Errors of a file as one sentence; questions with both readings, and exit code 3."""
    try:
        yield
    except NeedsConfirmation as error:
        report.say_understanding(_out, error.reading)
        _err.print(f"{file} can be read in more than one way; nothing was read.", style="yellow", soft_wrap=True)
        report.say_questions(_err, error.reading.questions)
        raise typer.Exit(EXIT_ASKS) from None
    except (FileRefused, InvalidStrategy) as error:
        raise DataRefused(f"{file}: {error}") from error
    except Cancelled:
        _err.print("Stopped.")
        raise typer.Exit(EXIT_CANCELLED) from None


def _understand(file: Path, corrections: Corrections) -> None:
    """Say how the file is understood. Raises FileRefused, NeedsConfirmation, and NotReadable as reading it would."""
    _, reading = understand(file, file.name, _first(corrections), Defaults())
    mapping = corrections.settle(reading)
    report.say_understanding(_out, reading.model_copy(update={"mapping": mapping}))
    # A mapping that is corrected is looked at by itself, whatever was wrong with the guess.
    guessed = None if corrections.of_mapping else reading.problem
    problem = guessed or mapping.problem([column.name for column in reading.columns])
    if problem is not None:
        raise NotReadable(problem, reading)


def _first(corrections: Corrections) -> Wanted | None:
    """What the guess has to take as given: the layout."""
    return Wanted(layout=corrections.layout) if corrections.layout != Layout() else None


def _form(out: Path | None) -> Format | None:
    if out is None:
        return None
    try:
        return Format(out.suffix.removeprefix(".").lower())
    except ValueError as error:
        raise typer.BadParameter("--out ends in .csv, .parquet or .xlsx") from error


def _strategy(name: str) -> Strategy:
    if name in PRESETS:
        return PRESETS[name]
    path = Path(name)
    if path.suffix != ".json":
        raise typer.BadParameter(f"there is no preset {name!r}: {', '.join(PRESETS)}; or name a .json file")
    try:
        return parsed(decode_json_file(path.read_bytes()))
    except (OSError, ValueError) as error:  # what is no JSON, and what is no strategy, too
        raise typer.BadParameter(f"{name}: {error}") from error


@dataclass(frozen=True, slots=True)
class _Work:
    """One file through one strategy, in a folder that is gone afterwards."""

    file: Path
    strategy: Strategy
    corrections: Corrections
    rows_out: Path | None
    rejects_out: Path | None

    def run(self) -> tuple[Extracted, list[dict[str, Any]], Outcome, list[FoundAnomaly]]:
        """What landed, the first rejects, what was found. Raises FileRefused, NeedsConfirmation, Cancelled."""
        notes = told_by(lambda said: _err.print(f"Note: {said}.", style="yellow", markup=False))
        folder_of = TemporaryDirectory(prefix="riskstream-analyse-")
        with folder_of as folder, _ended_by_signal() as ended, _Bars() as bars, notes:
            rows_path, rejects_path = Path(folder) / "rows.parquet", Path(folder) / "rejects.parquet"
            extracted = extract(
                self.file,
                self.file.name,
                rows_path,
                rejects_path,
                wanted=self._wanted(),
                defaults=Defaults(),
                progress=bars.progress,
                cancelled=ended,
            )
            if self.rows_out is not None:
                write_rows(rows_path, self.rows_out)
            if self.rejects_out is not None:
                write_rejects(rejects_path, self.rejects_out)
            rows = ParquetRows(rows_path)
            outcome = analyse(rows, self.strategy, progress=bars.progress, cancelled=ended, folder=Path(folder))
            found = list(found_of(outcome, rows, lambda row, _record: f"{self.file.name}:{row}"))
            return extracted, read_rejects(rejects_path, 0, REJECTS_SHOWN), outcome, found

    def _wanted(self) -> Wanted | None:
        """The guess with the corrections in its place; None or without a mapping: the guess."""
        first = _first(self.corrections)
        if not self.corrections.of_mapping:
            return first
        _, reading = understand(self.file, self.file.name, first, Defaults())
        return Wanted(layout=reading.layout, mapping=self.corrections.settle(reading))


class _Ended:
    """Whether somebody pressed Ctrl-C."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self) -> bool:
        return self.asked


@contextlib.contextmanager
def _ended_by_signal() -> Iterator[_Ended]:
    """Ctrl-C ends the work at its next look, so that no working file stays behind; a second one at once."""
    ended = _Ended()

    def ask(*_: Any) -> None:
        if ended.asked:
            raise KeyboardInterrupt
        ended.asked = True

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield ended
    finally:
        signal.signal(signal.SIGINT, before)


class _Bars:
    """One bar a stage, on standard error."""

    def __init__(self) -> None:
        columns = TextColumn("{task.description:8}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
        self._shown = Progress(*columns, console=_err)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "_Bars":
        self._shown.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._shown.stop()

    def progress(self, stage: str, done: int, total: int) -> None:
        if stage not in self._tasks:
            self._tasks[stage] = self._shown.add_task(stage, total=total)
        self._shown.update(self._tasks[stage], completed=done, total=total)
