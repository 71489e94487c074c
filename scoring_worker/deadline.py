"""One deadline, shared by everything that has to end before it."""

import time


class Deadline:
    """`Deadline(20)` starts now; `left` never goes below zero. Monotonic, so a changed clock changes nothing."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds left."""
        return max(0.0, self._at - time.monotonic())

    @property
    def passed(self) -> bool:
        return self.left == 0.0
