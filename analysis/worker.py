"""The analysis worker's process: takes jobs one after the other, shares them with others of its kind.

It has two lanes: one for any job, one for previews alone, because somebody sits before a preview and a run takes
minutes. It stays behind the stream worker and the gateway: what it does may wait, a payment may not.
"""

import asyncio
import os
import signal
import socket
import time
import uuid
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress

import structlog

from analysis.job_runner import JobRunner
from analysis.metrics import AnalysisMetrics
from contracts.errors import StoreUnavailable
from error_reports import configure_error_reports
from logs import configure_logs
from monitor import Monitor, status_app
from settings import Settings, load_settings
from storage.database import AnyPool, connect
from storage.job_queue import JobQueue
from storage.jobs import JobKind
from storage.roles import PIPELINE

NICE = 10
POLL_S = 0.5  # an empty queue is asked again
RETRY_S = 2.0  # a Postgres that is away
DEPTHS_EVERY_S = 5.0
POOL_SIZE_MAX = 6  # each lane's handler, its heartbeat, and the look at the queue
LANES: tuple[Collection[JobKind], ...] = (tuple(JobKind), (JobKind.PREVIEW,))

log = structlog.get_logger()


def run() -> None:
    """Work until SIGTERM or SIGINT; what is at work then is given back."""
    settings = load_settings()
    configure_logs(settings, "analysis-worker")
    configure_error_reports(settings, "analysis-worker")
    with suppress(OSError):
        os.nice(NICE)
    asyncio.run(run_worker(settings))


async def run_worker(settings: Settings) -> None:
    """Until a signal. A Postgres that is away is waited for."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    metrics = AnalysisMetrics()
    state = {"running": False}
    monitor = Monitor(status_app(metrics.registry, lambda: state["running"]), settings.api_host, settings.metrics_port)
    serving = asyncio.create_task(monitor.serve())
    pool = await _connected(settings, stopping)
    if pool is not None:
        state["running"] = True
        log.info("analysis_worker_started", metrics_port=settings.metrics_port)
        try:
            await work(settings, pool, stopping, metrics)
        finally:
            pool.terminate()
    monitor.should_exit = True
    await asyncio.gather(serving, return_exceptions=True)


async def work(settings: Settings, pool: AnyPool, stopping: asyncio.Event, metrics: AnalysisMetrics) -> None:
    """Take and run jobs until `stopping`."""
    name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
    queue = JobQueue(pool, name, lease_s=settings.job_lease_s)
    runner = JobRunner(settings, pool, queue, stopping)

    async def show_depths() -> bool:
        metrics.show_depths(await queue.depths())
        return False

    async def take(kinds: Collection[JobKind]) -> bool:
        held = await queue.take(kinds)
        if held is None:
            return False
        began = time.monotonic()
        outcome = await runner.run(held)
        metrics.jobs.labels(held.job.kind, outcome).inc()
        metrics.seconds.labels(held.job.kind).observe(time.monotonic() - began)
        return True

    lanes = [_again(lambda kinds=kinds: take(kinds), stopping, POLL_S) for kinds in LANES]  # type: ignore[misc]
    await asyncio.gather(*lanes, _again(show_depths, stopping, DEPTHS_EVERY_S))


async def _again(turn: Callable[[], Awaitable[bool]], stopping: asyncio.Event, pause_s: float) -> None:
    """Turn after turn until `stopping`; a pause after one in which there was nothing to do."""
    while not stopping.is_set():
        try:
            pause = 0.0 if await turn() else pause_s
        except StoreUnavailable as error:
            log.warning("analysis_worker_waits", reason=str(error))
            pause = RETRY_S
        if pause:
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), pause)


async def _connected(settings: Settings, stopping: asyncio.Event) -> "AnyPool | None":
    while not stopping.is_set():
        try:
            name = "riskstream-analysis-worker"
            return await connect(settings.postgres_dsn, size_max=POOL_SIZE_MAX, application_name=name, role=PIPELINE)
        except StoreUnavailable as error:
            log.warning("analysis_worker_waits", reason=str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), RETRY_S)
    return None
