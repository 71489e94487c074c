"""Subscription tiers: how fast a client may call, and how many transactions a month it may have scored by calls."""

from dataclasses import dataclass
from typing import Literal

from limits import parse

from contracts.errors import SettingsError

TierName = Literal["starter", "growth", "enterprise"]
WINDOW_S = 10  # a tier's rate is counted over this long, so that a burst of so many seconds' requests is let through


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `amount` requests in each window of so many seconds."""

    amount: int
    window_s: int

    @classmethod
    def parse(cls, setting: str, name: str) -> "Rate":
        """From "600/minute" or "50 per 10 seconds". Raises SettingsError."""
        try:
            item = parse(setting)
        except ValueError as error:
            raise SettingsError(f'{name} is not like "600/minute": {setting!r}') from error
        if item.amount < 1:
            raise SettingsError(f"{name} allows nothing: {setting!r}")
        return cls(item.amount, item.get_expiry())


@dataclass(frozen=True, slots=True)
class Tier:
    """`quota` is of a calendar month (UTC); None: as many as come."""

    name: TierName
    rate: Rate
    quota: int | None


TIERS: dict[str, Tier] = {
    tier.name: tier
    for tier in (
        Tier("starter", Rate(10 * WINDOW_S, WINDOW_S), 10_000),
        Tier("growth", Rate(100 * WINDOW_S, WINDOW_S), 1_000_000),
        Tier("enterprise", Rate(1_000 * WINDOW_S, WINDOW_S), None),
    )
}
FREE_TIER: TierName = "starter"  # of who registers; the operator grants the others
TIER_WITHOUT_SUBSCRIPTION = TIERS["enterprise"]  # of a client that the operator made, the demo's too


def is_above(tier: str, other: str | None) -> bool:
    """Tell whether a tier allows more than another one; None is that of a client without a subscription."""
    order = list(TIERS)
    return order.index(tier) > order.index(tier_of(other).name)


def tier_of(name: str | None) -> Tier:
    """A stored tier; what no subscription says is not limited."""
    return TIERS.get(name or "", TIER_WITHOUT_SUBSCRIPTION)
