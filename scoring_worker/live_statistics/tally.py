"""Counting decisions as they are published: slices of a few seconds, summed to the last minute. Pure.

A tally is a list of whole numbers, so that Faust's tables can keep it: transactions, alerts, then the score histogram
(bins of `scoring.drift.SCORE_EDGES`, the missing last), then the latency histogram (LATENCY_EDGES_MS, one bin above).
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from contracts.decision import Recommendation
from scoring.drift import SCORE_EDGES
from storage.live_statistics import LATENCY_EDGES_MS, LiveReport

SLICE_S = 5.0
SLICES = 12  # closed ones in a report, and the one that is being filled
CLIENTS_MAX = 1_000  # counted one by one; what further clients do is in the total only
DECISIONS_MAX_PER_TURN = 2_000  # looked at in a second: some 0.15 of a core; the rest of a flood is skipped
TOTAL = 0  # the key of all clients together; client ids start at 1

_SCORES = 2
_LATENCIES = _SCORES + len(SCORE_EDGES) + 2
_LENGTH = _LATENCIES + len(LATENCY_EDGES_MS) + 1
_ALERTING = (Recommendation.FLAG, Recommendation.DECLINE)

Tally = list[int]


class Published(msgspec.Struct, frozen=True, gc=False):
    """What is read of a message of `fraud.decisions.v1`."""

    client_id: int
    event_time_ms: int
    risk_score: float
    recommendation: str
    model_version: str
    degraded: bool = False


_decode = msgspec.json.Decoder(Published).decode


def add(tally: Tally, decision: Published, published_ms: int) -> None:
    """Count one decision. A payment older than the last latency edge is no live one: its latency says nothing."""
    tally[0] += 1
    tally[1] += decision.recommendation in _ALERTING
    if not decision.degraded:
        tally[_SCORES + bisect_left(SCORE_EDGES, decision.risk_score)] += 1
    latency_ms = max(0, published_ms - decision.event_time_ms)
    if latency_ms <= LATENCY_EDGES_MS[-1]:
        tally[_LATENCIES + bisect_left(LATENCY_EDGES_MS, latency_ms)] += 1


def total_of(tallies: Iterable[Sequence[int]]) -> Tally:
    """The sum of tallies."""
    return [sum(column) for column in zip([0] * _LENGTH, *tallies, strict=True)]


def score_counts(tally: Sequence[int]) -> Sequence[int]:
    return tally[_SCORES:_LATENCIES]


def report_of(
    tally: Sequence[int], window_s: float, sampled: float, model_version: str | None, psi: float | None
) -> LiveReport:
    """A tally of `window_s` seconds as a report, scaled up from the share that was looked at."""
    scale = 1 / sampled if sampled else 0.0
    return LiveReport(
        window_s=round(window_s, 3),
        sampled=round(sampled, 4),
        transactions=round(tally[0] * scale, 1),
        alerts=round(tally[1] * scale, 1),
        transactions_per_second=round(tally[0] * scale / window_s, 3),
        alerts_per_second=round(tally[1] * scale / window_s, 3),
        scores=tuple(round(count * scale, 1) for count in score_counts(tally)),
        latency_ms=tuple(round(count * scale, 1) for count in tally[_LATENCIES:]),
        score_psi=None if psi is None else round(psi, 4),
        model_version=model_version,
    )


@dataclass
class Slice:
    """The slice that is being filled, of every client; bounded in clients and in decisions a turn."""

    tallies: dict[int, Tally] = field(default_factory=dict)
    model_versions: dict[int, str] = field(default_factory=dict)
    skipped: int = 0
    unreadable: int = 0
    _turn: int = 0
    _next_offsets: dict[int, int] = field(default_factory=dict)

    def count(self, raw: bytes, published_ms: int, partition: int, offset: int) -> None:
        """Count one message, and those that were left out before it; what cannot be read is counted as such."""
        self._turn += 1
        self.skipped += offset - self._next_offsets.get(partition, offset)
        self._next_offsets[partition] = offset + 1
        try:
            decision = _decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.unreadable += 1
            return
        add(self._tally(TOTAL), decision, published_ms)
        self.model_versions[TOTAL] = decision.model_version
        client_id = decision.client_id
        if client_id in self.tallies or len(self.tallies) <= CLIENTS_MAX:
            add(self._tally(client_id), decision, published_ms)
            self.model_versions[client_id] = decision.model_version

    @property
    def turn_is_full(self) -> bool:
        """Whether no more shall be looked at until `next_turn`."""
        return self._turn >= DECISIONS_MAX_PER_TURN

    def next_turn(self) -> None:
        """A second has passed."""
        self._turn = 0

    def forget_partitions(self, but: Collection[int]) -> None:
        """Others look at these partitions now; what they looked at was not skipped."""
        for partition in self._next_offsets.keys() - but:
            del self._next_offsets[partition]

    def close(self) -> Mapping[int, Tally]:
        """The slice's tallies; a new slice begins. TOTAL's last number is how many decisions were skipped."""
        closed = self.tallies
        closed[TOTAL] = [*closed.get(TOTAL, [0] * _LENGTH), self.skipped]
        self.tallies, self.skipped = {}, 0
        return closed

    def _tally(self, client_id: int) -> Tally:
        tally = self.tallies.get(client_id)
        if tally is None:
            tally = self.tallies[client_id] = [0] * _LENGTH
        return tally
