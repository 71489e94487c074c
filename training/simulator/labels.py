"""What becomes known later: a label for every fraud, and for some honest payments, days after the fact."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from hashlib import blake2b
from heapq import heappop, heappush
from random import Random

from contracts.label import Label
from training.simulator.rows import SimulatedTransaction

HONEST_LABELLED_SHARE = 0.03  # disputes that came to nothing, alerts that an analyst closed
_REVISED_SHARE = 0.06  # of the labels: first told wrong, then corrected
_DELAY_MEDIAN_DAYS, _DELAY_SIGMA = 6.0, 0.75  # 92 % lie between 1.5 and 20 days
_DELAY_DAYS_MIN, _DELAY_DAYS_MAX = 0.5, 45.0
_SOURCES = ("chargeback", "chargeback", "customer", "analyst")


def labels_of(simulated: Iterable[SimulatedTransaction], *, day_s: float = 86_400.0) -> Iterator[Label]:
    """The labels of the given transactions, ordered by `known_at`; the last revision is the truth.

    A function of each transaction's id and truth alone. `day_s` is how long a day of delay lasts: a live
    stream shortens it, so that labels come while somebody watches.
    """
    waiting: list[tuple[float, int, Label]] = []
    made = 0
    for item in simulated:
        now = item.transaction.timestamp.timestamp()
        while waiting and waiting[0][0] <= now:
            yield heappop(waiting)[2]
        for label in labels_for(item, day_s=day_s):
            made += 1
            heappush(waiting, (label.known_at.timestamp(), made, label))
    while waiting:
        yield heappop(waiting)[2]


def labels_for(item: SimulatedTransaction, *, day_s: float = 86_400.0) -> list[Label]:
    """No, one, or (when the first was wrong) two labels of one transaction, in order of revision."""
    transaction = item.transaction
    random = Random(transaction.transaction_id) if item.fraud else _lot(transaction.transaction_id)
    if random is None:
        return []
    known_at = transaction.timestamp + timedelta(seconds=_delay_days(random) * day_s)
    source = random.choice(_SOURCES)
    wrong_first = random.random() < _REVISED_SHARE
    first = Label(
        transaction_id=transaction.transaction_id,
        client_id=transaction.client_id,
        fraud=item.fraud != wrong_first,
        known_at=known_at,
        source=source,
    )
    if not wrong_first:
        return [first]
    corrected_at = known_at + timedelta(seconds=_delay_days(random) * day_s)
    second = Label(
        transaction_id=transaction.transaction_id,
        client_id=transaction.client_id,
        fraud=item.fraud,
        known_at=corrected_at,
        source="analyst",
        revision=1,
    )
    return [first, second]


def _delay_days(random: Random) -> float:
    drawn = _DELAY_MEDIAN_DAYS * random.lognormvariate(0.0, _DELAY_SIGMA)
    return round(min(max(drawn, _DELAY_DAYS_MIN), _DELAY_DAYS_MAX), 4)


def _lot(transaction_id: str) -> Random | None:
    """A generator for the honest payments that get a label, None for the others."""
    drawn = int.from_bytes(blake2b(transaction_id.encode(), digest_size=4).digest(), "little") / 2**32
    return Random(transaction_id) if drawn < HONEST_LABELLED_SHARE else None
