"""An account's norm: what its payments were like before the first alert. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from statistics import fmean, median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from contracts.transaction import Kind, Transaction, decode_transaction
from storage.related import Activity

COMMON_MAX = 5  # devices, places, merchants named


class Amounts(NamedTuple):
    """Of one currency, in major units."""

    currency: str | None
    payments: int
    mean: float
    median: float
    largest: float


class Common(NamedTuple):
    """A value and in how many payments it stood."""

    value: str
    payments: int


class Norm(NamedTuple):
    """`hours` are payments by hour of the day, 24 of them; the common ones come with the commonest first."""

    payments: int
    from_ms: int | None
    amounts: list[Amounts]
    hours: list[int]
    places: list[Common]
    devices: list[Common]
    merchants: list[Common]


def norm_of(activities: Iterable[Activity], before_ms: int, zone: ZoneInfo) -> Norm:
    """Of the payments before a moment that raised no alert; hours are those of the clock in `zone`."""
    payments = [
        activity
        for activity in activities
        if activity.kind == Kind.PAYMENT and activity.event_time_ms < before_ms and activity.alert_id is None
    ]
    by_currency: dict[str | None, list[float]] = defaultdict(list)
    for payment in payments:
        by_currency[payment.currency].append(payment.amount)
    hours = Counter(datetime.fromtimestamp(p.event_time_ms / 1000, zone).hour for p in payments)
    return Norm(
        payments=len(payments),
        from_ms=min((payment.event_time_ms for payment in payments), default=None),
        amounts=[
            Amounts(currency, len(amounts), fmean(amounts), median(amounts), max(amounts))
            for currency, amounts in sorted(by_currency.items(), key=lambda item: -len(item[1]))
        ],
        hours=[hours[hour] for hour in range(24)],
        places=_common([place_of(payment.body) for payment in payments]),
        devices=_common([payment.device_id for payment in payments]),
        merchants=_common([payment.merchant_id for payment in payments]),
    )


def place_of(body: bytes | None) -> str | None:
    """Where a payment was made, as its message says: place, else country."""
    transaction = decode_transaction(body)
    return (transaction.location or transaction.country) if isinstance(transaction, Transaction) else None


def _common(values: Sequence[str | None]) -> list[Common]:
    counted = Counter(value for value in values if value is not None)
    return [Common(*item) for item in counted.most_common(COMMON_MAX)]
