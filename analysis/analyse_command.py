"""`riskstream analyse FILE --strategy NAME`: a file to ranked anomalies, on this machine, without a stack."""

import contextlib
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from analysis.extract.extract import Defaults, Extracted, extract, understand
from analysis.extract.mapping import MEANINGS
from analysis.extract.parts import FileRefused
from analysis.extract.reading import Meaning, Wanted
from analysis.extract.rejects import read_rejects
from analysis.found import found_of
from analysis.presets import DEFAULT, PRESETS
from analysis.progress import Cancelled
from analysis.results_file import Format, ResultsFile
from analysis.rows import MINOR, ParquetRows
from analysis.run import Outcome, analyse
from analysis.strategy import InvalidStrategy, Strategy, parsed
from contracts.errors import DataRefused
from contracts.json_text import decode_json_file
from settings import load_settings
from storage.anomalies import FoundAnomaly

EXIT_CANCELLED = 130  # as a shell says of Ctrl-C
SHOWN = 20
REJECTS = "rejects.parquet"
REJECTS_SHOWN = 5
REASON_SHOWN = 90  # characters

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
    time_zone: Annotated[str, typer.Option(help="Of times in the file that name none.")] = "UTC",
    columns: Annotated[
        list[str] | None, typer.Option("--map", help="meaning=COLUMN where the guess is wrong, as often as needed.")
    ] = None,
) -> None:
    """Read a file, run a detection strategy over it, and show what stands out. Needs no stack."""
    form = _form(out)
    chosen = _strategy(strategy)
    given = _given(columns or [])
    with TemporaryDirectory(prefix="riskstream-analyse-") as folder, _ended_by_signal() as ended:
        try:
            extracted, rows, outcome = _analysed(file, chosen, time_zone, given, Path(folder), ended)
        except (FileRefused, InvalidStrategy) as error:
            raise DataRefused(f"{file}: {error}") from error
        except Cancelled:
            _err.print("Stopped.")
            raise typer.Exit(EXIT_CANCELLED) from None
        found = list(found_of(outcome, rows, lambda row, _record: f"{file.name}:{row}"))
        rejects = read_rejects(Path(folder) / REJECTS, 0, REJECTS_SHOWN)
    if out is not None and form is not None:
        with ResultsFile(out, form) as results:
            results.write(found)
    _say(extracted, rejects, outcome, found[:show], chosen)
    if out is not None:
        _out.print(f"All {len(found):,} are in {out}.")


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


def _given(pairs: list[str]) -> dict[Meaning, str]:
    """What --map says: meaning → column."""
    given: dict[Meaning, str] = {}
    for pair in pairs:
        meaning, _, column = pair.partition("=")
        if meaning not in MEANINGS or not column:
            raise typer.BadParameter(f"--map {pair}: write meaning=COLUMN; meanings are {', '.join(MEANINGS)}")
        given[meaning] = column
    return given


def _wanted(file: Path, given: dict[Meaning, str], defaults: Defaults) -> Wanted | None:
    """The guess with what was given in its place; None: the guess."""
    if not given:
        return None
    _, reading = understand(file, file.name, None, defaults)
    taken = set(given.values())
    guessed = {meaning: column for meaning, column in reading.mapping.columns.items() if column not in taken}
    return Wanted(layout=reading.layout, mapping=reading.mapping.model_copy(update={"columns": guessed | given}))


def _analysed(
    file: Path, strategy: Strategy, time_zone: str, given: dict[Meaning, str], folder: Path, ended: "_Ended"
) -> tuple[Extracted, ParquetRows, Outcome]:
    rows_path = folder / "rows.parquet"
    defaults = Defaults(time_zone=time_zone, currency=load_settings().currency_default)
    with _Bars() as bars:
        extracted = extract(
            file,
            file.name,
            rows_path,
            folder / REJECTS,
            wanted=_wanted(file, given, defaults),
            defaults=defaults,
            progress=bars.progress,
            cancelled=ended,
        )
        rows = ParquetRows(rows_path)
        outcome = analyse(rows, strategy, progress=bars.progress, cancelled=ended, folder=folder)
    return extracted, rows, outcome


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


def _say(
    extracted: Extracted,
    rejects: list[dict[str, Any]],
    outcome: Outcome,
    shown: list[FoundAnomaly],
    strategy: Strategy,
) -> None:
    """How the file was understood comes first: a wrong guess makes everything below it wrong."""
    understood = ", ".join(
        f"{meaning}={_printable(name)}" for meaning, name in extracted.reading.mapping.columns.items()
    )
    _out.print(f"Columns: {understood}", soft_wrap=True)
    for reject in rejects:
        where = f"line {reject['line']}, {_printable(reject['column'])}"
        _out.print(f"Not used: {where}: {reject['reason']}: {_printable(reject['excerpt'])}", soft_wrap=True)
    if extracted.rejected > len(rejects):
        _out.print(f"… and {extracted.rejected - len(rejects):,} more rows.")
    rejected = f"; {extracted.rejected:,} rows could not be used" if extracted.rejected else ""
    _out.print(
        f"{extracted.rows:,} rows ({extracted.reading.format}){rejected}. Strategy {strategy.name}:"
        f" {outcome.flagged:,} score {strategy.threshold:g} or more."
    )
    if not shown:
        return
    table = Table("", "score", "row", "account", "time (UTC)", "amount", "why", box=None, pad_edge=False)
    for each in shown:
        table.add_row(*_cells(each))
    _out.print(table)


def _cells(found: FoundAnomaly) -> list[str]:
    record = found.record
    minor, time_ms = record.get("amount_minor"), record.get("time_ms")
    amount = "" if minor is None else f"{minor / MINOR:,.2f} {record.get('currency', '')}".strip()
    why = next(iter(found.reasons.values()), "")
    at = "" if time_ms is None else _moment(time_ms)
    return [
        str(found.rank), f"{found.score:.1f}", str(found.row), _printable(record.get("account")), at, amount,
        _printable(why)[:REASON_SHOWN],
    ]  # fmt: skip


def _moment(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")


def _printable(text: str | None) -> str:
    """What came out of a file must not steer the terminal."""
    return "".join(c if c.isprintable() else "�" for c in text or "")
