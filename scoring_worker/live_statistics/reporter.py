"""What the last minute held, once a second: to Postgres for the gateway, and as metrics."""

from pathlib import Path

import structlog

from contracts.errors import StoreUnavailable
from scoring.drift import Reference
from scoring.references import reference_of
from scoring.shifts import shift_of
from scoring_worker.live_statistics.metrics import LiveMetrics
from scoring_worker.live_statistics.tally import TOTAL, Tally, report_of, score_counts
from scoring_worker.live_statistics.windows import LastMinute
from storage.live_statistics import LiveReport, LiveStatisticsRepository

PSI_ROWS_MIN = 500  # chance alone gives about bins / rows, 0.02 here
FORGET_EVERY_TURNS = 60
FORGET_AFTER_S = 120.0
REFERENCES_MAX = 16  # model versions remembered

log = structlog.get_logger()


class Reporter:
    """Reports under the name of this process, `instance`."""

    def __init__(self, instance: str, repository: LiveStatisticsRepository, metrics: LiveMetrics, models: Path) -> None:
        self._instance = instance
        self._repository = repository
        self._metrics = metrics
        self._models = models
        self._references: dict[str, Reference | None] = {}
        self._turns = 0

    async def report(self, minute: LastMinute, now_s: float) -> None:
        """Never raises: while Postgres is away nobody can ask for live figures either."""
        totals, seconds, sampled = minute.totals(), minute.seconds(now_s), minute.sampled()
        versions = minute.filling.model_versions
        total = self._report(totals.pop(TOTAL), seconds, sampled, None)
        self._metrics.transactions.set(total.transactions_per_second)
        self._metrics.alerts.set(total.alerts_per_second)
        self._metrics.sampled.set(sampled)
        self._metrics.clients.set(len(totals))
        reports = {
            client_id: self._report(tally, seconds, sampled, versions.get(client_id))
            for client_id, tally in totals.items()
        }
        self._turns += 1
        try:
            await self._repository.report(self._instance, reports)
            if self._turns % FORGET_EVERY_TURNS == 0:
                await self._repository.forget(FORGET_AFTER_S)
        except StoreUnavailable as error:
            log.debug("live_statistics_wait", reason=str(error))

    def _report(self, tally: Tally, seconds: float, sampled: float, model_version: str | None) -> LiveReport:
        psi = None
        scores = score_counts(tally)
        if model_version is not None and sum(scores) >= PSI_ROWS_MIN:
            reference = self._reference(model_version)
            psi = shift_of("score", reference.score, scores).psi if reference else None
        return report_of(tally, seconds, sampled, model_version, psi)

    def _reference(self, version: str) -> Reference | None:
        if version not in self._references:
            if len(self._references) >= REFERENCES_MAX:
                self._references.clear()
            self._references[version] = reference_of(self._models, version)
        return self._references[version]
