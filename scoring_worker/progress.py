"""Progress: what the liveness check and the status page know of a worker."""

import time
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

STALL_MAX_S = 60.0  # a partition that finished no turn (a batch, an empty poll, a declared wait) for this long is stuck
WINDOW_S = 10.0  # rates and latencies on the status page are of the last seconds


class _Batch(NamedTuple):
    at: float
    decided: int
    records: int
    latency_ms: float


@dataclass(slots=True)
class Progress:
    """Turns by partition, and the finished batches of the last seconds."""

    turns: dict[int, float] = field(default_factory=dict)
    states: dict[int, str] = field(default_factory=dict)
    lags: dict[int, int] = field(default_factory=dict)
    decided_total: int = 0
    alerts_total: int = 0
    dead_letters_total: int = 0
    _recent: deque[_Batch] = field(default_factory=deque)

    def turn(self, partition: int, state: str = "running") -> None:
        """A partition's loop came round."""
        self.turns[partition] = time.monotonic()
        self.states[partition] = state

    def leave(self, partition: int) -> None:
        """The partition is no longer ours."""
        self.turns.pop(partition, None)
        self.states.pop(partition, None)
        self.lags.pop(partition, None)

    def stuck(self) -> list[int]:
        """Partitions without a turn for STALL_MAX_S."""
        edge = time.monotonic() - STALL_MAX_S
        return sorted(partition for partition, at in self.turns.items() if at < edge)

    def batch(self, decided: int, records: int, latency_ms: float) -> None:
        """A batch is stored; `latency_ms` is its oldest record's, from append time."""
        self._recent.append(_Batch(time.monotonic(), decided, records, latency_ms))
        self._forget()

    def rates(self) -> tuple[float, float, float, float]:
        """(transactions a second, records a batch, latency p50 ms, p99 ms) of the last WINDOW_S."""
        self._forget()
        if not self._recent:
            return 0.0, 0.0, 0.0, 0.0
        latencies = sorted(batch.latency_ms for batch in self._recent)
        decided = sum(batch.decided for batch in self._recent)
        records = sum(batch.records for batch in self._recent)
        return (
            decided / WINDOW_S,
            records / len(self._recent),
            latencies[len(latencies) // 2],
            latencies[min(len(latencies) - 1, len(latencies) * 99 // 100)],
        )

    @property
    def lag(self) -> int:
        """Records not yet stored, over all partitions."""
        return sum(self.lags.values())

    @property
    def state(self) -> str:
        """`running`, or the first thing that a partition waits for."""
        waiting = [state for state in self.states.values() if state != "running"]
        return waiting[0] if waiting else ("running" if self.states else "no partitions")

    def _forget(self) -> None:
        edge = time.monotonic() - WINDOW_S
        while self._recent and self._recent[0].at < edge:
            self._recent.popleft()
