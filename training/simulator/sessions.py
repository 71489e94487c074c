"""A demo's sessions: known people pay far more often than people do, so that there is something to watch."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from training.simulator.rows import SimulatedTransaction
from training.simulator.world import World, simulate

PAYMENTS_PER_ACCOUNT_DAY = 225.0  # a payment a second of some four hundred people
DAILY_SHARE = 0.3  # payments of the daily sessions, for each one of the days around them
_FIRST_HOUR, _HOURS_LATER = 9, 7  # each day at another hour: 7 and 24 have no common divisor


def session(
    world: World, start: datetime, count: int, run_id: str, *, accounts: int | None = None
) -> Iterator[SimulatedTransaction]:
    """`count` payments from `start` on, at a session's pace, of the first `accounts` of a world's people."""
    accounts = min(accounts or world.accounts, world.accounts)
    rate = accounts * PAYMENTS_PER_ACCOUNT_DAY / 86_400
    return islice(
        simulate(replace(world, start=start, run_id=run_id, steady=True, accounts=accounts, rate=rate)), count
    )


def daily_sessions(world: World, days: int) -> list[Iterator[SimulatedTransaction]]:
    """A session a day for `days` from the world's start on: some minutes each, `DAILY_SHARE` of a day's payments."""
    count = round(world.transactions_per_day * DAILY_SHARE)
    starts = (world.start + timedelta(days=day, hours=(_FIRST_HOUR + _HOURS_LATER * day) % 24) for day in range(days))
    return [session(world, start, count, f"{world.run_id}-live-{day}") for day, start in enumerate(starts, 1)]
