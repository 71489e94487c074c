"""Record types and the read-only tables that the compiled kernel works on."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.catalogue import FEATURES, Feature, Statistic
from features.plan import ENTITIES, HOUR, LATE_MAX, LIST_CAPACITY, PLAN, RINGED, Plan

NEVER = -(2**62)  # a time before all times; far enough from the int64 limit to subtract windows from it
ROLES = 4  # lists of last-seen values: an account keeps device, merchant, beneficiary, country; the others the account
LEVELS = 4  # tile widths
AMOUNT_SCALE = 10_000  # amounts are counted in ten-thousandths of the base currency

EVENT = np.dtype(
    [
        ("time", "<i8"),
        ("id", "<u8"),
        ("amount", "<i8"),
        ("effective", "<i8"),  # of a label
        ("offset_s", "<i4"),  # the client's UTC offset
        ("latitude", "<i4"),  # 1e-5 degrees
        ("longitude", "<i4"),
        ("link", "<u4", (5,)),  # 32-bit hashes: account, device, merchant, beneficiary, country; 0: none
        ("kind", "u1"),  # 0 payment, 1 refund, 2 reversal, 3 declined, 9 label
        ("change", "i1"),  # of a label
        ("has_place", "u1"),
        ("round", "u1"),
    ]
)
KIND_PAYMENT, KIND_REFUND, KIND_REVERSAL, KIND_DECLINED, KIND_LABEL = 0, 1, 2, 3, 9

HEAD = np.dtype(
    [
        ("kind", "<i8"),
        ("count", "<i8"),  # events and labels ever absorbed: the state's version
        ("newest", "<i8"),
        ("outside", "<i8"),  # newest event time that is not in the ring
        ("place_time", "<i8"),  # newest place that is not in the ring
        ("place_id", "<u8"),
        ("place_latitude", "<i4"),
        ("place_longitude", "<i4"),
        ("ring_lo", "<i8"),
        ("ring_hi", "<i8"),
        ("pending_lo", "<i8"),
        ("pending_hi", "<i8"),
    ]
)
RING = np.dtype(
    [
        ("time", "<i8"),
        ("id", "<u8"),
        ("amount", "<i8"),
        ("link0", "<u4"),
        ("link1", "<u4"),
        ("link2", "<u4"),
        ("link3", "<u4"),
        ("latitude", "<i4"),
        ("longitude", "<i4"),
        ("kind", "u1"),
        ("has_place", "u1"),
    ]
)
TILE = np.dtype(
    [
        ("key", "<i8"),
        ("count", "<i8"),
        ("sum", "<i8"),
        ("square_hi", "<u8"),
        ("square_lo", "<u8"),
        ("max", "<i8"),
        ("declined", "<i8"),
        ("reversed", "<i8"),
        ("fraud", "<i8"),
    ]
)
LINK = np.dtype([("hash", "<u8"), ("last", "<i8")])
PENDING = np.dtype([("effective", "<i8"), ("tile", "<i8"), ("change", "<i8")])
ATOM = np.dtype(  # one event as appended to a shared entity's state; packed, 30 bytes
    [("time", "<i8"), ("id", "<u8"), ("amount", "<i8"), ("link", "<u4"), ("kind", "u1"), ("change", "i1")]
)


class Work(NamedTuple):
    """The unpacked states of a batch's entities, in flat arrays with a span an entity."""

    head: NDArray[Any]
    ring: NDArray[Any]
    tiles: NDArray[Any]
    links: NDArray[Any]
    pending: NDArray[Any]
    tile_lo: NDArray[np.int64]  # (entities, LEVELS)
    tile_hi: NDArray[np.int64]
    link_lo: NDArray[np.int64]  # (entities, ROLES)
    link_hi: NDArray[np.int64]


class Tables(NamedTuple):
    """The plan and the catalogue as arrays. Columns hold a feature's index in the vector, or -1."""

    windows: NDArray[np.int64]  # ascending
    level: NDArray[np.int64]  # of each window
    width: NDArray[np.int64]  # of each level
    keep: NDArray[np.int64]  # of each level
    ringed: NDArray[np.int64]  # of each entity kind
    list_capacity: NDArray[np.int64]
    risk_windows: NDArray[np.int64]
    aggregate: NDArray[np.int64]  # (entity, statistic of AGGREGATES, window)
    distinct: NDArray[np.int64]  # (entity, role, window)
    since_last: NDArray[np.int64]  # (entity,)
    risk: NDArray[np.int64]  # (entity, risk window)
    fraud_run: NDArray[np.int64]  # (entity, statistic of FRAUD_RUNS)
    event: NDArray[np.int64]  # in the order of EVENT_COLUMNS
    ring_window_max: int
    ring_span: int
    ring_capacity: int
    late_max: int
    label_delay: int
    effective_step: int
    features: int


AGGREGATES = (
    Statistic.COUNT,
    Statistic.SUM,
    Statistic.MEAN,
    Statistic.STD,
    Statistic.MAX,
    Statistic.DECLINED_COUNT,
    Statistic.REVERSED_COUNT,
)
FRAUD_RUNS = (Statistic.FRAUD_RUN, Statistic.FRAUD_RUN_DAYS, Statistic.FRAUD_RUN_MEAN)
EVENT_COLUMNS = (
    "amount",
    "amount_log",
    "amount_round",
    "amount_zscore_30d",
    "amount_to_mean_30d",
    "amount_to_max_30d",
    "new_device",
    "new_merchant",
    "new_beneficiary",
    "new_country",
    "distance_km",
    "speed_kmh",
    "hour",
    "night",
    "weekend",
)
_ROLE_OF = {
    Statistic.DISTINCT_DEVICES: 0,
    Statistic.DISTINCT_MERCHANTS: 1,
    Statistic.DISTINCT_COUNTRIES: 3,
    Statistic.DISTINCT_ACCOUNTS: 0,
}


def build_tables(features: tuple[Feature, ...] = FEATURES, plan: Plan = PLAN) -> Tables:
    """The kernel's tables for a catalogue. Raises ValueError for a plan that the kernel cannot be exact with."""
    _check(plan)
    index = {feature.name: i for i, feature in enumerate(features)}
    aggregate = np.full((len(ENTITIES), len(AGGREGATES), len(plan.windows)), -1, np.int64)
    distinct = np.full((len(ENTITIES), ROLES, len(plan.windows)), -1, np.int64)
    since_last = np.full(len(ENTITIES), -1, np.int64)
    risk = np.full((len(ENTITIES), len(plan.risk_windows)), -1, np.int64)
    fraud_run = np.full((len(ENTITIES), len(FRAUD_RUNS)), -1, np.int64)
    for column, feature in enumerate(features):
        if feature.entity is None:
            continue
        if feature.statistic is Statistic.SINCE_LAST:
            since_last[feature.entity] = column
        elif feature.statistic is Statistic.FRAUD_SHARE:
            risk[feature.entity, plan.risk_windows.index(feature.window or 0)] = column
        elif feature.statistic in FRAUD_RUNS:
            fraud_run[feature.entity, FRAUD_RUNS.index(feature.statistic)] = column
        elif feature.statistic in _ROLE_OF:
            distinct[feature.entity, _ROLE_OF[feature.statistic], plan.windows.index(feature.window or 0)] = column
        else:
            row = AGGREGATES.index(feature.statistic)
            aggregate[feature.entity, row, plan.windows.index(feature.window or 0)] = column
    levels = [plan.level_of(window) for window in plan.windows]
    return Tables(
        windows=np.array(plan.windows, np.int64),
        level=np.array(levels, np.int64),
        width=np.array(plan.tile_widths, np.int64),
        keep=np.array([plan.keep_of(level) for level in range(LEVELS)], np.int64),
        ringed=np.array([entity in RINGED for entity in ENTITIES], np.int64),
        list_capacity=np.array([LIST_CAPACITY[entity] for entity in ENTITIES], np.int64),
        risk_windows=np.array(plan.risk_windows, np.int64),
        aggregate=aggregate,
        distinct=distinct,
        since_last=since_last,
        risk=risk,
        fraud_run=fraud_run,
        event=np.array([index[name] for name in EVENT_COLUMNS], np.int64),
        ring_window_max=plan.ring_window_max,
        ring_span=plan.ring_span,
        ring_capacity=plan.ring_capacity,
        late_max=LATE_MAX,
        label_delay=plan.label_delay,
        effective_step=HOUR,
        features=len(features),
    )


def _check(plan: Plan) -> None:
    if tuple(sorted(plan.windows)) != plan.windows or len(plan.tile_widths) != LEVELS:
        raise ValueError("windows ascend, and there are four tile widths")
    if any(plan.level_of(w) == plan.coarse_level for w in plan.windows if w <= plan.ring_window_max):
        raise ValueError("the widest tiles hold every event, so no window of the ring may use them")
    for level in range(plan.coarse_level):
        if plan.ring_span < plan.keep_of(level) + plan.tile_widths[level]:
            raise ValueError("what ages out of the ring must be older than every fine tile that is kept")


TABLES = build_tables()
