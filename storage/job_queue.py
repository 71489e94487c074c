"""A worker's side of the jobs: taken under a lease, kept by a heartbeat, ended once.

A lease is a number that only its holder knows. Whoever dies stops beating, and when the lease has run out another
worker begins the job again under a new one; what the first may still try to write then meets a lease that is not its
own, and is rolled back with all that it wanted to store. `docs/decisions/0045` says why this is not a library.
"""

# ruff: noqa: S608 - statements are put together from constants only; every value is bound

from collections.abc import Awaitable, Callable, Collection
from uuid import UUID, uuid4

import asyncpg
import msgspec

from storage.database import Connection, Pool, session
from storage.jobs import COLUMNS, Job, JobKind, job_of

LEASE_S = 15.0  # a heartbeat comes every second; a store or a machine that stalls longer has the work done twice
ATTEMPTS_MAX = 12  # beginnings of a job, most of them ended by a worker that died
ERRORS_MAX = 3  # of these, by an error in the work itself
RETRY_S = 5.0  # after the first error; doubled at the next
TEXT_MAX = 500  # characters of an error
USED_WITHIN_S = 3600.0  # what a client's jobs took longer ago does not count against it

Finish = Callable[[Connection], Awaitable[None]]  # stores the results, in the transaction that ends the job

# Jobs whose worker is gone, and that nobody shall begin again.
_SWEEP = """
UPDATE jobs SET state = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'failed' END, finished_at = now(),
    lease = NULL, leased_until = NULL,
    error = CASE WHEN cancel_requested THEN NULL
        ELSE 'given up: its worker ended ' || attempts || ' times before the work was done' END
WHERE state = 'running' AND leased_until < now() AND (cancel_requested OR attempts >= $1)
"""
# The client that has had the least of the workers lately comes first, whatever waits: so a few jobs that each take
# minutes delay another's that takes a second by one of them, not by all. Of one client's the most urgent first.
_TAKE = f"""
WITH used AS (
    SELECT r.client_id, sum(extract(epoch FROM coalesce(r.finished_at, least(r.leased_until, now()))
        - greatest(r.started_at, now() - make_interval(secs => $5)))) AS seconds
    FROM jobs AS r
    WHERE r.started_at IS NOT NULL AND (r.state = 'running' OR r.finished_at > now() - make_interval(secs => $5))
    GROUP BY r.client_id
)
UPDATE jobs AS j SET state = 'running', lease = $1, leased_until = now() + make_interval(secs => $2), worker = $3,
    attempts = j.attempts + 1, started_at = now(), beaten_at = now(), stage_at = now(), stage = '', rows_done = 0,
    rows_total = 0
WHERE j.job_id = (
    SELECT x.job_id FROM jobs AS x LEFT JOIN used USING (client_id)
    WHERE x.kind = ANY ($4::text[]) AND (
        (x.state = 'waiting' AND x.due_at <= now() AND NOT EXISTS (
            SELECT FROM jobs AS r WHERE r.state = 'running' AND r.client_id = x.client_id AND r.kind = x.kind
                AND r.subject = x.subject
        ))
        OR (x.state = 'running' AND x.leased_until < now())
    )
    ORDER BY coalesce(used.seconds, 0), x.priority DESC, x.created_at, x.job_id
    LIMIT 1 FOR UPDATE OF x SKIP LOCKED
)
RETURNING {COLUMNS}
"""
_BEAT = """
UPDATE jobs SET leased_until = now() + make_interval(secs => $3), beaten_at = now(),
    stage_at = CASE WHEN stage = $4 THEN stage_at ELSE now() END, stage = $4, rows_done = $5, rows_total = $6
WHERE job_id = $1 AND lease = $2 RETURNING cancel_requested
"""
_END = """
UPDATE jobs SET state = $3, error = $4, finished_at = now(), lease = NULL, leased_until = NULL
WHERE job_id = $1 AND lease = $2
"""
_GIVE_BACK = """
UPDATE jobs SET state = 'waiting', lease = NULL, leased_until = NULL, worker = NULL, attempts = attempts - 1
WHERE job_id = $1 AND lease = $2
"""
_RETRY = """
UPDATE jobs SET errors = errors + 1, lease = NULL, leased_until = NULL, error = $3,
    state = CASE WHEN errors + 1 >= $4 OR attempts >= $5 THEN 'failed' ELSE 'waiting' END,
    finished_at = CASE WHEN errors + 1 >= $4 OR attempts >= $5 THEN now() END,
    due_at = now() + make_interval(secs => $6 * 2 ^ errors)
WHERE job_id = $1 AND lease = $2 RETURNING state
"""
_DEPTHS = "SELECT kind, state, count(*) AS jobs FROM jobs WHERE state IN ('waiting', 'running') GROUP BY kind, state"


class LeaseLost(Exception):
    """Another worker has begun the job again: nothing of this attempt is stored."""


class Held(msgspec.Struct, frozen=True):
    """A job and the lease under which it is held."""

    job: Job
    lease: UUID


class JobQueue:
    """Works in the pipeline's role. Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool, worker: str, *, lease_s: float = LEASE_S) -> None:
        self._pool = pool
        self._worker = worker
        self._lease_s = lease_s

    async def take(self, kinds: Collection[JobKind]) -> Held | None:
        """The next job, or None if none is due. What nobody shall begin again is ended first."""
        lease = uuid4()
        async with session(self._pool) as connection:
            await connection.execute(_SWEEP, ATTEMPTS_MAX)
            try:
                record = await connection.fetchrow(
                    _TAKE, lease, self._lease_s, self._worker, list(kinds), USED_WITHIN_S
                )
            except asyncpg.UniqueViolationError:
                return None  # another worker began one of the same subject at this moment
        return Held(job_of(record), lease) if record else None

    async def beat(self, held: Held, stage: str, rows_done: int, rows_total: int) -> bool:
        """Keep the lease and say how far the work is; whether somebody asked for its end. Raises LeaseLost."""
        async with session(self._pool) as connection:
            wanted: bool | None = await connection.fetchval(
                _BEAT, held.job.job_id, held.lease, self._lease_s, stage, rows_done, rows_total
            )
        if wanted is None:
            raise LeaseLost
        return wanted

    async def finish(self, held: Held, store: Finish | None) -> None:
        """End the job and store its results, in one transaction. Raises LeaseLost; then nothing is stored."""
        async with session(self._pool) as connection, connection.transaction():
            # First: the row stays locked to the commit, so nobody can begin the job again behind the results.
            await _one(connection, _END, held, "done", None)
            if store is not None:
                await store(connection)

    async def cancelled(self, held: Held) -> None:
        """The work was ended because somebody asked for it. Raises LeaseLost."""
        async with session(self._pool) as connection:
            await _one(connection, _END, held, "cancelled", None)

    async def fail(self, held: Held, error: str) -> None:
        """End the job: trying again would not help. Raises LeaseLost."""
        async with session(self._pool) as connection:
            await _one(connection, _END, held, "failed", error[:TEXT_MAX])

    async def retry(self, held: Held, error: str) -> bool:
        """Try again after a while; False if that was the last time. Raises LeaseLost."""
        async with session(self._pool) as connection:
            state = await connection.fetchval(
                _RETRY, held.job.job_id, held.lease, error[:TEXT_MAX], ERRORS_MAX, ATTEMPTS_MAX, RETRY_S
            )
        if state is None:
            raise LeaseLost
        return bool(state == "waiting")

    async def give_back(self, held: Held) -> None:
        """Let another worker begin it at once: this one stops. Raises LeaseLost."""
        async with session(self._pool) as connection:
            await _one(connection, _GIVE_BACK, held)

    async def depths(self) -> dict[tuple[str, str], int]:
        """(kind, state) → jobs of all clients that wait or run."""
        async with session(self._pool) as connection:
            return {(r["kind"], r["state"]): r["jobs"] for r in await connection.fetch(_DEPTHS)}


async def _one(connection: Connection, statement: str, held: Held, *values: object) -> None:
    if await connection.execute(statement, held.job.job_id, held.lease, *values) != "UPDATE 1":
        raise LeaseLost
