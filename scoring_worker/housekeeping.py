"""What a worker does beside scoring: clients and model kept fresh, its status reported, orphaned calls finished."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import structlog

from contracts.errors import RiskstreamError, StateLost, StoreUnavailable
from contracts.journal import CALLS
from pipeline.durability import Pipeline
from pipeline.served_model import ServedModel
from pipeline.takeover import finish_journal
from scoring_worker.metrics import WorkerMetrics
from scoring_worker.progress import Progress
from storage.worker_status import WorkerStatus, WorkerStatusRepository

REFRESH_EVERY_S = 5.0  # clients, their policies, the champion
REPORT_EVERY_S = 1.0
SWEEP_EVERY_S = 5.0  # an entry seen in two sweeps is nobody's: a call lives for milliseconds

log = structlog.get_logger()


async def every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Run until cancelled; a store that is away is tried again at the next turn."""
    while True:
        try:
            await work()
        except (StoreUnavailable, StateLost) as error:  # waited out; the partitions repair the state
            log.debug("housekeeping_waits", work=getattr(work, "__qualname__", "?"), reason=str(error))
        except RiskstreamError as error:
            log.warning("housekeeping_failed", work=getattr(work, "__qualname__", "?"), reason=str(error))
        await asyncio.sleep(seconds)


class CallSweeper:
    """Finishes journal entries of calls whose gateway died between counting and storing."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._seen: set[str] = set()

    async def sweep(self) -> None:
        state = self._pipeline.state
        address = await state.address()
        records = await state.journal(address, CALLS)
        orphans = [record for record in records if record.field in self._seen]
        self._seen = {record.field for record in records}
        finished = await finish_journal(orphans, address, state, self._pipeline.store, self._pipeline.publisher)
        if finished:
            log.info("orphaned_calls_finished", calls=finished)


class StatusReporter:
    """Reports the worker to Postgres, where the gateway's page finds it."""

    def __init__(
        self,
        worker_id: str,
        repository: WorkerStatusRepository,
        progress: Progress,
        partitions: Callable[[], tuple[int, ...]],
    ) -> None:
        self._worker_id = worker_id
        self._repository = repository
        self._progress = progress
        self._partitions = partitions
        self._started_at = datetime.now(UTC)

    async def report(self) -> None:
        per_second, batch_size, p50, p99 = self._progress.rates()
        await self._repository.report(
            WorkerStatus(
                worker_id=self._worker_id,
                started_at=self._started_at,
                reported_at=datetime.now(UTC),
                state=self._progress.state,
                partitions=self._partitions(),
                decided_total=self._progress.decided_total,
                alerts_total=self._progress.alerts_total,
                dead_letters_total=self._progress.dead_letters_total,
                per_second=per_second,
                lag=self._progress.lag,
                batch_size=batch_size,
                latency_ms_p50=p50,
                latency_ms_p99=p99,
            )
        )


class ModelWatch:
    """Follows the registry's champion."""

    def __init__(self, model: ServedModel, metrics: WorkerMetrics) -> None:
        self._model = model
        self._metrics = metrics
        self._refusal = ""

    async def refresh(self) -> None:
        if await asyncio.to_thread(self._model.refresh):
            self._metrics.model.clear()
            self._metrics.model.labels(self._model.version or "").set(1)
            log.info("model_loaded", version=self._model.version)
        if self._model.refusal and self._model.refusal != self._refusal:
            log.warning("model_refused", reason=self._model.refusal)
        self._refusal = self._model.refusal
