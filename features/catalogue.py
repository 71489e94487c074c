"""The feature catalogue: one declarative table; its hash goes into every model manifest."""

import hashlib
import math
from dataclasses import astuple, dataclass
from enum import StrEnum

from features.plan import DAY, ENTITIES, HOUR, PLAN, Entity, Plan, window_name

CATALOGUE_VERSION = 1  # raise it when a definition changes without a change in this table


class Statistic(StrEnum):
    """What is computed; with entity and window it names a feature."""

    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    STD = "std"
    MAX = "max"
    DECLINED_COUNT = "declined_count"
    REVERSED_COUNT = "reversed_count"
    DISTINCT_DEVICES = "distinct_devices"
    DISTINCT_MERCHANTS = "distinct_merchants"
    DISTINCT_COUNTRIES = "distinct_countries"
    DISTINCT_ACCOUNTS = "distinct_accounts"
    SINCE_LAST = "since_last_s"
    FRAUD_SHARE = "fraud_share"
    FRAUD_RUN = "fraud_run"
    FRAUD_RUN_DAYS = "fraud_run_days"
    FRAUD_RUN_MEAN = "fraud_run_mean"
    EVENT = "event"  # about the event itself, or the event against the account's norm


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the vector. `default` stands where nothing was counted; NaN means missing."""

    name: str
    statistic: Statistic
    entity: Entity | None
    window: int | None
    unit: str
    default: float
    meaning: str


_AGGREGATES = (
    (Statistic.COUNT, "payments", 0.0, "payments"),
    (Statistic.SUM, "base currency", 0.0, "sum of payments"),
    (Statistic.MEAN, "base currency", math.nan, "mean payment"),
    (Statistic.STD, "base currency", math.nan, "standard deviation of payments"),
    (Statistic.MAX, "base currency", math.nan, "largest payment"),
)
_DISTINCT = {
    Entity.ACCOUNT: (
        (Statistic.DISTINCT_DEVICES, "devices"),
        (Statistic.DISTINCT_MERCHANTS, "merchants"),
        (Statistic.DISTINCT_COUNTRIES, "countries"),
    ),
    Entity.DEVICE: ((Statistic.DISTINCT_ACCOUNTS, "accounts"),),
    Entity.IP: ((Statistic.DISTINCT_ACCOUNTS, "accounts"),),
    Entity.MERCHANT: (),
    Entity.BENEFICIARY: ((Statistic.DISTINCT_ACCOUNTS, "accounts"),),
}
_FRAUD_RUN = (
    (
        Statistic.FRAUD_RUN,
        "payments",
        0.0,
        "newest payments of the {who} with known labels that are all confirmed fraud",
    ),
    (Statistic.FRAUD_RUN_DAYS, "days", math.nan, "days since those payments of the {who} began"),
    (Statistic.FRAUD_RUN_MEAN, "base currency", math.nan, "mean of those payments of the {who}"),
)
_DECLINED_WINDOWS = (HOUR, DAY)
_REVERSED_WINDOWS = (DAY, 30 * DAY)
_EVENT_FEATURES = (
    ("amount", "base currency", "amount"),
    ("amount_log", "ln(1 + base currency)", "logarithm of the amount"),
    ("amount_round", "level 0-3", "how many of 10, 100, 1000 major units divide the amount"),
    ("amount_zscore_30d", "standard deviations", "distance of the amount from the account's 30 d mean"),
    ("amount_to_mean_30d", "ratio", "amount over the account's 30 d mean"),
    ("amount_to_max_30d", "ratio", "amount over the account's 30 d maximum"),
    ("new_device", "0 or 1", "device not seen for this account in the longest window"),
    ("new_merchant", "0 or 1", "merchant not seen for this account in the longest window"),
    ("new_beneficiary", "0 or 1", "beneficiary not seen for this account in the longest window"),
    ("new_country", "0 or 1", "country not seen for this account in the longest window"),
    ("distance_km", "km", "great-circle distance from the account's last place"),
    ("speed_kmh", "km/h", "speed needed since the account's last place"),
    ("hour", "hours", "time of day in the client's time zone"),
    ("night", "0 or 1", "between 22:00 and 06:00 in the client's time zone"),
    ("weekend", "0 or 1", "Saturday or Sunday in the client's time zone"),
)


def build_features(plan: Plan = PLAN) -> tuple[Feature, ...]:
    """The table for a plan, in vector order."""
    rows = [Feature(n, Statistic.EVENT, None, None, unit, math.nan, text) for n, unit, text in _EVENT_FEATURES]
    for entity in ENTITIES:
        rows += _entity_features(entity, plan)
    return tuple(rows)


def _entity_features(entity: Entity, plan: Plan) -> list[Feature]:
    who = entity.name.lower()
    rows = []
    for window in plan.windows:
        span = window_name(window)
        for statistic, unit, default, text in _AGGREGATES:
            rows.append(_windowed(who, statistic, entity, window, unit, default, f"{text} of the {who} in {span}"))
        for statistic, what in _DISTINCT[entity]:
            rows.append(_windowed(who, statistic, entity, window, what, 0.0, f"{what} seen with the {who} in {span}"))
        if window in _DECLINED_WINDOWS and entity is not Entity.BENEFICIARY:
            text = f"declined attempts of the {who} in {span}"
            rows.append(_windowed(who, Statistic.DECLINED_COUNT, entity, window, "attempts", 0.0, text))
        if window in _REVERSED_WINDOWS and entity is Entity.ACCOUNT:
            text = f"refunds and reversals of the {who} in {span}"
            rows.append(_windowed(who, Statistic.REVERSED_COUNT, entity, window, "events", 0.0, text))
    name = f"{who}_since_last_s"
    rows.append(
        Feature(name, Statistic.SINCE_LAST, entity, None, "s", math.nan, f"seconds since the {who}'s last event")
    )
    if entity in (Entity.ACCOUNT, Entity.MERCHANT):
        for window in plan.risk_windows:
            text = f"confirmed fraud over payments of the {who} in {_days(window)}, as known after the label delay"
            name = f"{who}_fraud_share_{_days(window)}"
            rows.append(Feature(name, Statistic.FRAUD_SHARE, entity, window, "share", 0.0, text))
    if entity is Entity.MERCHANT:
        longest = max(plan.risk_windows)
        for statistic, unit, default, text in _FRAUD_RUN:
            rows.append(Feature(f"{who}_{statistic}", statistic, entity, longest, unit, default, text.format(who=who)))
    return rows


def _windowed(
    who: str, statistic: Statistic, entity: Entity, window: int, unit: str, default: float, meaning: str
) -> Feature:
    return Feature(f"{who}_{statistic}_{window_name(window)}", statistic, entity, window, unit, default, meaning)


def _days(window: int) -> str:
    return f"{window // DAY}d"


def catalogue_hash(features: tuple[Feature, ...], plan: Plan) -> str:
    """Sixteen hex digits over every definition: order, names, windows, tiles, delay."""
    text = repr((CATALOGUE_VERSION, [tuple(map(str, astuple(f))) for f in features], astuple(plan)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


FEATURES = build_features()
FEATURE_NAMES = tuple(feature.name for feature in FEATURES)
FEATURE_INDEX = {name: i for i, name in enumerate(FEATURE_NAMES)}
CATALOGUE_HASH = catalogue_hash(FEATURES, PLAN)

# Along these, risk may only rise: training binds the model to it, so that more confirmed fraud, more declined attempts
# or more strangers on one device never lower a score. Not part of the hash: no vector depends on it.
_RISING = (Statistic.FRAUD_SHARE, Statistic.FRAUD_RUN, Statistic.DECLINED_COUNT, Statistic.DISTINCT_ACCOUNTS)
MONOTONE = frozenset(feature.name for feature in FEATURES if feature.statistic in _RISING)
