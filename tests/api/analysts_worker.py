"""An analysis worker in the test's own process: does what waits in the queue, then stops."""

import asyncio

from analysis.job_runner import JobRunner
from settings import Settings
from storage.database import connect
from storage.job_queue import JobQueue
from storage.jobs import JobKind
from storage.roles import PIPELINE


async def do_jobs(settings: Settings, kinds: tuple[JobKind, ...] = (JobKind.PARSE,)) -> list[str]:
    """What became of each."""
    outcomes = []
    async with await connect(settings.postgres_dsn, size_max=3, role=PIPELINE) as pool:
        queue = JobQueue(pool, "test")
        runner = JobRunner(settings, pool, queue, asyncio.Event())
        while held := await queue.take(kinds):
            outcomes.append(await runner.run(held))
    return outcomes
