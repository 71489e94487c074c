"""The transactions that a first model learns from: weeks of a small world, and minutes of large new ones.

A live stream starts cold: for its first hours nearly every account, shop and address is new to Riskstream. A world
of two thousand accounts over forty days shows that only on its first day, so some stretches of live-like streams, each
over accounts that nobody has seen, are laid into it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice

from training.simulator.rows import SimulatedTransaction
from training.simulator.world import DEFAULT_DAYS, DEFAULT_SEED, DEFAULT_START, World, accounts_for, simulate

_COLD_SHARE = 0.25
_COLD_AT = (0.15, 0.32, 0.47, 0.65, 0.75, 0.9)  # of the period: any split in time has some on both sides
_COLD_RATE = 20.0  # transactions a second, as the demo's
_COLD_HOUR = (9, 18, 13, 23, 11, 15)  # of the day (UTC): a stream may start at any hour


def training_transactions(
    count: int,
    *,
    seed: int = DEFAULT_SEED,
    start: datetime = DEFAULT_START,
    days: float = DEFAULT_DAYS,
    fraud_share: float = 0.01,
) -> Iterator[SimulatedTransaction]:
    """`count` transactions over about `days` days, in event-time order: three quarters of one world's history,
    the rest from cold streams of other accounts.
    """
    cold_each = int(count * _COLD_SHARE / len(_COLD_AT))
    history_count = count - cold_each * len(_COLD_AT)
    history = World(seed, accounts_for(history_count, days), start, run_id=f"history-{seed}", fraud_share=fraud_share)
    streams = [islice(simulate(history), history_count)]
    for number, (part, hour) in enumerate(zip(_COLD_AT, _COLD_HOUR, strict=True)):
        day = (start + timedelta(days=days * part)).replace(hour=hour, minute=0, second=0, microsecond=0)
        world = World(
            seed=seed + 1_000_003 * (number + 1),
            accounts=accounts_for(_COLD_RATE * 86_400, 1),
            start=day,
            run_id=f"cold{number + 1}-{seed}",
            fraud_share=fraud_share,
            steady=True,
        )
        streams.append(islice(simulate(world), cold_each))
    return merge(*streams, key=_when)


def _when(item: SimulatedTransaction) -> datetime:
    return item.transaction.timestamp
