"""Runs: a strategy over an upload or a stored period, as it was asked for, and in short what it found."""

# ruff: noqa: S608 - statements are put together from constants only; every value is bound

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec

from storage import jobs
from storage.audit import AuditEntry, record
from storage.conditions import Conditions
from storage.database import Connection, Pool, session
from storage.jobs import Job, JobKind, JobState
from storage.rows import rows_of

PAGE_MAX = 1_000  # runs a query

_COLUMNS = """
r.run_id, r.upload_id, r.from_ms, r.to_ms, r.strategy_id, r.strategy_version, r.strategy, r.created_by AS run_by,
r.created_at AS run_at, r.rows, r.flagged, r.kept, r.judged
"""
_FROM = "analysis_runs AS r JOIN jobs AS j USING (job_id, client_id)"
_INSERT = """
INSERT INTO analysis_runs (run_id, client_id, job_id, upload_id, from_ms, to_ms, strategy_id, strategy_version,
    strategy, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_GET = f"SELECT {_COLUMNS}, {jobs.COLUMNS} FROM {_FROM} WHERE r.client_id = $1 AND r.run_id = $2"
_FOUND = """
UPDATE analysis_runs SET rows = $3, flagged = $4, kept = $5, judged = $6 WHERE client_id = $1 AND run_id = $2
"""


class RunSource(msgspec.Struct, frozen=True, kw_only=True):
    """What a run looks at: an upload, or the client's stored transactions with event times in [from_ms, to_ms)."""

    upload_id: UUID | None = None
    from_ms: int | None = None
    to_ms: int | None = None


class NewRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is asked for; `strategy` is the document of that very version."""

    client_id: int
    source: RunSource
    strategy_id: str
    strategy_version: int
    strategy: dict[str, Any]


class RunFound(msgspec.Struct, frozen=True, kw_only=True):
    """What a run found. `flagged` rows reach the threshold, `kept` of them are stored; `judged` rows by detector."""

    rows: int
    flagged: int
    kept: int
    judged: dict[str, int]


class StoredRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run with its job; `found` is there once the job is done."""

    run_id: UUID
    source: RunSource
    strategy_id: str
    strategy_version: int
    strategy: dict[str, Any]
    created_by: str
    created_at: datetime
    job: Job
    found: RunFound | None


class RunFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What to list; None is everything."""

    state: list[JobState] | None = None
    upload_id: UUID | None = None
    strategy_id: str | None = None


_encode = msgspec.json.Encoder().encode
_document = msgspec.json.Decoder(dict[str, Any]).decode
_judged = msgspec.json.Decoder(dict[str, int]).decode


async def add(connection: Connection, new: NewRun, entry: AuditEntry) -> UUID:
    """Ask for a run, in the caller's transaction; returns its id. Raises TooManyJobs."""
    run_id, source = uuid4(), new.source
    job = await jobs.enqueue(connection, new.client_id, JobKind.RUN, str(run_id), created_by=entry.actor)
    await connection.execute(
        _INSERT,
        run_id,
        new.client_id,
        job.job_id,
        source.upload_id,
        source.from_ms,
        source.to_ms,
        new.strategy_id,
        new.strategy_version,
        _encode(new.strategy),
        entry.actor,
    )
    await record(connection, msgspec.structs.replace(entry, subject=f"run:{run_id}"))
    return run_id


async def note_found(connection: Connection, client_id: int, run_id: UUID, found: RunFound) -> None:
    """Keep what a run found, in the transaction that ends its job."""
    await connection.execute(_FOUND, client_id, run_id, found.rows, found.flagged, found.kept, _encode(found.judged))


class RunRepository:
    """Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def get(self, client_id: int, run_id: UUID) -> StoredRun | None:
        """None also for another client's run."""
        async with session(self._pool) as connection:
            found = await connection.fetchrow(_GET, client_id, run_id)
        return _run_of(found) if found else None

    async def page(
        self, client_id: int, wanted: RunFilter, *, after: tuple[datetime, UUID] | None = None, limit: int = 50
    ) -> list[StoredRun]:
        """Newest first, those behind a (created_at, run_id); at most PAGE_MAX."""
        where = Conditions("r.client_id = {}", client_id)
        where.add_if("j.state = ANY ({}::text[])", wanted.state)
        where.add_if("r.upload_id = {}", wanted.upload_id)
        where.add_if("r.strategy_id = {}", wanted.strategy_id)
        if after is not None:
            where.add("(r.created_at, r.run_id) < ({}, {})", *after)
        limited = where.bind(min(limit, PAGE_MAX))
        statement = f"""
        SELECT {_COLUMNS}, {jobs.COLUMNS} FROM {_FROM} WHERE {where}
        ORDER BY r.created_at DESC, r.run_id DESC LIMIT {limited}
        """
        async with session(self._pool) as connection:
            found = await connection.fetch(statement, *where.values)
        return rows_of(found, _run_of, created_at=lambda row: row.run_at)


def _run_of(record: asyncpg.Record) -> StoredRun:
    found = dict(record)
    own = {name: found.pop(name) for name in _OWN}
    kept = own["rows"] is not None
    return StoredRun(
        run_id=own["run_id"],
        source=RunSource(upload_id=own["upload_id"], from_ms=own["from_ms"], to_ms=own["to_ms"]),
        strategy_id=own["strategy_id"],
        strategy_version=own["strategy_version"],
        strategy=_document(own["strategy"]),
        created_by=own["run_by"],
        created_at=own["run_at"],
        job=jobs.job_of(found),
        found=RunFound(rows=own["rows"], flagged=own["flagged"], kept=own["kept"], judged=_judged(own["judged"]))
        if kept
        else None,
    )


_OWN = (
    "run_id", "upload_id", "from_ms", "to_ms", "strategy_id", "strategy_version", "strategy", "run_by", "run_at",
    "rows", "flagged", "kept", "judged",
)  # fmt: skip
