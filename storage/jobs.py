"""Long work that a client asked for: put into the queue, looked at, cancelled. `storage.job_queue` is a worker's side.

A job lives in the table that its caller's other rows live in, so asking for work and what it is about are one
transaction, under the same row security.
"""

# ruff: noqa: S608 - statements are put together from constants only; every value is bound

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec

from storage.conditions import Conditions
from storage.database import Connection, Pool, session
from storage.rows import rows_of

WAITING_MAX = 100  # jobs of one client; more of them tell of a loop, and would only wait
PAGE_MAX = 1_000


class JobKind(StrEnum):
    """What there is to do; the subject is the id of the upload, the run, the preview."""

    PARSE = "parse"
    RUN = "run"
    PREVIEW = "preview"


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})
PRIORITIES = {JobKind.PREVIEW: 10, JobKind.PARSE: 5, JobKind.RUN: 0}  # somebody sits before a preview

COLUMNS = """
j.job_id, j.client_id, j.kind, j.subject, j.state, j.stage, j.rows_done, j.rows_total, j.attempts, j.errors,
j.cancel_requested, j.error, j.created_by, j.created_at, j.started_at, j.stage_at, j.beaten_at, j.finished_at
"""
_WAITING = "SELECT count(*) FROM jobs WHERE client_id = $1 AND state = 'waiting'"
_ENQUEUE = f"""
INSERT INTO jobs AS j (job_id, client_id, kind, subject, priority, created_by)
VALUES ($1, $2, $3, $4, $5, $6) RETURNING {COLUMNS}
"""
_GET = f"SELECT {COLUMNS} FROM jobs AS j WHERE j.client_id = $1 AND j.job_id = $2"
_LAST_OF = f"""
SELECT {COLUMNS} FROM jobs AS j WHERE j.client_id = $1 AND j.kind = $2 AND j.subject = $3
ORDER BY j.created_at DESC LIMIT 1
"""
# What waits is over at once; what runs ends at its worker's next look.
_CANCEL = f"""
UPDATE jobs AS j SET cancel_requested = true,
    state = CASE WHEN j.state = 'waiting' THEN 'cancelled' ELSE j.state END,
    finished_at = CASE WHEN j.state = 'waiting' THEN now() ELSE j.finished_at END
WHERE j.client_id = $1 AND j.job_id = $2 AND j.state IN ('waiting', 'running')
RETURNING {COLUMNS}
"""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job as it is stored. `rows_done` of `rows_total` is of the present stage, which began at `stage_at`."""

    job_id: UUID
    client_id: int
    kind: JobKind
    subject: str
    state: JobState
    stage: str
    rows_done: int
    rows_total: int
    attempts: int
    errors: int
    cancel_requested: bool
    error: str | None
    created_by: str
    created_at: datetime
    started_at: datetime | None
    stage_at: datetime | None
    beaten_at: datetime | None
    finished_at: datetime | None


class TooManyJobs(Exception):
    """The client has WAITING_MAX jobs that wait."""


class JobFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What to list; None is everything."""

    state: list[JobState] | None = None
    kind: list[JobKind] | None = None
    subject: str | None = None


async def enqueue(connection: Connection, client_id: int, kind: JobKind, subject: str, *, created_by: str) -> Job:
    """Put a job into the queue, inside the caller's transaction: it is there if what it is about is there.

    Raises TooManyJobs.
    """
    if await connection.fetchval(_WAITING, client_id) >= WAITING_MAX:
        raise TooManyJobs(f"{WAITING_MAX} jobs wait already; cancel some, or wait until they are done")
    record = await connection.fetchrow(_ENQUEUE, uuid4(), client_id, kind, subject, PRIORITIES[kind], created_by)
    assert record is not None
    return job_of(record)


async def last_of(connection: Connection, client_id: int, kind: JobKind, subject: str) -> Job | None:
    """The newest job about a subject."""
    record = await connection.fetchrow(_LAST_OF, client_id, kind, subject)
    return job_of(record) if record else None


async def cancel(connection: Connection, client_id: int, job_id: UUID) -> Job | None:
    """Ask for the end of a job; None if there is none that waits or runs."""
    record = await connection.fetchrow(_CANCEL, client_id, job_id)
    return job_of(record) if record else None


class JobRepository:
    """A client's jobs. Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def get(self, client_id: int, job_id: UUID) -> Job | None:
        """None also for another client's job."""
        async with session(self._pool) as connection:
            record = await connection.fetchrow(_GET, client_id, job_id)
        return job_of(record) if record else None

    async def last_of(self, client_id: int, kind: JobKind, subject: str) -> Job | None:
        """The newest job about a subject."""
        async with session(self._pool) as connection:
            return await last_of(connection, client_id, kind, subject)

    async def cancel(self, client_id: int, job_id: UUID) -> Job | None:
        """Ask for the end of a job; None if there is none that waits or runs."""
        async with session(self._pool) as connection:
            return await cancel(connection, client_id, job_id)

    async def page(
        self, client_id: int, wanted: JobFilter, *, after: tuple[datetime, UUID] | None = None, limit: int = 50
    ) -> list[Job]:
        """Newest first, those behind a (created_at, job_id); at most PAGE_MAX."""
        where = Conditions("j.client_id = {}", client_id)
        where.add_if("j.state = ANY ({}::text[])", wanted.state)
        where.add_if("j.kind = ANY ({}::text[])", wanted.kind)
        where.add_if("j.subject = {}", wanted.subject)
        if after is not None:
            where.add("(j.created_at, j.job_id) < ({}, {})", *after)
        limited = where.bind(min(limit, PAGE_MAX))
        statement = f"""
        SELECT {COLUMNS} FROM jobs AS j WHERE {where} ORDER BY j.created_at DESC, j.job_id DESC LIMIT {limited}
        """
        async with session(self._pool) as connection:
            records = await connection.fetch(statement, *where.values)
        return rows_of(records, job_of)


def job_of(record: asyncpg.Record | dict[str, Any]) -> Job:
    """The job of a row with COLUMNS."""
    found = dict(record)
    return Job(**found | {"kind": JobKind(found["kind"]), "state": JobState(found["state"])})
