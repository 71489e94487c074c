"""Faust's windowed table of closed slices, and the last minute read from it."""

from collections.abc import Iterator
from typing import Any

import faust

from scoring_worker.live_statistics.tally import SLICE_S, SLICES, TOTAL, Slice, Tally, total_of

EXPIRES_S = SLICE_S * (SLICES + 2)  # a slice is read for a minute


class MemoryTable(faust.Table[Any, Any]):
    """A windowed table of this process alone: nothing is written to its changelog.

    A restart loses a minute of rates, and two processes that share the partitions each keep their own part.
    """

    def on_key_set(self, key: Any, value: Any) -> None:  # noqa: ARG002 - Faust's signature
        """Faust calls this for every change; it keeps the bookkeeping by which old windows expire."""
        self._maybe_set_key_ttl(key, 0)

    def on_key_del(self, key: Any) -> None:
        """The same for a removed key."""
        self._maybe_del_key_ttl(key, 0)


class LastMinute:
    """Closed slices in a tumbling window each, and the one that is being filled."""

    def __init__(self, table: Any, now_s: float) -> None:
        self._table = table.tumbling(SLICE_S, expires=EXPIRES_S)
        self._began_s = now_s
        self._slice_began_s = now_s - now_s % SLICE_S
        self._clients: dict[int, float] = {}  # client -> the beginning of its newest slice
        self.filling = Slice()

    def turn(self, now_s: float) -> None:
        """Close the slice when its time is over. Call it about every second, with the time in seconds since 1970."""
        self.filling.next_turn()
        if now_s < self._slice_began_s + SLICE_S:
            return
        window = self._table.relative_to(self._slice_began_s)
        for client_id, tally in self.filling.close().items():
            window[client_id] = tally
            self._clients[client_id] = self._slice_began_s
        self._slice_began_s = now_s - now_s % SLICE_S
        oldest_s = self._slice_began_s - SLICE_S * SLICES
        self._clients = {client: at for client, at in self._clients.items() if at >= oldest_s}
        versions = self.filling.model_versions
        for client_id in versions.keys() - self._clients.keys() - self.filling.tallies.keys():
            del versions[client_id]

    def seconds(self, now_s: float) -> float:
        """How long the reported time is: a minute, less at the start."""
        return max(SLICE_S, now_s - max(self._began_s, self._slice_began_s - SLICE_S * SLICES))

    def totals(self) -> dict[int, Tally]:
        """The last minute's tally of every client that was seen, and of TOTAL."""
        found = {client_id: total_of(self._slices(client_id)) for client_id in self._clients | self.filling.tallies}
        found.setdefault(TOTAL, total_of(()))
        return found

    def sampled(self) -> float:
        """The share of the last minute's decisions that was looked at, 1 without any."""
        looked = skipped = 0
        for tally in self._closed(TOTAL):
            looked, skipped = looked + tally[0], skipped + tally[-1]
        looked += self.filling.tallies.get(TOTAL, [0])[0]
        skipped += self.filling.skipped
        return looked / (looked + skipped) if looked else 1.0

    def _slices(self, client_id: int) -> Iterator[Tally]:
        for tally in self._closed(client_id):
            yield tally[:-1] if client_id == TOTAL else tally
        if client_id in self.filling.tallies:
            yield self.filling.tallies[client_id]

    def _closed(self, client_id: int) -> Iterator[Tally]:
        for place in range(1, SLICES + 1):
            window = self._table.relative_to(self._slice_began_s - SLICE_S * place)
            if client_id in window:
                yield window[client_id].value()
