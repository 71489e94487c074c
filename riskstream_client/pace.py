"""Sending at the rhythm of the rows' own timestamps."""

from collections.abc import Callable

LEAD_S = 0.002  # a row that is due within it goes at once: shorter waits cost more than they bring


class Pace:
    """Says how long to wait before a row. `speed` 3600 plays an hour in a second."""

    def __init__(self, speed: float, monotonic: Callable[[], float]) -> None:
        self._speed = speed
        self._monotonic = monotonic
        self._start: tuple[float, int] | None = None

    def wait_s(self, time_ms: int | None) -> float:
        """Seconds until the row with this event time is due; 0 for one that is late or has no time."""
        if time_ms is None:
            return 0.0
        now = self._monotonic()
        if self._start is None:
            self._start = (now, time_ms)
            return 0.0
        started, first_ms = self._start
        wait = started + (time_ms - first_ms) / 1000 / self._speed - now
        return wait if wait > LEAD_S else 0.0
