"""One job from its beginning to its end: the handler in a thread, a heartbeat beside it, and what became of it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog

from analysis.job_context import Ending, JobContext
from analysis.jobs import Cancelled, Handler, JobFailed, handler_of
from contracts.errors import RiskstreamError, StoreUnavailable
from error_reports import report
from settings import Settings
from storage.database import AnyPool
from storage.job_queue import Finish, Held, JobQueue, LeaseLost
from storage.jobs import JobKind

BEAT_S = 0.5  # how late a cancellation is heard, and how old the progress that others see may be
STORE_RETRY_S = 1.0  # while Postgres is away, until the lease is another's

log = structlog.get_logger()


class JobRunner:
    """Runs jobs that were taken. `stopping` ends them early and gives them back."""

    def __init__(
        self,
        settings: Settings,
        pool: AnyPool,
        queue: JobQueue,
        stopping: asyncio.Event,
        handler: Callable[[JobKind], Handler] = handler_of,
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._queue = queue
        self._stopping = stopping
        self._handler = handler

    async def run(self, held: Held) -> str:
        """What became of the job: done, cancelled, failed, retried, stopped or lost."""
        job = held.job
        told = log.bind(job=str(job.job_id), kind=job.kind, subject=job.subject, attempt=job.attempts)
        told.info("job_begins")
        try:
            outcome = await self._ended(held)
        except LeaseLost:
            outcome = Ending.LOST.value
        told.info("job_ends", outcome=outcome)
        return outcome

    async def _ended(self, held: Held) -> str:
        context = JobContext(self._settings, self._pool, asyncio.get_running_loop())
        beside = [asyncio.create_task(self._beat(held, context)), asyncio.create_task(self._stop(context))]
        try:
            handler = await self._imported(held.job.kind, context)
            finish = await self._worked(handler, held, context)
            # The heartbeat goes on: storing a hundred thousand rows takes longer than it may be silent.
            return await self._store(held, finish)
        except Cancelled:
            return await self._cut_short(held, context)
        except JobFailed as error:
            return await self._failed(held, str(error))
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001 - a handler's, which ends its job and nothing else
            return await self._broken(held, error)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

    async def _imported(self, kind: JobKind, context: JobContext) -> Handler:
        """The handler, whose libraries take seconds the first time. Raises JobFailed, Cancelled."""
        importing = asyncio.create_task(asyncio.to_thread(self._handler, kind))
        asked = asyncio.create_task(context.asked.wait())
        try:
            await asyncio.wait((importing, asked), return_when=asyncio.FIRST_COMPLETED)
            if asked.done():
                raise Cancelled
            return await importing
        except ImportError as error:
            report(error)
            raise JobFailed(f"this installation cannot do a {kind}") from error
        finally:
            asked.cancel()

    async def _worked(self, handler: Handler, held: Held, context: JobContext) -> Finish | None:
        """The handler's result. Raises what it raises, and Cancelled if it does not end when it is asked to."""
        work = context.begin(handler, held)
        asked = asyncio.create_task(context.asked.wait())
        either: tuple[asyncio.Future[Any], ...] = (work, asked)
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                await asyncio.wait((work,), timeout=self._settings.shutdown_deadline_s / 2)
        finally:
            asked.cancel()
        if not work.done():
            # A thread cannot be ended from outside; the process can, and another one is started in its place.
            log.error("job_does_not_end", job=str(held.job.job_id), kind=held.job.kind)
            self._stopping.set()
            raise Cancelled
        return work.result()

    async def _store(self, held: Held, finish: Finish | None) -> str:
        while True:
            try:
                await self._queue.finish(held, finish)
            except StoreUnavailable as error:  # if it was stored after all, the next try finds the lease gone
                log.warning("job_waits_to_be_stored", job=str(held.job.job_id), reason=str(error))
                if self._stopping.is_set():
                    return Ending.STOPPED.value
                await asyncio.sleep(STORE_RETRY_S)
            else:
                return "done"

    async def _cut_short(self, held: Held, context: JobContext) -> str:
        ending = context.ending or Ending.CANCELLED
        if ending is Ending.CANCELLED:
            await self._queue.cancelled(held)
        elif ending is Ending.STOPPED:
            with suppress(StoreUnavailable):  # then the lease runs out by itself
                await self._queue.give_back(held)
        return ending.value

    async def _failed(self, held: Held, error: str) -> str:
        await self._queue.fail(held, error)
        return "failed"

    async def _broken(self, held: Held, error: Exception) -> str:
        """Ours say what to do; of any other error its client learns nothing that the log does not."""
        expected = isinstance(error, (RiskstreamError, OSError))
        log.error("job_broke", job=str(held.job.job_id), reason=str(error), exc_info=not expected)
        if not expected:
            report(error)
        words = str(error) if isinstance(error, RiskstreamError) else "an error that nobody expected; it is logged"
        return "retried" if await self._queue.retry(held, words) else "failed"

    async def _beat(self, held: Held, context: JobContext) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            try:
                if await self._queue.beat(held, *context.at):
                    context.end(Ending.CANCELLED)
            except LeaseLost:
                context.end(Ending.LOST)
                return
            except StoreUnavailable as error:
                log.warning("job_heartbeat_waits", job=str(held.job.job_id), reason=str(error))

    async def _stop(self, context: JobContext) -> None:
        await self._stopping.wait()
        context.end(Ending.STOPPED)
