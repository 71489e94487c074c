"""One deadline, shared by everything that has to end before it."""

import time
from collections.abc import Callable


class Deadline:
    """`Deadline(20)` starts now; `left` never goes below zero. Monotonic, so a changed clock changes nothing."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._at = clock() + seconds

    @property
    def left(self) -> float:
        """Seconds left."""
        return max(0.0, self._at - self._clock())

    @property
    def passed(self) -> bool:
        return self.left == 0.0
