"""Label-delayed precision: what came of the alerts that are old enough, against what the model's test promised.

Labels come days later, so this cannot warn soon; it warns surely. The model's inputs and scores drifting (PSI) shows
sooner, and may mean nothing.
"""

from collections.abc import Callable

import structlog

from features.plan import DAY, PLAN
from scoring.manifest import Manifest
from scoring_worker.model_metrics import ModelMetrics
from storage.alert_precision import AlertPrecision, alert_precision
from storage.backtest_rows import stored_bounds_ms
from storage.database import Pool

EVERY_S = 600.0
SHARE_MAX = 0.01  # of the time
WINDOW_MS = 30 * DAY  # of event time, ending the label delay before the newest event
ALERTS_MIN = 100  # below it a precision of 0.8 is not known to a tenth
PROMISE = "precision_at_flag"  # of the manifest's metrics, from the model's test period

log = structlog.get_logger()


class PrecisionWatch:
    """Measures the served model's alerts. `drop_max` below its promise, operators are warned, once until it ends."""

    def __init__(
        self, pool: Pool, manifest: Callable[[], Manifest | None], metrics: ModelMetrics, drop_max: float
    ) -> None:
        self._pool = pool
        self._manifest = manifest
        self._metrics = metrics
        self._drop_max = drop_max
        self._warned: str | None = None

    async def turn(self) -> bool:
        """Measure once; there is never more to do at once. Raises StoreUnavailable."""
        bounds = await stored_bounds_ms(self._pool)
        manifest = self._manifest()
        if bounds is None or manifest is None:
            return False
        stop_ms = bounds[1] - PLAN.label_delay
        found = await alert_precision(self._pool, stop_ms - WINDOW_MS, stop_ms)
        for gauge in (self._metrics.precision, self._metrics.precision_alerts, self._metrics.precision_expected):
            gauge.clear()
        for one in found:
            self._metrics.precision.labels(one.model_version).set(one.frauds / one.alerts)
            self._metrics.precision_alerts.labels(one.model_version).set(one.alerts)
        promised = manifest.metrics.get(PROMISE)
        if promised is not None:
            self._metrics.precision_expected.labels(manifest.version).set(promised)
            self._judge(next((one for one in found if one.model_version == manifest.version), None), promised)
        return False

    def _judge(self, found: AlertPrecision | None, promised: float) -> None:
        if found is None or found.alerts < ALERTS_MIN:
            return
        precision = found.frauds / found.alerts
        low = precision < promised - self._drop_max
        self._metrics.precision_low.set(low)
        if low and self._warned != found.model_version:
            log.warning(
                "model_precision_low", version=found.model_version, precision=round(precision, 3), alerts=found.alerts,
                expected=round(promised, 3), allowed_drop=self._drop_max,
            )  # fmt: skip
        self._warned = found.model_version if low else None
