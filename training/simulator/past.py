"""The weeks before a demo's live stream: the same people, a little sparser, with the labels that came meanwhile."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from heapq import merge
from itertools import groupby

from contracts.label import Label
from contracts.transaction import Transaction
from training.simulator.labels import labels_of
from training.simulator.population import DAY_MS
from training.simulator.rows import SimulatedTransaction, time_of
from training.simulator.sessions import PAYMENTS_PER_ACCOUNT_DAY, daily_sessions
from training.simulator.world import DEFAULT_SEED, World, simulate

ACCOUNTS = 384  # six neighbourhoods
DAYS = 28  # as long as the longest window, nearly, and four times the label delay
# Some fifteen seconds of processor time, cases and labels included: three payments an account and day, as those paid
# whom the first model was trained on, and one session a day at the pace of the live stream.
TRANSACTIONS = 32_000
SLICE_MS = 24 * 3_600_000  # transactions and labels are put into the log by slices; see `Slice`
RUN_ID = "demo-history"  # begins every id, so that nobody takes these for payments of their own
_HOUR_MS = 3_600_000


def accounts_behind(rate: float) -> int:
    """How many people a live stream of `rate` a second draws from: those of the past, and others for a fast stream."""
    return max(ACCOUNTS, round(rate * 86_400 / PAYMENTS_PER_ACCOUNT_DAY))


@dataclass(frozen=True, slots=True)
class Slice:
    """Some hours of the past: transactions in event-time order, and the labels that became known in them."""

    end_ms: int
    transactions: list[Transaction]
    labels: list[Label]


@dataclass(frozen=True, slots=True)
class Past:
    """What happened before `now_ms`; `fraud` are the ids of the fraudulent transactions."""

    slices: list[Slice]
    fraud: frozenset[str]

    @property
    def transactions(self) -> int:
        return sum(len(part.transactions) for part in self.slices)

    @property
    def labels(self) -> int:
        return sum(len(part.labels) for part in self.slices)


def past_of(now_ms: int, *, transactions: int = TRANSACTIONS, accounts: int = ACCOUNTS, days: int = DAYS) -> Past:
    """About `transactions` over the `days` before the hour of `now_ms`, and `DAILY_SHARE` more in daily sessions.

    No label is known later than that hour.
    """
    end_ms = now_ms // _HOUR_MS * _HOUR_MS
    start_ms = end_ms - days * DAY_MS
    world = World(
        seed=DEFAULT_SEED,
        accounts=accounts,
        start=time_of(start_ms).astimezone(UTC),
        run_id=RUN_ID,
        rate=transactions / days / 86_400,
    )
    streams = [_before(end_ms, simulate(world)), *daily_sessions(world, days)]
    told = list(merge(*streams, key=lambda one: one.transaction.timestamp))
    known: dict[int, list[Label]] = {}
    for label in labels_of(told):
        at_ms = int(label.known_at.timestamp() * 1000)
        if at_ms < end_ms:
            known.setdefault((at_ms - start_ms) // SLICE_MS, []).append(label)
    parts = groupby(told, key=lambda one: (one.transaction.event_time_ms - start_ms) // SLICE_MS)
    made = {number: [one.transaction for one in part] for number, part in parts}
    slices = [
        Slice(min(start_ms + (number + 1) * SLICE_MS, end_ms), made.get(number, []), known.get(number, []))
        for number in range(max((*made, *known), default=-1) + 1)
    ]
    return Past(slices, frozenset(one.transaction.transaction_id for one in told if one.fraud))


def _before(end_ms: int, told: Iterator[SimulatedTransaction]) -> Iterator[SimulatedTransaction]:
    for one in told:
        if one.transaction.event_time_ms >= end_ms:
            return
        yield one
