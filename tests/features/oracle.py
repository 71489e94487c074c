"""The naive oracle: keeps every event and computes each feature from docs/FEATURES.md alone, one function a family.

It shares no code with the kernel. Slow on purpose: what it says can be checked by reading.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from contracts.label import ForwardedLabel
from contracts.transaction import Kind, Transaction
from tests.features.oracle_event import AMOUNT_SCALE, DAY_MS, HOUR_MS, PLACE_SCALE, OracleEvent, Surroundings, event_of
from tests.features.oracle_history import LIST_LENGTHS, MONTH_MS, RING_KINDS, WIDEST_TILE_MS, WINDOWS_MS, Field, History

ENTITY_KINDS = ("account", "device", "ip", "merchant", "beneficiary")
RISK_KINDS = ("account", "merchant")
RISK_WINDOWS_MS = {"1d": DAY_MS, "7d": 7 * DAY_MS, "30d": 30 * DAY_MS}
LABEL_DELAY_MS = 7 * DAY_MS
EARTH_RADIUS_KM = 6371.0088
ELAPSED_MIN_MS = 60_000
MISSING = math.nan

Features = dict[str, float]
ValueOf = Callable[[OracleEvent], str | None]


def _entity(kind: str) -> ValueOf:
    return lambda event: event.entities.get(kind)


# What each entity's lists hold: plural in the feature's name -> the value. An account's lists also answer "new".
LISTS: dict[str, dict[str, ValueOf]] = {
    "account": {
        "devices": _entity("device"),
        "merchants": _entity("merchant"),
        "beneficiaries": _entity("beneficiary"),
        "countries": lambda event: event.country,
    },
    "device": {"accounts": _entity("account")},
    "ip": {"accounts": _entity("account")},
    "merchant": {},
    "beneficiary": {"accounts": _entity("account")},
}
NEW = {
    "new_device": "devices",
    "new_merchant": "merchants",
    "new_beneficiary": "beneficiaries",
    "new_country": "countries",
}


@dataclass(frozen=True)
class Seen:
    """The oracle's answer for one event; `late` names the entities for which it came more than an hour late."""

    features: Features
    late: frozenset[str]
    ring_full: bool
    list_full: bool


@dataclass(frozen=True)
class LabelChange:
    time: int
    counts_from: int
    change: int


class Oracle:
    """Feed it the log in order: `see` (features, then remember), `remember` (only), `label`."""

    def __init__(self, world: Surroundings, hash_of_value: Callable[[str, int, str], int]) -> None:
        """`hash_of_value(plural, client, value)` orders list entries with equal times; nothing else depends on it."""
        self._world = world
        self._hash_of_value = hash_of_value
        self._events: dict[tuple[str, int, str], list[OracleEvent]] = defaultdict(list)
        self._labels: dict[tuple[str, int, str], list[LabelChange]] = defaultdict(list)

    def see(self, transaction: Transaction) -> Seen:
        event = event_of(transaction, self._world)
        histories = {
            kind: History(kind, self._events.get((kind, event.client, name), ()))
            for kind, name in event.entities.items()
        }
        seen = Seen(
            features=self._features(event, histories),
            late=frozenset(kind for kind, history in histories.items() if history.is_late(event.time)),
            ring_full=any(history.ring_is_full for history in histories.values()),
            list_full=any(self._a_list_is_full(event.client, history) for history in histories.values()),
        )
        self._keep(event)
        return seen

    def remember(self, transaction: Transaction) -> None:
        self._keep(event_of(transaction, self._world))

    def label(self, label: ForwardedLabel) -> None:
        """A label's change goes to its account and its merchant."""
        counts_from = -(-label.effective_ms // HOUR_MS) * HOUR_MS
        change = LabelChange(label.event_time_ms, counts_from, label.change)
        self._labels["account", label.client_id, label.account].append(change)
        if label.merchant_id is not None:
            self._labels["merchant", label.client_id, label.merchant_id].append(change)

    def _keep(self, event: OracleEvent) -> None:
        for kind, name in event.entities.items():
            self._events[kind, event.client, name].append(event)

    def _features(self, event: OracleEvent, histories: dict[str, History]) -> Features:
        account = histories["account"]
        features = of_amount(event) | of_clock(event) | of_journey(event, account) | of_norm(event, account)
        features |= self._of_novelty(event, account)
        for kind in ENTITY_KINDS:
            history = histories.get(kind)
            for span, window in WINDOWS_MS.items():
                features |= of_window(kind, span, window, event, history)
                features |= self._of_distinct(kind, span, window, event, history)
            features[f"{kind}_since_last_s"] = since_last_s(event, history)
        for kind in RISK_KINDS:
            for span, window in RISK_WINDOWS_MS.items():
                features[f"{kind}_fraud_share_{span}"] = self._fraud_share(event, histories.get(kind), window)
        features |= self._fraud_run(event, histories.get("merchant"))
        return features

    def _fields(self, kind: str, client: int) -> list[Field]:
        return [
            Field(plural, value_of, partial(self._hash_of_value, plural, client))
            for plural, value_of in LISTS[kind].items()
        ]

    def _a_list_is_full(self, client: int, history: History) -> bool:
        fields = self._fields(history.kind, client)
        return any(len(history.last_seen(field)) == LIST_LENGTHS[history.kind] for field in fields)

    def _of_novelty(self, event: OracleEvent, account: History) -> Features:
        fields = {field.plural: field for field in self._fields("account", event.client)}
        features = {}
        for name, plural in NEW.items():
            value = fields[plural].value_of(event)
            last = account.last_seen(fields[plural])
            known = value in last and last[value] > event.time - MONTH_MS
            features[name] = MISSING if value is None else float(not known)
        return features

    def _of_distinct(self, kind: str, span: str, window: int, event: OracleEvent, history: History | None) -> Features:
        features = {}
        for field in self._fields(kind, event.client):
            count = MISSING if history is None else float(history.distinct(event.time, window, field))
            features[f"{kind}_distinct_{field.plural}_{span}"] = count
        return features

    def _fraud_share(self, event: OracleEvent, history: History | None, window: int) -> float:
        """Confirmed fraud / payments in (t − d − w, t − d], both in tiles of 6 h."""
        if history is None:
            return MISSING
        upper = event.time - LABEL_DELAY_MS
        payments = sum(e.is_payment for e in history.in_tiles(history.events, upper, window, WIDEST_TILE_MS))
        if payments == 0:
            return 0.0
        labels = self._labels.get((history.kind, event.client, event.entities[history.kind]), ())
        first, last = (upper - window + 1) // WIDEST_TILE_MS, upper // WIDEST_TILE_MS
        fraud = sum(
            label.change
            for label in labels
            if first <= label.time // WIDEST_TILE_MS <= last and label.counts_from <= event.time
        )
        return float(min(max(Fraction(fraud, payments), Fraction(0)), Fraction(1)))

    def _fraud_run(self, event: OracleEvent, history: History | None) -> Features:
        """The newest payments in tiles that ended by t − d, tile by tile while all of a tile are confirmed fraud."""
        names = ("merchant_fraud_run", "merchant_fraud_run_days", "merchant_fraud_run_mean")
        if history is None:
            return dict.fromkeys(names, MISSING)
        upper = event.time - LABEL_DELAY_MS
        tiles: dict[int, list[int]] = defaultdict(list)
        for earlier in history.in_tiles(history.events, upper, max(RISK_WINDOWS_MS.values()), WIDEST_TILE_MS):
            tile = earlier.time // WIDEST_TILE_MS
            if earlier.is_payment and (tile + 1) * WIDEST_TILE_MS <= upper:
                tiles[tile].append(earlier.amount)
        run: list[int] = []
        began = event.time
        for tile in sorted(tiles, reverse=True):
            labels = self._labels.get(("merchant", event.client, event.entities["merchant"]), ())
            known = [label for label in labels if label.counts_from <= event.time]
            if sum(label.change for label in known if label.time // WIDEST_TILE_MS == tile) < len(tiles[tile]):
                break
            run += tiles[tile]
            began = tile * WIDEST_TILE_MS
        if not run:
            return dict(zip(names, (0.0, MISSING, MISSING), strict=True))
        return dict(zip(names, (float(len(run)), (event.time - began) / DAY_MS, mean(run)), strict=True))


def base_units(ten_thousandths: int | Fraction) -> float:
    return float(Fraction(ten_thousandths) / AMOUNT_SCALE)


def of_amount(event: OracleEvent) -> Features:
    amount = base_units(event.amount)
    return {"amount": amount, "amount_log": math.log1p(amount), "amount_round": float(event.round_units)}


def of_clock(event: OracleEvent) -> Features:
    local = event.local
    return {
        "hour": local.hour + local.minute / 60,
        "night": float(local.hour >= 22 or local.hour < 6),
        "weekend": float(local.weekday() >= 5),
    }


def of_window(kind: str, span: str, window: int, event: OracleEvent, history: History | None) -> Features:
    names = ("count", "sum", "mean", "std", "max", "declined_count", "reversed_count")
    if history is None:
        return {f"{kind}_{name}_{span}": MISSING for name in names}
    events = history.in_window(event.time, window)
    amounts = [e.amount for e in events if e.is_payment]
    values = (
        float(len(amounts)),
        base_units(sum(amounts)),
        mean(amounts),
        population_std(amounts),
        base_units(max(amounts)) if amounts else MISSING,
        float(sum(e.kind is Kind.DECLINED for e in events)),
        float(sum(e.kind in (Kind.REFUND, Kind.REVERSAL) for e in events)),
    )
    return {f"{kind}_{name}_{span}": value for name, value in zip(names, values, strict=True)}


def mean(amounts: Sequence[int]) -> float:
    return base_units(Fraction(sum(amounts), len(amounts))) if amounts else MISSING


def population_std(amounts: Sequence[int]) -> float:
    """`sqrt(n·Σa² − (Σa)²) / n`."""
    n = len(amounts)
    if n == 0:
        return MISSING
    numerator = n * sum(a * a for a in amounts) - sum(amounts) ** 2
    return math.sqrt(numerator) / n / AMOUNT_SCALE


def of_norm(event: OracleEvent, account: History) -> Features:
    """The amount against the account's payments of 30 d; the exact difference is rounded only once."""
    amounts = [e.amount for e in account.in_window(event.time, MONTH_MS) if e.is_payment]
    features = {"amount_zscore_30d": MISSING, "amount_to_mean_30d": MISSING, "amount_to_max_30d": MISSING}
    if not amounts:
        return features
    average, deviation = Fraction(sum(amounts), len(amounts)), population_std(amounts)
    if deviation > 0:
        features["amount_zscore_30d"] = base_units(event.amount - average) / deviation
    if average > 0:
        features["amount_to_mean_30d"] = float(event.amount / average)
        features["amount_to_max_30d"] = float(Fraction(event.amount, max(amounts)))
    return features


def since_last_s(event: OracleEvent, history: History | None) -> float:
    """With a ring: from its newest event not after t, or the newest one outside the ring."""
    if history is None or history.newest is None:
        return MISSING
    if history.kind not in RING_KINDS:
        return max(0, event.time - history.newest) / 1000
    times = [e.time for e in history.ring] + [e.time for e in history.outside_ring[:1]]
    past = [time for time in times if time <= event.time]
    return (event.time - max(past)) / 1000 if past else MISSING


def of_journey(event: OracleEvent, account: History) -> Features:
    """From the account's last place; of the places outside the ring only the newest is kept."""
    outside = [e for e in account.outside_ring if e.place is not None][:1]
    kept = [e for e in [*account.ring, *outside] if e.place is not None and e.time <= event.time]
    if event.place is None or not kept:
        return {"distance_km": MISSING, "speed_kmh": MISSING}
    last = max(kept, key=lambda e: e.rank)
    assert last.place is not None
    distance = great_circle_km(last.place, event.place)
    elapsed = max(event.time - last.time, ELAPSED_MIN_MS)
    return {"distance_km": distance, "speed_kmh": distance / (elapsed / HOUR_MS)}


def great_circle_km(one: tuple[int, int], other: tuple[int, int]) -> float:
    """Haversine on a sphere."""
    (lat1, lon1), (lat2, lon2) = (tuple(math.radians(x / PLACE_SCALE) for x in place) for place in (one, other))
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, h)))
