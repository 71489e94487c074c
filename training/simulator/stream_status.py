"""What a live stream shows while it runs: one line that changes on a terminal, a line now and then in a log."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from contracts.wording import quantity
from training.simulator.publishing import Progress

_TERMINAL_EVERY_S = 0.5
_LOG_EVERY_S = 30.0


@contextmanager
def status_on(console: Console, run_id: str) -> Iterator[Callable[[Progress], None]]:
    """A function to call after every batch."""
    began = last = time.monotonic()

    def line(progress: Progress) -> str:
        rate = progress.transactions / max(time.monotonic() - began, 1e-3)
        return (
            f"{run_id}: {quantity(progress.transactions, 'transaction')}, {rate:,.1f}/s, {progress.fraud:,} fraud,"
            f" {quantity(progress.labels, 'label')}"
        )

    def every(interval_s: float, show: Callable[[str], None]) -> Callable[[Progress], None]:
        def tell(progress: Progress) -> None:
            nonlocal last
            if time.monotonic() - last >= interval_s:
                last = time.monotonic()
                show(line(progress))

        return tell

    if console.is_terminal:
        with console.status(f"{run_id}: connecting to Kafka") as status:
            yield every(_TERMINAL_EVERY_S, status.update)
    else:
        yield every(_LOG_EVERY_S, lambda text: console.print(text, markup=False))
