"""The world and its transactions in event-time order."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from contracts.transaction import EPOCH, Transaction
from training.simulator.chance import Chance
from training.simulator.habits import PAYMENTS_PER_OUTING, Habits
from training.simulator.population import ACCOUNTS_MAX, DAY_MS, Population
from training.simulator.rows import Rows, SimulatedTransaction, rendered, time_of
from training.simulator.scene import Draft
from training.simulator.schedule import Schedule

PAYMENTS_PER_ACCOUNT_DAY = 3.0
DEFAULT_SEED = 7
DEFAULT_START = datetime(2026, 1, 5, tzinfo=UTC)
DEFAULT_DAYS = 40.0  # longer than the longest window and the label delay together
_BLOCK_TRANSACTIONS = 8192  # made at once: enough for numpy to be fast, few enough to begin soon
_BLOCK_MS_MAX = DAY_MS // 4
_BLOCK_MS_MIN = 1000
_STEADY_BLOCK_MS_MAX = 5000  # much shorter than outings
_SLOW_BLOCK_TRANSACTIONS, _SLOW_BLOCK_MS_MAX = 10, 60_000  # a slow steady stream is not made in blocks of nothing
_LEAD_MS = 30 * 60_000  # most outings are over by then
_LEAD_TRANSACTIONS_MAX = 60_000  # a tenth of a second; a faster stream begins with fewer second payments


@dataclass(frozen=True, slots=True)
class World:
    """What decides every transaction of a run. Raises ValueError on a setting that makes no world.

    seed: who lives in the world. Two runs of one seed meet the same people, with the same phones and shops.
    accounts: how many; each makes three payments a day on average, a few of them far more.
    start: time of the first transaction (with a time zone).
    run_id: begins every transaction id; with `seed` and `start` it decides what happens.
    fraud_share: of all transactions.
    steady: the same rate day and night (a live stream), instead of the rhythm of day and week.
    opening: begins with a fraud that is easy to see.
    rate: transactions a second, where it shall not follow from the number of accounts.
    """

    seed: int = DEFAULT_SEED
    accounts: int = 2000
    start: datetime = DEFAULT_START
    run_id: str = "sim"
    fraud_share: float = 0.01
    steady: bool = False
    opening: bool = False
    rate: float | None = None

    def __post_init__(self) -> None:
        if self.start.tzinfo is None:
            raise ValueError("start must have a time zone")
        if not 1 <= self.accounts <= ACCOUNTS_MAX:
            raise ValueError(f"accounts must lie between 1 and {ACCOUNTS_MAX}")
        if not 0 <= self.fraud_share <= 0.5:
            raise ValueError("fraud_share must lie between 0 and 0.5")
        if not (self.run_id.isprintable() and 1 <= len(self.run_id) <= 64):
            raise ValueError("run_id must be 1 to 64 printable characters")

    @property
    def start_ms(self) -> int:
        return int((self.start - EPOCH).total_seconds() * 1000)

    @property
    def transactions_per_day(self) -> float:
        return self.transactions_per_second * 86_400

    @property
    def transactions_per_second(self) -> float:
        return self.rate or self.accounts * PAYMENTS_PER_ACCOUNT_DAY / 86_400


def accounts_for(transactions: float, days: float) -> int:
    """How many accounts make about `transactions` in `days`."""
    return min(max(1, round(transactions / days / PAYMENTS_PER_ACCOUNT_DAY)), ACCOUNTS_MAX)


def simulate(world: World) -> Iterator[SimulatedTransaction]:
    """The world's transactions in event-time order, without end; the same for the same world, everywhere."""
    run = Run(world)
    while True:
        yield from run.block()


class Run:
    """One telling of a world, block by block of time."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._population = Population(world.seed)
        story = (world.seed, world.run_id, world.start_ms)
        self._habits = Habits(self._population, world.accounts, *story)
        self._schedule = Schedule(
            self._population, world.accounts, world.fraud_share, Chance(0, *story).random("schedule", 0)
        )
        self._made = 0
        slow_ms = min(_SLOW_BLOCK_TRANSACTIONS / world.transactions_per_second * 1000, _SLOW_BLOCK_MS_MAX)
        block_ms_max = max(_STEADY_BLOCK_MS_MAX, slow_ms) if world.steady else _BLOCK_MS_MAX
        block_ms = _BLOCK_TRANSACTIONS / world.transactions_per_day * DAY_MS
        self.block_ms = int(min(max(block_ms, _BLOCK_MS_MIN), block_ms_max))
        self.next_ms = world.start_ms
        self._later = self._under_way()
        self._schedule.lead_in(world.start_ms, world.transactions_per_day)
        if world.opening:
            self._schedule.open(world.start_ms)

    def block(self, length_ms: int | None = None) -> Iterator[SimulatedTransaction]:
        """The transactions of the next `length_ms` of event time, in order."""
        start_ms, end_ms = self.next_ms, self.next_ms + (length_ms or self.block_ms)
        self.next_ms = end_ms
        honest = self._honest(start_ms, end_ms)
        self._schedule.fill(start_ms, end_ms, len(honest))
        return self._merged(honest, list(self._schedule.due(end_ms)))

    def skip_to(self, at_ms: int) -> None:
        """Leave time out, for a stream that fell behind: what was due in it is dropped."""
        self.next_ms = max(self.next_ms, at_ms)
        self._later = self._later.take(self._later.at_ms >= self.next_ms)
        for _ in self._schedule.due(self.next_ms):
            pass

    def _under_way(self) -> Rows:
        """Payments of outings that began shortly before the start."""
        start_ms = self.next_ms
        lead_ms = int(min(_LEAD_MS, _LEAD_TRANSACTIONS_MAX / self._world.transactions_per_day * DAY_MS))
        outings = self._payments(lead_ms) / PAYMENTS_PER_OUTING
        rows = self._habits.between(start_ms - lead_ms, start_ms, outings, steady=self._world.steady)
        return rows.take(rows.at_ms >= start_ms)

    def _payments(self, length_ms: int) -> float:
        """How many honest ones are expected in so much time."""
        return self._world.transactions_per_day * length_ms / DAY_MS * self._schedule.honest_share

    def _honest(self, start_ms: int, end_ms: int) -> Rows:
        outings = self._payments(end_ms - start_ms)
        if self._world.steady:  # new outings fill up what earlier ones leave: the rate is right from the first second
            outings = max(0.0, outings - int((self._later.at_ms < end_ms).sum()))
        else:
            outings /= PAYMENTS_PER_OUTING
        new = self._habits.between(start_ms, end_ms, outings, steady=self._world.steady)
        rows = Rows.joined([self._later, new])
        now = rows.at_ms < end_ms
        self._later = rows.take(~now)
        rows = rows.take(now)
        return rows.take(np.argsort(rows.at_ms, kind="stable"))

    def _merged(self, honest: Rows, drafts: list[Draft]) -> Iterator[SimulatedTransaction]:
        draft_ms = np.array([draft.at_ms for draft in drafts], np.int64)
        rank = np.arange(len(honest)) + np.searchsorted(draft_ms, honest.at_ms, side="left") + self._made
        draft_rank = np.arange(len(drafts)) + np.searchsorted(honest.at_ms, draft_ms, side="right") + self._made
        self._made += len(honest) + len(drafts)
        prefix = self._world.run_id
        ids = [f"{prefix}-{number:09d}" for number in rank.tolist()]
        stories = zip(draft_rank.tolist(), drafts, strict=True)
        number, draft = next(stories, (None, None))
        for place, simulated in zip(rank.tolist(), rendered(honest, ids, self._population), strict=True):
            while draft is not None and number is not None and number < place:
                yield _told(draft, f"{prefix}-{number:09d}")
                number, draft = next(stories, (None, None))
            yield simulated
        while draft is not None:
            yield _told(draft, f"{prefix}-{number:09d}")
            number, draft = next(stories, (None, None))


def _told(draft: Draft, transaction_id: str) -> SimulatedTransaction:
    transaction = Transaction(transaction_id=transaction_id, timestamp=time_of(draft.at_ms), **draft.fields)
    return SimulatedTransaction(transaction, draft.fraud, draft.typology)
