"""Jobs run to their end, whatever that is: on the real queue, with handlers that do what a test needs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Event
from uuid import uuid4

import pytest
import pytest_asyncio

from analysis import job_runner
from analysis.job_runner import JobRunner
from analysis.jobs import Cancelled, Context, Finish, Handler, JobFailed
from settings import Settings
from storage import job_queue
from storage.database import AnyPool, Connection, connect, session
from storage.job_queue import JobQueue
from storage.jobs import Job, JobFilter, JobKind, JobRepository, JobState, cancel, enqueue
from storage.roles import PIPELINE

SETTINGS = Settings(_env_file=None, shutdown_deadline_s=1.0)
LONG_S = 20.0


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_runner, "BEAT_S", 0.02)
    monkeypatch.setattr(job_queue, "RETRY_S", 0.0)


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[AnyPool]:
    owner = await connect(database_url, size_max=2)
    async with session(owner) as connection:
        await connection.execute("CREATE TABLE made (job_id uuid)")
        await connection.execute(f"GRANT ALL ON made TO {PIPELINE}")
    await owner.close()
    opened = await connect(database_url, role=PIPELINE)
    yield opened
    await opened.close()


class Line:
    """One worker's queue and runner, whose handlers are all the same one."""

    def __init__(self, pool: AnyPool, handler: Handler, lease_s: float = 15.0) -> None:
        self.pool = pool
        self.stopping = asyncio.Event()
        self.queue = JobQueue(pool, "test", lease_s=lease_s)
        self.runner = JobRunner(SETTINGS, pool, self.queue, self.stopping, lambda _kind: handler)

    async def put(self) -> Job:
        async with session(self.pool) as connection:
            return await enqueue(connection, 1, JobKind.RUN, str(uuid4()), created_by="user:1")

    async def run_next(self) -> str:
        held = await self.queue.take(JobKind)
        assert held is not None
        return await self.runner.run(held)

    async def found(self, job: Job) -> Job:
        found = await JobRepository(self.pool).get(1, job.job_id)
        assert found is not None
        return found

    async def made(self) -> int:
        async with session(self.pool) as connection:
            return int(await connection.fetchval("SELECT count(*) FROM made"))


def storing(job: Job) -> Finish:
    async def store(connection: Connection) -> None:
        await connection.execute("INSERT INTO made VALUES ($1)", job.job_id)

    return store


def until_told(job: Job, context: Context) -> Finish:
    """Works until somebody asks for its end."""
    context.progress("fit", 5, 10)
    for _ in range(int(LONG_S * 100)):
        if context.cancelled():
            raise Cancelled
        Event().wait(0.01)
    return storing(job)


@asynccontextmanager
async def at_work(line: Line) -> AsyncIterator["asyncio.Task[str]"]:
    """A job at work, as far as its first heartbeat."""
    job = await line.put()
    task = asyncio.create_task(line.run_next())
    async with asyncio.timeout(LONG_S):
        while True:
            if (await line.found(job)).rows_done:
                break
            await asyncio.sleep(0.01)
    yield task


async def test_results_are_stored_with_the_end(pool: AnyPool) -> None:
    line = Line(pool, lambda job, _context: storing(job))
    job = await line.put()
    assert await line.run_next() == "done"
    assert (await line.found(job)).state is JobState.DONE
    assert await line.made() == 1


async def test_a_handler_asks_postgres_from_its_thread(pool: AnyPool) -> None:
    async def answer(asked: AnyPool) -> int:
        async with session(asked) as connection:
            return int(await connection.fetchval("SELECT 41 + 1"))

    seen = []

    def handler(job: Job, context: Context) -> Finish:
        seen.append(context.wait(answer(context.pool)))
        return storing(job)

    line = Line(pool, handler)
    await line.put()
    assert await line.run_next() == "done"
    assert seen == [42]


async def test_a_cancelled_job_ends_and_stores_nothing(pool: AnyPool) -> None:
    line = Line(pool, until_told)
    async with at_work(line) as task:
        [job] = await JobRepository(pool).page(1, JobFilter())
        await JobRepository(pool).cancel(1, job.job_id)
        async with asyncio.timeout(LONG_S):
            assert await task == "cancelled"
    assert (await line.found(job)).state is JobState.CANCELLED
    assert await line.made() == 0


async def test_a_worker_that_stops_gives_the_job_back(pool: AnyPool) -> None:
    line = Line(pool, until_told)
    async with at_work(line) as task:
        line.stopping.set()
        async with asyncio.timeout(LONG_S):
            assert await task == "stopped"
    other = Line(pool, lambda job, _context: storing(job))
    assert await other.run_next() == "done"
    assert await line.made() == 1


async def test_a_job_that_another_worker_has_begun_again_is_let_go(pool: AnyPool) -> None:
    asleep = Line(pool, until_told, lease_s=-1.0)
    async with at_work(asleep) as task:
        other = Line(pool, lambda job, _context: storing(job))
        assert await other.run_next() == "done"
        async with asyncio.timeout(LONG_S):
            assert await task == "lost"
    assert await asleep.made() == 1


async def test_what_can_never_succeed_fails_at_once_and_says_why(pool: AnyPool) -> None:
    def handler(_job: Job, _context: Context) -> None:
        raise JobFailed("the file has no rows")

    line = Line(pool, handler)
    job = await line.put()
    assert await line.run_next() == "failed"
    assert (await line.found(job)).error == "the file has no rows"


async def test_an_error_that_nobody_expected_is_tried_again_and_not_told(pool: AnyPool) -> None:
    tries = []

    def handler(job: Job, _context: Context) -> Finish:
        tries.append(job.attempts)
        if len(tries) < 3:
            raise ZeroDivisionError("a secret")
        return storing(job)

    line = Line(pool, handler)
    job = await line.put()
    assert [await line.run_next() for _ in range(2)] == ["retried", "retried"]
    assert "secret" not in ((await line.found(job)).error or "")
    assert await line.run_next() == "done"
    assert tries == [1, 2, 3]


async def test_results_that_cannot_be_stored_are_tried_again(pool: AnyPool) -> None:
    def handler(_job: Job, _context: Context) -> Finish:
        async def store(connection: Connection) -> None:
            await connection.execute("INSERT INTO nowhere VALUES (1)")

        return store

    line = Line(pool, handler)
    job = await line.put()
    assert await line.run_next() == "retried"
    assert (await line.found(job)).state is JobState.WAITING


async def test_a_handler_that_does_not_listen_ends_its_worker(pool: AnyPool) -> None:
    heard, released = Event(), Event()

    def handler(job: Job, context: Context) -> Finish:
        context.progress("fit", 1, 2)
        heard.set()
        released.wait(LONG_S)
        return storing(job)

    line = Line(pool, handler)
    async with at_work(line) as task:
        [job] = await JobRepository(pool).page(1, JobFilter())
        await JobRepository(pool).cancel(1, job.job_id)
        async with asyncio.timeout(LONG_S):
            assert await task == "cancelled"
    assert line.stopping.is_set()
    released.set()
    assert await line.made() == 0


async def test_an_installation_without_the_handler_says_so(pool: AnyPool) -> None:
    def none(_kind: JobKind) -> Handler:
        raise ImportError

    line = Line(pool, until_told)
    runner = JobRunner(SETTINGS, pool, line.queue, line.stopping, none)
    job = await line.put()
    held = await line.queue.take(JobKind)
    assert held is not None
    assert await runner.run(held) == "failed"
    assert (await line.found(job)).error


async def test_a_job_is_cancelled_while_its_libraries_are_imported(pool: AnyPool) -> None:
    began, released = Event(), Event()

    def slow(_kind: JobKind) -> Handler:
        began.set()
        released.wait(LONG_S)
        return until_told

    line = Line(pool, until_told)
    runner = JobRunner(SETTINGS, pool, line.queue, line.stopping, slow)
    job = await line.put()
    held = await line.queue.take(JobKind)
    assert held is not None
    task = asyncio.create_task(runner.run(held))
    await asyncio.to_thread(began.wait, LONG_S)
    async with session(pool) as connection:
        await cancel(connection, 1, job.job_id)
    async with asyncio.timeout(LONG_S / 2):
        assert await task == "cancelled"
    assert not released.is_set()
    released.set()
    assert (await line.found(job)).state is JobState.CANCELLED
