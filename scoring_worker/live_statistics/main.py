"""The live statistics' process: Faust's application and the drift sampler, kept running until told to stop."""

import asyncio
import logging
import os
import signal
import socket
import uuid
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog
from aiokafka.errors import KafkaError

from contracts.errors import StoreUnavailable
from logs import configure_logs
from monitor import Monitor, status_app
from scoring_worker.chores import every
from scoring_worker.live_statistics.application import OnTurn, application
from scoring_worker.live_statistics.drift_sampler import PASS_EVERY_S, WATCH_EVERY_S, DriftSampler
from scoring_worker.live_statistics.metrics import LiveMetrics
from scoring_worker.live_statistics.reporter import Reporter
from settings import Settings, load_settings
from storage.database import connect
from storage.feature_histograms import FeatureHistogramRepository
from storage.live_statistics import LiveStatisticsRepository
from storage.roles import PIPELINE

NICE = 10  # behind the worker and the gateway: what this process loses harms nothing
RETRY_S = 2.0
STOP_DEADLINE_S = 10.0  # of Faust, which waits for its consumer's thread
POOL_SIZE_MAX = 2

log = structlog.get_logger()


class FaustEnded(Exception):
    """Faust's application crashed; another one is started."""


def run() -> None:
    """Run until SIGTERM or SIGINT."""
    settings = load_settings()
    configure_logs(settings, "live-statistics")
    for library in ("faust", "mode", "aiokafka"):
        logging.getLogger(library).setLevel(logging.CRITICAL)  # a broker that is away is waited out, and said once
    with suppress(OSError):
        os.nice(NICE)
    asyncio.run(run_live_statistics(settings))


async def run_live_statistics(settings: Settings) -> None:
    """Until a signal; what breaks is started again, whatever it was."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    metrics = LiveMetrics()
    state = {"running": False}
    monitor = Monitor(status_app(metrics.registry, lambda: state["running"]), settings.api_host, settings.metrics_port)
    serving = asyncio.create_task(monitor.serve())
    while not stopping.is_set():
        try:
            await _work(settings, metrics, stopping, state)
        except Exception as error:
            expected = isinstance(error, (StoreUnavailable, KafkaError, OSError, FaustEnded))
            log.warning("live_statistics_wait", reason=str(error) or type(error).__name__, exc_info=not expected)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), RETRY_S)
        finally:
            state["running"] = False
    monitor.should_exit = True
    await asyncio.gather(serving, return_exceptions=True)


async def _work(settings: Settings, metrics: LiveMetrics, stopping: asyncio.Event, state: dict[str, bool]) -> None:
    async with AsyncExitStack() as stack:
        name = "riskstream-live-statistics"
        folder = Path(stack.enter_context(TemporaryDirectory(prefix=f"{name}-")))
        pool = await connect(settings.postgres_dsn, size_max=POOL_SIZE_MAX, application_name=name, role=PIPELINE)
        stack.push_async_callback(pool.close)
        instance = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        reporter = Reporter(instance, LiveStatisticsRepository(pool), metrics, settings.model_path)
        histograms = FeatureHistogramRepository(pool)
        sampler = DriftSampler(histograms, settings.topics.transactions, settings.model_path, metrics)
        work = [
            asyncio.create_task(_faust(settings, folder, reporter.report, stopping, state)),
            asyncio.create_task(every(PASS_EVERY_S, sampler.look)),
            asyncio.create_task(every(WATCH_EVERY_S, sampler.watch)),
        ]
        try:
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
        for task in done:
            task.result()  # raises what it died of


async def _faust(
    settings: Settings, folder: Path, on_turn: OnTurn, stopping: asyncio.Event, state: dict[str, bool]
) -> None:
    """Run one Faust application until the process shall stop. Raises FaustEnded when it has crashed."""
    app = application(settings, folder, on_turn)
    ended: asyncio.Task[Any] | None = None
    stop = asyncio.create_task(stopping.wait())
    try:
        await app.start()
        state["running"] = True
        log.info("live_statistics_started")
        ended = asyncio.create_task(app.wait_until_stopped())
        await asyncio.wait({stop, ended}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (stop, ended):
            if task is not None:
                task.cancel()
        await asyncio.wait({asyncio.create_task(app.stop())}, timeout=STOP_DEADLINE_S)
    if not stopping.is_set():
        raise FaustEnded("Faust's application has ended")
