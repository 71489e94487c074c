"""A live stream: the world at the pace of the wall clock, each transaction handed out when its time has come."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Protocol

from training.simulator.rows import SimulatedTransaction, time_of
from training.simulator.world import DEFAULT_SEED, Run, World, accounts_for

RATE_MAX = 50_000.0  # transactions a second; about what one core can make
LAG_MS_MAX = 5_000  # further behind the clock (a machine that slept, Kafka away) the time in between is left out
_TICK_S = 0.02  # what is due within it goes together
_BLOCK_TRANSACTIONS = 2_000  # made at once: some tens of milliseconds
_BLOCK_MS_MIN, _BLOCK_MS_MAX = 200, 5_000


class Clock(Protocol):
    """The wall clock, or a test's."""

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC."""

    async def sleep(self, seconds: float) -> bool:
        """Wait. False, at once, when the stream shall end."""


def live_world(
    rate: float,
    start_ms: int,
    run_id: str,
    *,
    seed: int = DEFAULT_SEED,
    fraud_share: float = 0.01,
    accounts: int | None = None,
) -> World:
    """A world that makes `rate` transactions a second from `start_ms` on, day and night.

    By default it has as many accounts as make this rate at three payments a day each, as in the training data.
    With fewer (`accounts`) each one pays more often than people do. Raises ValueError for a rate out of range.
    """
    if not 0 < rate <= RATE_MAX:
        raise ValueError(f"the rate must lie above 0 and at or below {RATE_MAX:,.0f} transactions a second")
    return World(
        seed=seed,
        accounts=accounts or accounts_for(rate * 86_400, 1.0),
        start=time_of(start_ms).astimezone(UTC),
        run_id=run_id,
        fraud_share=fraud_share,
        steady=True,
        opening=True,
        rate=rate,
    )


async def stream(world: World, clock: Clock, *, end_ms: int | None = None) -> AsyncIterator[list[SimulatedTransaction]]:
    """What is due, as soon as it is due, in event-time order; lists are never empty. Ends at event time `end_ms`.

    Event times are the wall clock's; a consumer that is slower than the stream falls behind by `LAG_MS_MAX` at most.
    """
    due: list[SimulatedTransaction] = []
    until_ms = clock.now_ms()
    for item in _endless(Run(world), world, clock, end_ms):
        at_ms = item.transaction.event_time_ms
        while at_ms > until_ms:
            if due:
                yield due
                due = []
            until_ms = clock.now_ms()
            if at_ms > until_ms:
                if not await clock.sleep(max((at_ms - until_ms) / 1000, _TICK_S)):
                    return
                until_ms = clock.now_ms()
        due.append(item)
    if due:
        yield due


def _endless(run: Run, world: World, clock: Clock, end_ms: int | None) -> Iterator[SimulatedTransaction]:
    length_ms = int(min(max(_BLOCK_TRANSACTIONS / world.transactions_per_second * 1000, _BLOCK_MS_MIN), _BLOCK_MS_MAX))
    while end_ms is None or run.next_ms < end_ms:
        if clock.now_ms() - run.next_ms > LAG_MS_MAX:
            run.skip_to(clock.now_ms())
        yield from run.block(length_ms if end_ms is None else min(length_ms, end_ms - run.next_ms))


def new_run_id(now: datetime, token: str) -> str:
    """A readable id that no other run has: when it began, and a random token for two in one second."""
    return f"run-{now:%Y%m%d-%H%M%S}-{token}"
