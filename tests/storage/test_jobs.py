"""The queue on the real Postgres: shared, leased, begun again, ended once."""

import asyncio
from uuid import UUID, uuid4

import pytest

from storage import job_queue
from storage.clients import ClientRepository
from storage.database import Connection, Pool, connect, session
from storage.job_queue import ATTEMPTS_MAX, ERRORS_MAX, Held, JobQueue, LeaseLost
from storage.jobs import WAITING_MAX, Job, JobFilter, JobKind, JobRepository, JobState, TooManyJobs, enqueue
from storage.roles import PIPELINE

GONE = -1.0  # a lease that has run out already: its worker died


async def put(pool: Pool, kind: JobKind = JobKind.RUN, client_id: int = 1, subject: str | None = None) -> Job:
    async with session(pool) as connection, connection.transaction():
        return await enqueue(connection, client_id, kind, subject or str(uuid4()), created_by="user:1")


async def took(pool: Pool, job_id: UUID, seconds: float, ago_s: float = 0.0) -> None:
    """Let a job have taken so long; one that runs has begun so long ago."""
    async with session(pool) as connection:
        await connection.execute(
            "UPDATE jobs SET started_at = now() - make_interval(secs => $2::float + $3::float),"
            " finished_at = finished_at - make_interval(secs => $3::float) WHERE job_id = $1",
            job_id, seconds, ago_s,
        )  # fmt: skip


async def taken(queue: JobQueue) -> Held:
    held = await queue.take(JobKind)
    assert held is not None
    return held


async def state_of(pool: Pool, job: Job) -> JobState:
    found = await JobRepository(pool).get(job.client_id, job.job_id)
    assert found is not None
    return found.state


async def test_work_exists_only_if_what_it_is_about_was_committed(pool: Pool) -> None:
    async with session(pool) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await enqueue(connection, 1, JobKind.RUN, "a", created_by="user:1")
        await transaction.rollback()
    assert await JobQueue(pool, "one").take(JobKind) is None


async def test_workers_share_the_jobs_and_none_is_taken_twice(database_url: str, pool: Pool) -> None:
    jobs = {(await put(pool)).job_id for _ in range(20)}
    async with await connect(database_url, role=PIPELINE) as workers:
        queues = [JobQueue(workers, str(number)) for number in range(4)]

        async def all_of(queue: JobQueue) -> list[Held]:
            found = []
            while held := await queue.take(JobKind):
                found.append(held)
            return found

        held = [each for found in await asyncio.gather(*map(all_of, queues)) for each in found]
    assert len(held) == 20
    assert {each.job.job_id for each in held} == jobs


async def test_of_one_client_the_urgent_first(pool: Pool) -> None:
    queue = JobQueue(pool, "one")
    first, second = await put(pool), await put(pool)
    preview = await put(pool, JobKind.PREVIEW)
    assert [(await taken(queue)).job.job_id for _ in range(3)] == [preview.job_id, first.job_id, second.job_id]


async def test_who_has_used_the_workers_least_comes_first(pool: Pool) -> None:
    """Whatever is at work or more urgent: three jobs of minutes delay another client's by one of them."""
    other = await ClientRepository(pool).create("another")
    queue = JobQueue(pool, "one")
    mine = [await put(pool, JobKind.PARSE) for _ in range(3)]
    held = await taken(queue)
    theirs = [await put(pool, JobKind.RUN, client_id=other) for _ in range(2)]
    await queue.finish(held, None)
    await took(pool, held.job.job_id, 60.0)
    assert (await taken(queue)).job.job_id == theirs[0].job_id  # nothing of either is at work
    await took(pool, theirs[0].job_id, 59.0)
    assert (await taken(queue)).job.job_id == theirs[1].job_id
    await took(pool, theirs[1].job_id, 30.0)
    assert (await taken(queue)).job.job_id == mine[1].job_id  # 60 seconds against 89


async def test_what_was_used_an_hour_ago_does_not_count(pool: Pool) -> None:
    other = await ClientRepository(pool).create("another")
    queue = JobQueue(pool, "one")
    await put(pool)
    held = await taken(queue)
    await queue.finish(held, None)
    await took(pool, held.job.job_id, 600.0, ago_s=3601.0)
    mine, _ = await put(pool), await put(pool, client_id=other)
    assert (await taken(queue)).job.job_id == mine.job_id


async def test_one_job_of_a_subject_runs_at_a_time(pool: Pool) -> None:
    queue = JobQueue(pool, "one")
    await put(pool, JobKind.PARSE, subject="upload")
    await put(pool, JobKind.PARSE, subject="upload")
    first = await taken(queue)
    assert await queue.take(JobKind) is None
    await queue.finish(first, None)
    assert (await taken(queue)).job.subject == "upload"


async def test_a_dead_workers_job_is_begun_again_and_the_dead_stores_nothing(pool: Pool) -> None:
    await put(pool)
    dead, alive = JobQueue(pool, "dead", lease_s=GONE), JobQueue(pool, "alive")
    lost, held = await taken(dead), await taken(alive)
    assert held.job.job_id == lost.job.job_id
    assert held.job.attempts == 2

    async def store(connection: Connection) -> None:
        await connection.execute("UPDATE clients SET name = 'doubled' WHERE client_id = 1")

    with pytest.raises(LeaseLost):
        await dead.beat(lost, "fit", 1, 2)
    with pytest.raises(LeaseLost):
        await dead.finish(lost, store)
    await alive.finish(held, None)
    with pytest.raises(LeaseLost):
        await dead.finish(lost, store)
    async with session(pool) as connection:
        assert await connection.fetchval("SELECT name FROM clients WHERE client_id = 1") != "doubled"


async def test_results_that_cannot_be_stored_leave_the_job_unended(pool: Pool) -> None:
    job = await put(pool)
    queue = JobQueue(pool, "one")
    held = await taken(queue)

    async def store(connection: Connection) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await queue.finish(held, store)
    assert await state_of(pool, job) is JobState.RUNNING


async def test_a_job_that_kills_its_workers_is_given_up(pool: Pool) -> None:
    job = await put(pool)
    dead = JobQueue(pool, "dead", lease_s=GONE)
    for _ in range(ATTEMPTS_MAX):
        await taken(dead)
    assert await dead.take(JobKind) is None
    found = await JobRepository(pool).get(1, job.job_id)
    assert found is not None
    assert found.state is JobState.FAILED
    assert found.error
    assert str(ATTEMPTS_MAX) in found.error


async def test_an_error_is_tried_again_and_then_given_up(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_queue, "RETRY_S", 0.0)
    job = await put(pool)
    queue = JobQueue(pool, "one")
    again = [await queue.retry(await taken(queue), "it broke") for _ in range(ERRORS_MAX)]
    assert again == [True] * (ERRORS_MAX - 1) + [False]
    assert await state_of(pool, job) is JobState.FAILED


async def test_a_job_that_is_to_be_tried_again_waits_a_while(pool: Pool) -> None:
    await put(pool)
    queue = JobQueue(pool, "one")
    assert await queue.retry(await taken(queue), "it broke")
    assert await queue.take(JobKind) is None


async def test_a_worker_that_stops_gives_its_job_back_as_if_it_had_not_begun(pool: Pool) -> None:
    await put(pool)
    queue = JobQueue(pool, "one")
    await queue.give_back(await taken(queue))
    assert (await taken(queue)).job.attempts == 1


async def test_what_waits_is_cancelled_at_once_and_what_runs_is_told(pool: Pool) -> None:
    queue = JobQueue(pool, "one")
    jobs = JobRepository(pool)
    running = await put(pool)
    held = await taken(queue)
    waiting = await put(pool)
    for job in (running, waiting):
        assert await jobs.cancel(1, job.job_id) is not None
    assert await state_of(pool, waiting) is JobState.CANCELLED
    assert await queue.beat(held, "fit", 0, 0)
    await queue.cancelled(held)
    assert await state_of(pool, running) is JobState.CANCELLED
    assert await jobs.cancel(1, running.job_id) is None


async def test_what_was_cancelled_is_not_begun_again_when_its_worker_dies(pool: Pool) -> None:
    job = await put(pool)
    dead = JobQueue(pool, "dead", lease_s=GONE)
    await taken(dead)
    await JobRepository(pool).cancel(1, job.job_id)
    assert await dead.take(JobKind) is None
    assert await state_of(pool, job) is JobState.CANCELLED


async def test_progress_is_seen_and_a_new_stage_begins_its_own_clock(pool: Pool) -> None:
    job = await put(pool)
    queue = JobQueue(pool, "one")
    held = await taken(queue)
    await queue.beat(held, "fit", 10, 100)
    fit = await JobRepository(pool).get(1, job.job_id)
    await queue.beat(held, "detect", 5, 100)
    detect = await JobRepository(pool).get(1, job.job_id)
    assert fit is not None
    assert detect is not None
    assert (fit.stage, fit.rows_done, fit.rows_total) == ("fit", 10, 100)
    assert (detect.stage, detect.rows_done) == ("detect", 5)
    assert fit.stage_at is not None
    assert detect.stage_at is not None
    assert fit.stage_at < detect.stage_at


async def test_a_client_cannot_queue_without_bound(pool: Pool) -> None:
    for _ in range(WAITING_MAX):
        await put(pool)
    with pytest.raises(TooManyJobs):
        await put(pool)
    await put(pool, client_id=await ClientRepository(pool).create("another"))


async def test_pages_are_the_clients_own_newest_first(pool: Pool) -> None:
    other = await ClientRepository(pool).create("another")
    mine = [await put(pool) for _ in range(5)]
    await put(pool, client_id=other)
    jobs = JobRepository(pool)
    first = await jobs.page(1, JobFilter(), limit=3)
    rest = await jobs.page(1, JobFilter(), after=(first[-1].created_at, first[-1].job_id), limit=3)
    assert [job.job_id for job in first + rest] == [job.job_id for job in reversed(mine)]
    assert await jobs.page(1, JobFilter(state=[JobState.DONE])) == []
    assert await jobs.get(other, mine[0].job_id) is None
