"""Progress bars on a terminal, one a stage, as `training.progress` asks for them."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from training.progress import Advance


class Bars:
    """One bar a stage."""

    def __init__(self, shown: Progress) -> None:
        self._shown = shown

    @contextmanager
    def stage(self, name: str, total: int) -> Iterator[Advance]:
        """A stage of `total` steps."""
        task = self._shown.add_task(name.capitalize(), total=total)
        yield lambda done: self._shown.update(task, completed=done)
        self._shown.update(task, completed=total)
        self._shown.stop_task(task)


@contextmanager
def bars(console: Console) -> Iterator[Bars]:
    """Bars that are shown while the context lasts."""
    columns = SpinnerColumn(), TextColumn("{task.description:18}"), BarColumn(), TaskProgressColumn()
    with Progress(*columns, TimeElapsedColumn(), console=console) as shown:
        yield Bars(shown)


def tell_warning(console: Console, sentence: str) -> None:
    """What a library warned of, in our words."""
    console.print(f"Note: {sentence}.", style="yellow", markup=False, soft_wrap=True)
