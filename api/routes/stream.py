"""The stream's health: what each worker last reported, and the whole."""

from fastapi import APIRouter

from api.auth import Reader
from api.parts import PartsOf
from api.schemas import StreamOut, StreamTotals, WorkerOut
from storage.worker_status import WorkerStatus, WorkerStatusRepository

FRESH_S = 15.0  # workers report every few seconds; one that was silent for this long is not counted

router = APIRouter(prefix="/v1/stream", tags=["stream"])


@router.get("", summary="Health of the stream")
async def stream_health(_: Reader, parts: PartsOf) -> StreamOut:
    """Rate, lag and latency of each worker that has reported lately, and their totals."""
    async with parts.database.pool() as pool:
        workers = await WorkerStatusRepository(pool).all(FRESH_S)
    return StreamOut(totals=totals_of(workers), workers=[WorkerOut.model_validate(worker) for worker in workers])


def totals_of(workers: list[WorkerStatus]) -> StreamTotals:
    """Rates and counts add up; of the latencies the worst counts, since percentiles do not add."""
    return StreamTotals(
        workers=len(workers),
        per_second=sum(worker.per_second for worker in workers),
        lag=sum(worker.lag for worker in workers),
        latency_ms_p50=max((worker.latency_ms_p50 for worker in workers), default=None),
        latency_ms_p99=max((worker.latency_ms_p99 for worker in workers), default=None),
        decided_total=sum(worker.decided_total for worker in workers),
        alerts_total=sum(worker.alerts_total for worker in workers),
        dead_letters_total=sum(worker.dead_letters_total for worker in workers),
    )
