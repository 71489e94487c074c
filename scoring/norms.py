"""The norm beside a feature's value: what the same entity usually shows, in the feature's own unit.

A window's count or sum is compared with the longest window's, scaled to its width; a mean, deviation, maximum,
number of distinct values or fraud share with the longest window's own. The longest window has no norm.
"""

import math
from collections.abc import Callable

from features.catalogue import FEATURE_INDEX, FEATURES, Feature, Statistic
from features.plan import DAY, SECOND

Row = list[float]  # one vector
Norm = Callable[[Row], float | None]

_SCALED = (Statistic.COUNT, Statistic.SUM, Statistic.DECLINED_COUNT, Statistic.REVERSED_COUNT)


def norm_of(position: int, row: Row) -> float | None:
    """The norm of feature `position` of the vector `row`, or None where there is none."""
    norm = _NORMS[position](row)
    return norm if norm is not None and math.isfinite(norm) else None


def _none(_: Row) -> None:
    return None


def _constant(value: float) -> Norm:
    return lambda _: value


def _column(name: str, factor: float = 1.0) -> Norm:
    position = FEATURE_INDEX[name]
    return lambda row: row[position] * factor


def _log_of(name: str) -> Norm:
    position = FEATURE_INDEX[name]
    return lambda row: math.log1p(max(row[position], 0.0))  # max() keeps NaN, its first argument


def _gap(name: str, window_ms: int) -> Norm:
    position = FEATURE_INDEX[name]
    return lambda row: window_ms / SECOND / row[position] if row[position] > 0 else None


def _longest(feature: Feature) -> Feature:
    """The same statistic of the same entity in its longest window."""
    family = [f for f in FEATURES if (f.statistic, f.entity) == (feature.statistic, feature.entity)]
    return max(family, key=lambda f: f.window or 0)


def _norm(feature: Feature) -> Norm:
    if feature.statistic is Statistic.EVENT:
        return _EVENT_NORMS.get(feature.name, _none)
    assert feature.entity is not None
    if feature.statistic is Statistic.SINCE_LAST:
        return _gap(f"{feature.entity.name.lower()}_count_30d", 30 * DAY)
    longest = _longest(feature)
    if longest is feature or feature.window is None or longest.window is None:
        return _none
    scale = feature.window / longest.window if feature.statistic in _SCALED else 1.0
    return _column(longest.name, scale)


_EVENT_NORMS: dict[str, Norm] = {
    "amount": _column("account_mean_30d"),
    "amount_log": _log_of("account_mean_30d"),
    "amount_zscore_30d": _constant(0.0),
    "amount_to_mean_30d": _constant(1.0),
    "amount_to_max_30d": _constant(1.0),
}
_NORMS = tuple(_norm(feature) for feature in FEATURES)
