"""Which detectors there are: our own, and those that installed packages bring."""

from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, get_args

from analysis.detectors.protocol import Config, Detector, Kind

GROUP = "riskstream.detectors"  # of the entry points
# name → where it stands; imported when it is asked for, because some bring heavy libraries along.
OURS = {
    "z_score": "analysis.detectors.z_score:ZScore",
    "robust_z_score": "analysis.detectors.robust_z_score:RobustZScore",
    "related_accounts": "analysis.detectors.related_accounts:RelatedAccounts",
    "seasonal": "analysis.detectors.seasonal:Seasonal",
    "moving_average": "analysis.detectors.moving_average:MovingAverage",
    "benford": "analysis.detectors.benford:Benford",
    "own_past": "analysis.detectors.own_past:OwnPast",
    "peer_group": "analysis.detectors.peer_group:PeerGroup",
    "weekend_night": "analysis.detectors.weekend_night:WeekendNight",
    "booking_period": "analysis.detectors.booking_period:BookingPeriod",
    "account_limit": "analysis.detectors.account_limit:AccountLimit",
    "time_pattern": "analysis.detectors.time_pattern:TimePattern",
    "round_amount": "analysis.detectors.round_amount:RoundAmount",
    "duplicate": "analysis.detectors.duplicate:Duplicate",
    "split_payment": "analysis.detectors.split_payment:SplitPayment",
    "isolation_forest": "analysis.detectors.isolation_forest:IsolationForest",
    "autoencoder": "analysis.detectors.autoencoder:Autoencoder",
    "clustering": "analysis.detectors.clustering:Clustering",
    "outlier_ensemble": "analysis.detectors.outlier_ensemble:OutlierEnsemble",
}


class UnknownDetector(ValueError):
    """There is no detector of this name, or its package cannot be used."""


def names() -> list[str]:
    """Every detector's name, our own first."""
    return [*OURS, *sorted(_theirs())]


@cache
def detector(name: str) -> type[Detector]:
    """The detector's class. Raises UnknownDetector."""
    if name in OURS:
        module, _, attribute = OURS[name].partition(":")
        found: type[Detector] = getattr(import_module(module), attribute)
        return found
    entry = _theirs().get(name)
    if entry is None:
        raise UnknownDetector(f"there is no detector {name!r}; there are: {', '.join(names())}")
    try:
        loaded = entry.load()
    except Exception as error:
        raise UnknownDetector(f"detector {name!r} cannot be loaded: {error}") from error
    if problem := _problem(name, loaded):
        raise UnknownDetector(f"detector {name!r} {problem}")
    return loaded  # type: ignore[no-any-return]  # checked above, as far as it can be


def package_of(name: str) -> str | None:
    """The installed package that brought it, as in "name 1.2.0"; None for our own."""
    entry = _theirs().get(name)
    return f"{entry.dist.name} {entry.dist.version}" if entry is not None and entry.dist is not None else None


_MEMBERS = (
    "name",
    "kind",
    "summary",
    "streaming",
    "limits",
    "evidence",
    "config_type",
    "fit",
    "finish",
    "detect",
    "reason",
)


def _problem(name: str, loaded: Any) -> str | None:
    """What is wrong with a stranger's class, in words; None if nothing is."""
    if missing := [member for member in _MEMBERS if not hasattr(loaded, member)]:
        return f"lacks {', '.join(missing)}"
    if loaded.name != name:
        return f"calls itself {loaded.name!r}"
    if loaded.kind not in get_args(Kind):
        return f"is of kind {loaded.kind!r}; there are: {', '.join(get_args(Kind))}"
    if not (isinstance(loaded.config_type, type) and issubclass(loaded.config_type, Config)):
        return "has a configuration that does not derive from analysis.detectors.protocol.Config"
    if required := [field for field, info in loaded.config_type.model_fields.items() if info.is_required()]:
        return f"has no default for {', '.join(required)}"
    return None


@cache
def _theirs() -> dict[str, EntryPoint]:
    """By name; ours cannot be replaced, and of two packages with one name the first in the alphabet has it."""
    entries = sorted(entry_points(group=GROUP), key=lambda entry: entry.dist.name if entry.dist else "", reverse=True)
    return {entry.name: entry for entry in entries if entry.name not in OURS}
