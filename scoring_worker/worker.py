"""A stream worker: joins the consumer group, scores the partitions it is given, drains when told to stop."""

import asyncio
import os
import signal
import socket
import uuid
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import structlog
from aiokafka.errors import KafkaError

from contracts.errors import StoreUnavailable
from features.gazetteer import preload
from monitor import Monitor
from pipeline.call_sweeper import CallSweeper
from pipeline.deadline import Deadline
from scoring_worker.assignment import Assignment
from scoring_worker.careful import CarefulReader
from scoring_worker.chores import every
from scoring_worker.housekeeping import (
    FOLD_EVERY_S,
    REFRESH_EVERY_S,
    REPORT_EVERY_S,
    SWEEP_EVERY_S,
    StatusReporter,
    swept,
)
from scoring_worker.label_publisher import PUBLISH_EVERY_S
from scoring_worker.metrics import WorkerMetrics
from scoring_worker.model_watch import LOOK_EVERY_S, ModelWatch
from scoring_worker.models_at_leisure import model_chores
from scoring_worker.monitor import monitor_app
from scoring_worker.parts import Parts, connected
from scoring_worker.progress import Progress
from scoring_worker.scorer import PartitionScorer
from settings import Settings
from storage.offset_attempts import OffsetAttempts

CONNECT_RETRY_S = 1.0

log = structlog.get_logger()


async def run_worker(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Raises OffsetGap, StateMismatch or ModelRefused: those need a person."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    while not stopping.is_set():
        try:
            async with connected(settings) as parts:
                await _work(settings, parts, stopping)
        except (StoreUnavailable, KafkaError, OSError) as error:
            log.warning("worker_waits", reason=str(error), seconds=CONNECT_RETRY_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), CONNECT_RETRY_S)


async def _work(settings: Settings, parts: Parts, stopping: asyncio.Event) -> None:
    progress, metrics = Progress(), WorkerMetrics()
    watch = ModelWatch(parts.model, metrics)
    await watch.refresh()
    _ = parts.model.current  # no model, no worker: a decision without one would be a guess
    parts.book.replace(await parts.clients.all())
    await asyncio.to_thread(preload)

    worker_id = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
    attempts = OffsetAttempts(parts.pool, settings.topics.transactions, worker_id)

    def make_scorer(number: int) -> PartitionScorer:
        careful = CarefulReader(
            parts.kafka_log.place(number), parts.consumer, parts.reader, parts.sealed_batches, attempts
        )
        return PartitionScorer(
            number, parts.consumer, parts.reader, careful, parts.kafka_log, parts.pipeline, parts.repairer, progress,
            metrics, settings.batch_size_max,
        )  # fmt: skip

    async def refresh_clients() -> None:
        parts.book.replace(await parts.clients.all())

    assignment = Assignment(make_scorer, settings.shutdown_deadline_s)
    reporter = StatusReporter(worker_id, parts.worker_status, progress, lambda: assignment.partitions)
    monitor = Monitor(monitor_app(progress, metrics), settings.api_host, settings.metrics_port)
    chores = [
        asyncio.create_task(monitor.serve()),
        asyncio.create_task(every(REFRESH_EVERY_S, refresh_clients)),
        asyncio.create_task(every(LOOK_EVERY_S, watch.refresh)),
        asyncio.create_task(every(REPORT_EVERY_S, reporter.report)),
        asyncio.create_task(parts.label_forwarder.run(stopping)),
        asyncio.create_task(every(PUBLISH_EVERY_S, parts.label_publisher.publish)),
        asyncio.create_task(every(SWEEP_EVERY_S, swept(CallSweeper(parts.pipeline)))),
        asyncio.create_task(every(FOLD_EVERY_S, parts.rollups.fold)),
        *(asyncio.create_task(chore) for chore in model_chores(settings, parts, metrics.models, lambda: progress.lag)),
    ]
    try:
        await parts.consumer.start()
        parts.consumer.subscribe([settings.topics.transactions], listener=assignment)
        log.info("worker_started", worker=worker_id)
        await _first_of(stopping, assignment.failed, chores)
    finally:
        deadline = Deadline(settings.shutdown_deadline_s)
        await assignment.drain(assignment.partitions, deadline)
        monitor.should_exit = True
        for chore in chores:
            chore.cancel()
        await asyncio.gather(*chores, return_exceptions=True)
    if assignment.failed.done():
        assignment.failed.result()
    log.info("worker_stopped", seconds_left=round(deadline.left, 1))


async def _first_of(
    stopping: asyncio.Event, failed: "asyncio.Future[None]", chores: Sequence["asyncio.Task[None]"]
) -> None:
    """Until the worker shall stop, or a partition failed. Raises what a chore died of: none of them ends by itself."""
    stop = asyncio.ensure_future(stopping.wait())
    waiting: list[asyncio.Future[Any]] = [stop, failed, *chores]
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    for chore in chores:
        if chore in done:
            chore.result()
