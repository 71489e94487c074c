"""What a worker does beside scoring: clients and model kept fresh, its status reported, orphaned calls finished."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import structlog

from pipeline.call_sweeper import CallSweeper
from scoring_worker.progress import Progress
from storage.worker_status import WorkerStatus, WorkerStatusRepository

FOLD_EVERY_S = 2.0  # at 10,000 transactions a second some 2,000 deltas, which every reading of a chart adds up
REFRESH_EVERY_S = 5.0  # clients and their policies
REPORT_EVERY_S = 1.0
SWEEP_EVERY_S = 5.0  # calls that their gateway left behind

log = structlog.get_logger()


def swept(sweeper: CallSweeper) -> Callable[[], Awaitable[None]]:
    """A sweep that says what it found."""

    async def sweep() -> None:
        finished, counted = await sweeper.sweep()
        if finished or counted:
            log.info("calls_swept", finished=finished, degraded_counted=counted)

    return sweep


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
