"""One plain sentence for every feature of the catalogue, with the value and, where there is one, the norm."""

import math
from collections.abc import Callable
from typing import NamedTuple

from features.catalogue import FEATURE_INDEX, FEATURES, Feature, Statistic
from features.plan import Entity
from scoring import wording
from scoring.norms import Row
from scoring.wording import Money


class Subject(NamedTuple):
    """What a sentence speaks of. `value` is NaN where it is missing; `row` is the whole vector.

    `event_time_ms` tells which time zone a local time of day is in; None where the instant is not at hand.
    """

    feature: Feature
    value: float
    norm: float | None
    row: Row
    money: Money
    event_time_ms: int | None = None

    def at(self, name: str) -> float:
        return self.row[FEATURE_INDEX[name]]

    @property
    def missing(self) -> bool:
        return math.isnan(self.value)

    @property
    def entity(self) -> Entity:
        assert self.feature.entity is not None
        return self.feature.entity

    @property
    def noun(self) -> str:
        return _NOUNS[self.entity]

    @property
    def span(self) -> str:
        assert self.feature.window is not None
        return wording.window(self.feature.window)


Sentence = Callable[[Subject], str]

_NOUNS = {
    Entity.ACCOUNT: "account",
    Entity.DEVICE: "device",
    Entity.IP: "IP address",
    Entity.MERCHANT: "merchant",
    Entity.BENEFICIARY: "beneficiary",
}
_PREPOSITIONS = {
    Entity.ACCOUNT: "by",
    Entity.DEVICE: "from",
    Entity.IP: "from",
    Entity.MERCHANT: "at",
    Entity.BENEFICIARY: "to",
}
_MISSING_WITHOUT_PAYMENTS = (
    *(Statistic.MEAN, Statistic.STD, Statistic.MAX, Statistic.SINCE_LAST),
    *(Statistic.FRAUD_RUN_DAYS, Statistic.FRAUD_RUN_MEAN),
)


def sentence(subject: Subject) -> str:
    """The sentence; without a final stop, starting in lower case, never with a missing number in it."""
    if subject.feature.statistic is Statistic.EVENT:
        return _EVENT[subject.feature.name](subject)
    if subject.missing and not (subject.feature.statistic in _MISSING_WITHOUT_PAYMENTS and _is_named(subject)):
        return f"the payment names no {subject.noun}"
    return _STATISTICS[subject.feature.statistic](subject)


def _is_named(subject: Subject) -> bool:
    return not math.isnan(subject.at(f"{subject.entity.name.lower()}_count_30d"))


def _of(subject: Subject) -> str:
    return f"{_PREPOSITIONS[subject.entity]} this {subject.noun}"


def _count(s: Subject) -> str:
    where = "" if s.entity is Entity.ACCOUNT and s.value else f" {_of(s)}"
    text = f"{wording.counted(s.value, 'payment')}{where} in {s.span}"
    return text if s.norm is None else f"{text}; this {s.noun}'s usual is {wording.usual(s.norm)}"


def _sum(s: Subject) -> str:
    if s.value == 0:
        return f"nothing paid {_of(s)} in {s.span}"
    text = f"{s.money.text(s.value)} paid {_of(s)} in {s.span}"
    return text if s.norm is None else f"{text}; its usual is {s.money.text(s.norm)}"


def _money_statistic(opening: str) -> Sentence:
    def text(s: Subject) -> str:
        if s.missing:
            return f"no earlier payment {_of(s)} in {s.span}"
        start = f"{opening} {_of(s)} in {s.span} is {s.money.text(s.value)}"
        return start if s.norm is None else f"{start}; over 30 days it is {s.money.text(s.norm)}"

    return text


def _attempts(singular: str, plural: str) -> Sentence:
    def text(s: Subject) -> str:
        start = f"{wording.counted(s.value, singular, plural)} {_of(s)} in {s.span}"
        return start if s.norm is None or s.value == 0 else f"{start}; its usual is {wording.usual(s.norm)}"

    return text


def _distinct(singular: str, plural: str) -> Sentence:
    def text(s: Subject) -> str:
        seen = wording.counted(s.value, singular, plural)
        start = f"{seen} seen with this {s.noun} in {s.span}"
        return start if s.norm is None else f"{start}, {wording.counted(s.norm, singular, plural)} in 30 days"

    return text


def _since_last(s: Subject) -> str:
    if s.missing:
        return f"no earlier activity {_of(s)}"
    text = f"{wording.span(s.value)} since the last activity {_of(s)}"
    return text if s.norm is None else f"{text}; its usual gap is {wording.span(s.norm)}"


def _fraud_share(s: Subject) -> str:
    if s.value == 0:
        return f"no confirmed fraud {_of(s)} in the {s.span} for which labels are known"
    text = f"{wording.share(s.value)} of the payments {_of(s)} were confirmed fraud in {s.span}"
    return text if s.norm is None else f"{text}, {wording.share(s.norm)} in 30 days"


def _fraud_run(s: Subject) -> str:
    count, days, mean = (s.at(f"merchant_{name}") for name in ("fraud_run", "fraud_run_days", "fraud_run_mean"))
    if not (count >= 1 and math.isfinite(days) and math.isfinite(mean)):
        return f"the newest payments {_of(s)} with known labels are not all fraud"
    ago, paid = wording.counted(max(round(days), 1), "day"), s.money.text(mean)
    if round(count) == 1:
        return f"the newest payment {_of(s)} with a known label was confirmed fraud, {ago} ago, of {paid}"
    start = f"the newest {round(count):,} payments {_of(s)} with known labels were all confirmed fraud"
    return f"{start}; the first is {ago} ago, their mean {paid}"


def _amount(s: Subject) -> str:
    if math.isnan(s.at("amount")):
        return "the amount is not known"
    amount, mean = s.money.text(s.at("amount")), s.at("account_mean_30d")
    if math.isnan(mean):
        return f"the amount is {amount}; this account has no payment in 30 days to compare it with"
    return f"the amount is {amount}; this account's usual is {s.money.text(mean)}"


def _amount_round(s: Subject) -> str:
    level = 0 if s.missing else round(s.value)
    return f"the amount is a multiple of {10**level:,}" if level else "the amount is not a round number"


def _zscore(s: Subject) -> str:
    if s.missing:
        return "this account's payments of 30 days are too few, or too equal, to compare the amount with"
    side = "above" if s.value >= 0 else "below"
    number = f"{abs(s.value):,.1f}".removesuffix(".0")
    unit = "standard deviation" if number == "1" else "standard deviations"
    return f"the amount is {number} {unit} {side} this account's mean of 30 days"


def _to(what: str) -> Sentence:
    def text(s: Subject) -> str:
        if s.missing:
            return "this account has no payment in 30 days to compare the amount with"
        return f"the amount is {wording.ratio(s.value)} this account's {what} of 30 days"

    return text


def _new(noun: str, preposition: str) -> Sentence:
    def text(s: Subject) -> str:
        if s.missing:
            return f"the payment names no {noun}"
        if s.value:
            return f"first payment {preposition} this {noun}"
        return f"this account has paid {preposition} this {noun} before"

    return text


def _distance(s: Subject) -> str:
    if s.missing:
        return "no earlier place of this account to compare this one with"
    if s.value < 1:
        return "at this account's last place"
    return f"{s.value:,.0f} km from the last place"


def _speed(s: Subject) -> str:
    distance = s.at("distance_km")
    if s.missing or math.isnan(distance) or distance < 1:
        return _distance(s._replace(value=distance))
    took = wording.span(distance / s.value * 3600) if s.value > 0 else "a long time"
    return f"{distance:,.0f} km from the last place in {took}, a speed of {s.value:,.0f} km/h"


def _hour(s: Subject) -> str:
    if s.missing:
        return "the time of day is not known"
    zone = wording.utc_offset(s.value, s.event_time_ms) if s.event_time_ms is not None else None
    return f"paid at {wording.clock(s.value)} {zone or 'local time'}"


def _either(yes: str, no: str) -> Sentence:
    return lambda s: yes if s.value == 1 else no


_STATISTICS: dict[Statistic, Sentence] = {
    Statistic.COUNT: _count,
    Statistic.SUM: _sum,
    Statistic.MEAN: _money_statistic("the mean payment"),
    Statistic.STD: _money_statistic("the standard deviation of payments"),
    Statistic.MAX: _money_statistic("the largest payment"),
    Statistic.DECLINED_COUNT: _attempts("declined attempt", "declined attempts"),
    Statistic.REVERSED_COUNT: _attempts("refund or reversal", "refunds and reversals"),
    Statistic.DISTINCT_DEVICES: _distinct("device", "devices"),
    Statistic.DISTINCT_MERCHANTS: _distinct("merchant", "merchants"),
    Statistic.DISTINCT_COUNTRIES: _distinct("country", "countries"),
    Statistic.DISTINCT_ACCOUNTS: _distinct("account", "accounts"),
    Statistic.SINCE_LAST: _since_last,
    Statistic.FRAUD_SHARE: _fraud_share,
    Statistic.FRAUD_RUN: _fraud_run,
    Statistic.FRAUD_RUN_DAYS: _fraud_run,
    Statistic.FRAUD_RUN_MEAN: _fraud_run,
}
_EVENT: dict[str, Sentence] = {
    "amount": _amount,
    "amount_log": _amount,
    "amount_round": _amount_round,
    "amount_zscore_30d": _zscore,
    "amount_to_mean_30d": _to("mean payment"),
    "amount_to_max_30d": _to("largest payment"),
    "new_device": _new("device", "from"),
    "new_merchant": _new("merchant", "at"),
    "new_beneficiary": _new("beneficiary", "to"),
    "new_country": _new("country", "from"),
    "distance_km": _distance,
    "speed_kmh": _speed,
    "hour": _hour,
    "night": _either("paid at night, between 22:00 and 06:00", "paid by day, between 06:00 and 22:00"),
    "weekend": _either("paid at the weekend", "paid on a working day"),
}
assert {f.name for f in FEATURES if f.statistic is Statistic.EVENT} == set(_EVENT)
