"""What a worker does with models beside serving one, each held to its share of the time."""

from collections.abc import Callable, Coroutine
from typing import Any

from scoring.manifest import Manifest
from scoring_worker import precision_watch, shadow, skew
from scoring_worker.at_leisure import at_leisure
from scoring_worker.model_metrics import ModelMetrics
from scoring_worker.parts import Parts
from scoring_worker.precision_watch import PrecisionWatch
from scoring_worker.shadow import Shadow
from scoring_worker.skew import SkewWatch
from settings import Settings


def model_chores(
    settings: Settings, parts: Parts, metrics: ModelMetrics, lag: Callable[[], int]
) -> list[Coroutine[Any, Any, None]]:
    """Coroutines that run until cancelled. `lag`: how many records of the stream wait."""
    challenger = Shadow(settings.model_path, parts.pool, settings.topics.transactions, metrics)
    chores = [at_leisure(challenger.turn, lambda: shadow.share_of(lag()), shadow.IDLE_S)]
    if settings.skew_share > 0:
        watch = SkewWatch(
            parts.pool, settings.topics.transactions, parts.pipeline.builder, parts.repairer.fingerprint, metrics,
            settings.skew_share,
        )  # fmt: skip
        chores.append(at_leisure(watch.turn, lambda: skew.SHARE_MAX, skew.IDLE_S))

    def served() -> Manifest | None:
        return parts.model.current.manifest if parts.model.version else None

    precision = PrecisionWatch(parts.pool, served, metrics, settings.precision_drop_max)
    chores.append(at_leisure(precision.turn, lambda: precision_watch.SHARE_MAX, precision_watch.EVERY_S))
    return chores
