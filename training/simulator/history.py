"""The transactions that a first model learns from: weeks of a small world, and hours of live streams laid into them.

A model has to know three ways in which payments come. Most come as people pay, three times a day. In a demo, the same
people pay hundreds of times a day for some hours, so that somebody who watches sees something. And a new installation
starts cold: for its first hours nearly every account, shop and address is new to it. A world of some thousand accounts
over forty days shows that only on its first day.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice
from math import ceil

from training.simulator.rows import SimulatedTransaction
from training.simulator.sessions import DAILY_SHARE, PAYMENTS_PER_ACCOUNT_DAY, daily_sessions, session
from training.simulator.world import DEFAULT_DAYS, DEFAULT_SEED, DEFAULT_START, World, accounts_for, simulate

_COLD_RATE = 20.0  # transactions a second, as a payment system that is switched over might send
_COLD_SHARE = 0.06  # of all transactions
# Of the period, and the hour of that day (UTC): a stream may start at any. Any split in time has some on both sides.
_COLD_AT = ((0.15, 9), (0.32, 18), (0.47, 13), (0.65, 23), (0.75, 11), (0.9, 15))
_LONG_SHARE = 0.14
_LONG_AT = ((0.1, 8), (0.2, 16), (0.3, 22), (0.42, 12), (0.52, 4), (0.62, 19), (0.88, 10))
_LONG_HOURS = (4, 12, 24, 8, 16, 2, 6)


def training_transactions(
    count: int,
    *,
    seed: int = DEFAULT_SEED,
    start: datetime = DEFAULT_START,
    days: float = DEFAULT_DAYS,
    fraud_share: float = 0.01,
) -> Iterator[SimulatedTransaction]:
    """`count` transactions over about `days` days, in event-time order: most of them one world's history with a short
    session a day, the rest long sessions of some of its people, and cold streams of strangers.
    """
    cold, long = int(count * _COLD_SHARE / len(_COLD_AT)), int(count * _LONG_SHARE / len(_LONG_AT))
    daily_count = count - cold * len(_COLD_AT) - long * len(_LONG_AT)
    accounts = accounts_for(daily_count / (1 + DAILY_SHARE), days)
    world = World(seed, accounts, start, run_id=f"history-{seed}", fraud_share=fraud_share)

    def moment(part: float, hour: int) -> datetime:
        return (start + timedelta(days=days * part)).replace(hour=hour, minute=0, second=0, microsecond=0)

    daily = merge(simulate(world), *daily_sessions(world, ceil(days)), key=_when)
    streams: list[Iterator[SimulatedTransaction]] = [islice(daily, daily_count)]
    for number, ((part, hour), hours) in enumerate(zip(_LONG_AT, _LONG_HOURS, strict=True), 1):
        some = max(1, round(long / hours * 24 / PAYMENTS_PER_ACCOUNT_DAY))
        streams.append(session(world, moment(part, hour), long, f"long{number}-{seed}", accounts=some))
    for number, (part, hour) in enumerate(_COLD_AT, 1):
        strangers = World(
            seed=seed + 1_000_003 * number,
            accounts=accounts_for(_COLD_RATE * 86_400, 1),
            start=moment(part, hour),
            run_id=f"cold{number}-{seed}",
            fraud_share=fraud_share,
            steady=True,
        )
        streams.append(islice(simulate(strangers), cold))
    return merge(*streams, key=_when)


def _when(item: SimulatedTransaction) -> datetime:
    return item.transaction.timestamp
