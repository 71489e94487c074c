"""Which detectors there are: our own, and those that installed packages bring."""

from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from analysis.detectors.protocol import Detector

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
    except Exception as error:  # a stranger's module may raise anything
        raise UnknownDetector(f"detector {name!r} cannot be loaded: {error}") from error
    if missing := [member for member in _MEMBERS if not hasattr(loaded, member)]:
        raise UnknownDetector(f"detector {name!r} lacks {', '.join(missing)}")
    if loaded.name != name:
        raise UnknownDetector(f"detector {name!r} calls itself {loaded.name!r}")
    return loaded  # type: ignore[no-any-return]  # checked above, as far as it can be


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


def _theirs() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP) if entry.name not in OURS}
