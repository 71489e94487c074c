"""What a long run tells its caller: named stages, and how far each one is."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Advance = Callable[[int], None]  # told how much is done, not how much more


class Progress(Protocol):
    def stage(self, name: str, total: int) -> AbstractContextManager[Advance]:
        """A stage of `total` steps, done when the context ends."""


class Silent:
    """For tests and scripts."""

    @contextmanager
    def stage(self, name: str, total: int) -> Iterator[Advance]:
        del name, total
        yield lambda _done: None


SILENT = Silent()
