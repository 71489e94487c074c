"""Progress of a publish run: a bar on a terminal, a line now and then elsewhere."""

import time
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from contracts.wording import quantity
from riskstream_client.input_file import InputFile
from riskstream_client.publishing import Report

_FIRST_LINE_S = 1.0
_LINE_EVERY_S = 5.0  # in a log file; often enough to see that it lives


class Display(Protocol):
    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, report: Report) -> None: ...


class Bar:
    """Rows, rate and time left, by how much of the file is read (or by rows under a limit)."""

    def __init__(self, console: Console, source: InputFile, rows_max: int | None) -> None:
        self._source, self._rows_max = source, rows_max
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[rows]:,} rows  {task.fields[rate]:,.0f}/s"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._task = self._bar.add_task("Publishing", total=rows_max or source.size_bytes, rows=0, rate=0.0)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, report: Report) -> None:
        done = report.rows if self._rows_max else self._source.progress_bytes
        self._bar.update(self._task, completed=done, rows=report.published, rate=report.rate)


class Lines:
    """The same as lines on standard error, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._next = time.monotonic() + _FIRST_LINE_S

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def show(self, report: Report) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _LINE_EVERY_S
            self._console.print(
                f"published {quantity(report.published, 'row')}, {report.rate:,.0f}/s, refused {report.refused:,}"
            )
