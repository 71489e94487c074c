"""A job at work: what its handler's thread and the worker's event loop tell each other."""

import asyncio
from collections.abc import Coroutine
from enum import StrEnum
from threading import Event, Thread
from typing import Any, TypeVar

from analysis.jobs import Handler
from settings import Settings
from storage.database import AnyPool
from storage.job_queue import Finish, Held

T = TypeVar("T")


class Ending(StrEnum):
    """Why a handler is asked to end before it is done."""

    CANCELLED = "cancelled"
    LOST = "lost"  # another worker has the job
    STOPPED = "stopped"  # this worker stops


class JobContext:
    """`analysis.jobs.Context`, and the other side of it."""

    def __init__(self, settings: Settings, pool: AnyPool, loop: asyncio.AbstractEventLoop) -> None:
        self.settings = settings
        self.pool = pool
        self.at = ("", 0, 0)  # replaced as a whole: the event loop reads it while the thread writes
        self.ending: Ending | None = None
        self.asked = asyncio.Event()  # to end, for the event loop's side
        self._loop = loop
        self._shall_end = Event()

    def progress(self, stage: str, done: int, total: int) -> None:
        self.at = (stage, done, total)

    def cancelled(self) -> bool:
        return self._shall_end.is_set()

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def end(self, why: Ending) -> None:
        """From here on `cancelled` says so; the first reason stands, but for a job that is lost."""
        if self.ending is None or why is Ending.LOST:
            self.ending = why
        self._shall_end.set()
        self.asked.set()

    def begin(self, handler: Handler, held: Held) -> "asyncio.Future[Finish | None]":
        """Run the handler in a thread. It is a daemon, so that a worker that stops waits for none that hangs."""
        future: asyncio.Future[Finish | None] = self._loop.create_future()

        def tell(found: Finish | None, error: BaseException | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(found)
            else:
                future.set_exception(error)

        def work() -> None:
            found, failed = None, None
            try:
                found = handler(held.job, self)
            except BaseException as error:  # noqa: BLE001 - it is raised again where the job is waited for
                failed = error
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(tell, found, failed)

        Thread(target=work, daemon=True, name=f"job-{held.job.job_id}").start()
        return future
