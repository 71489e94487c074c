"""Uploaded files: what came, how it is read, what became of it; and how a client's kinds of files are read.

The files lie in a folder beside Postgres. A row is there before anybody works on its file, and is gone before the
file is, so that what a crash leaves behind is at most a folder without a row (`known` finds those).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from storage.audit import AuditEntry, record
from storage.database import Connection, Pool, session
from storage.locks import UPLOAD_LOCK
from storage.rows import rows_of

PAGE_MAX = 1_000  # uploads a query
UPLOADS_MAX = 10_000  # of one client
CHUNK = 1_000  # uploads that one look for old ones brings

_COLUMNS = """upload_id, client_id, file_name, size_bytes, sha256, state, problem, revision, wanted, reading, rows,
    rejected, outcome, created_by, created_at, parsed_at"""
_GET = f"SELECT {_COLUMNS} FROM uploads WHERE client_id = $1 AND upload_id = $2"  # noqa: S608 - constants
_SAME = f"SELECT {_COLUMNS} FROM uploads WHERE client_id = $1 AND sha256 = $2"  # noqa: S608
_PAGE = f"""
SELECT {_COLUMNS} FROM uploads
WHERE client_id = $1 AND ($2::timestamptz IS NULL OR (created_at, upload_id) < ($2, $3::uuid))
ORDER BY created_at DESC, upload_id DESC LIMIT $4
"""  # noqa: S608
_USED = "SELECT count(*) AS uploads, coalesce(sum(size_bytes), 0)::bigint AS bytes FROM uploads WHERE client_id = $1"
# Uploads of one client are added one after the other, so that two together cannot pass its quota.
_ONE_BY_ONE = "SELECT pg_advisory_xact_lock($1, $2)"
_ADD = f"""
INSERT INTO uploads (upload_id, client_id, file_name, size_bytes, sha256, created_by) VALUES ($1, $2, $3, $4, $5, $6)
RETURNING {_COLUMNS}
"""  # noqa: S608
_READ_ANEW = f"""
UPDATE uploads SET wanted = $4, revision = revision + 1, state = 'received', problem = NULL, rows = NULL,
    rejected = NULL, outcome = NULL, parsed_at = NULL
WHERE client_id = $1 AND upload_id = $2 AND revision = $3
RETURNING {_COLUMNS}
"""  # noqa: S608
_PARSED = """
UPDATE uploads SET state = 'parsed', problem = NULL, reading = $4, rows = $5, rejected = $6, outcome = $7,
    parsed_at = now()
WHERE client_id = $1 AND upload_id = $2 AND revision = $3
"""
_REFUSED = """
UPDATE uploads SET state = $6, problem = $4, reading = coalesce($5, reading), rows = NULL, rejected = NULL,
    outcome = NULL, parsed_at = now()
WHERE client_id = $1 AND upload_id = $2 AND revision = $3
"""
_IDS = "SELECT upload_id FROM uploads WHERE client_id = $1"
_DELETE = "DELETE FROM uploads WHERE client_id = $1 AND upload_id = $2"
_OLD = "SELECT client_id, upload_id FROM uploads WHERE created_at < $1 ORDER BY created_at LIMIT $2"
_KNOWN = "SELECT upload_id FROM uploads WHERE upload_id = ANY ($1::uuid[])"
# Its rows are being read, or will be: they must stay as they are.
_IS_ANALYSED = """
SELECT EXISTS (
    SELECT FROM analysis_runs AS r JOIN jobs AS j ON j.job_id = r.job_id
    WHERE r.client_id = $1 AND r.upload_id = $2 AND j.state IN ('waiting', 'running')
)
"""
_MAPPING = "SELECT mapping FROM upload_mappings WHERE client_id = $1 AND layout = $2"
_KEEP_MAPPING = """
INSERT INTO upload_mappings (client_id, layout, mapping, changed_by) VALUES ($1, $2, $3, $4)
ON CONFLICT (client_id, layout) DO UPDATE SET mapping = excluded.mapping, changed_by = excluded.changed_by,
    changed_at = now()
"""


class NewUpload(msgspec.Struct, frozen=True, kw_only=True):
    """A file that lies in its folder already."""

    upload_id: UUID
    client_id: int
    file_name: str
    size_bytes: int
    sha256: bytes
    created_by: str


class StoredUpload(msgspec.Struct, frozen=True, kw_only=True):
    """An upload. `state`: received (to be parsed), parsed, refused, needs_confirmation (`problem` says why).

    `wanted` is the reading that was asked for, None to have it guessed; `reading` is the last one that was used;
    `revision` counts what was asked for; `outcome` says what became of every line of a parsed one.
    """

    upload_id: UUID
    client_id: int
    file_name: str
    size_bytes: int
    sha256: bytes
    state: str
    problem: str | None
    revision: int
    wanted: dict[str, Any] | None
    reading: dict[str, Any] | None
    rows: int | None
    rejected: int | None
    outcome: dict[str, Any] | None
    created_by: str
    created_at: datetime
    parsed_at: datetime | None


class Used(msgspec.Struct, frozen=True):
    """What a client's uploads take."""

    uploads: int
    bytes: int


class QuotaExceeded(Exception):
    """The client's uploads would take more room than they may."""


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode

Key = tuple[datetime, UUID]  # created at, id


class UploadRepository:
    """Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def get(self, client_id: int, upload_id: UUID) -> StoredUpload | None:
        async with session(self._pool) as connection:
            found = await connection.fetchrow(_GET, client_id, upload_id)
        return _upload_of(found)

    async def same(self, client_id: int, sha256: bytes) -> StoredUpload | None:
        """The client's upload of the same bytes."""
        async with session(self._pool) as connection:
            return _upload_of(await connection.fetchrow(_SAME, client_id, sha256))

    async def page(self, client_id: int, *, after: Key | None = None, limit: int = 50) -> list[StoredUpload]:
        """The newest first; at most PAGE_MAX."""
        async with session(self._pool) as connection:
            found = await connection.fetch(_PAGE, client_id, *(after or (None, None)), min(limit, PAGE_MAX))
        return rows_of(found, _known_upload_of)

    async def used(self, client_id: int) -> Used:
        async with session(self._pool) as connection:
            return await _used(connection, client_id)

    async def old(self, before: datetime) -> list[tuple[int, UUID]]:
        """(client, upload) of those that came before, the oldest first; at most CHUNK."""
        async with session(self._pool) as connection:
            return [tuple(found) for found in await connection.fetch(_OLD, before, CHUNK)]

    async def known(self, upload_ids: Sequence[UUID]) -> set[UUID]:
        """Which of these there are."""
        async with session(self._pool) as connection:
            return {found[0] for found in await connection.fetch(_KNOWN, upload_ids)}

    async def kept_mapping(self, client_id: int, layout: str) -> dict[str, Any] | None:
        """How the client has files of this layout read; None if it never said."""
        async with session(self._pool) as connection:
            found = await connection.fetchval(_MAPPING, client_id, layout)
        return _decode(found) if found is not None else None


async def add(connection: Connection, new: NewUpload, quota_bytes: int, entry: AuditEntry) -> tuple[StoredUpload, bool]:
    """Add the upload with its audit entry in the caller's transaction: (it, True).

    Where the client has these bytes already: (the upload that has them, False). Raises QuotaExceeded.
    """
    await connection.execute(_ONE_BY_ONE, UPLOAD_LOCK, new.client_id)
    same = _upload_of(await connection.fetchrow(_SAME, new.client_id, new.sha256))
    if same is not None:
        return same, False
    used = await _used(connection, new.client_id)
    if used.bytes + new.size_bytes > quota_bytes or used.uploads >= UPLOADS_MAX:
        raise QuotaExceeded
    added = _upload_of(await connection.fetchrow(_ADD, *msgspec.structs.astuple(new)))
    assert added is not None
    await record(connection, entry)
    return added, True


async def upload_in(connection: Connection, client_id: int, upload_id: UUID) -> StoredUpload | None:
    """The upload, locked until the caller's transaction ends."""
    return _upload_of(await connection.fetchrow(f"{_GET} FOR UPDATE", client_id, upload_id))


async def read_anew(
    connection: Connection,
    client_id: int,
    upload_id: UUID,
    revision: int,
    wanted: dict[str, Any] | None,
    entry: AuditEntry,
) -> StoredUpload | None:
    """Ask for another reading of the file, in the caller's transaction; None if `revision` is not the current one."""
    encoded = _encode(wanted) if wanted is not None else None
    changed = _upload_of(await connection.fetchrow(_READ_ANEW, client_id, upload_id, revision, encoded))
    if changed is not None:
        await record(connection, entry)
    return changed


async def parsed(
    connection: Connection,
    client_id: int,
    upload_id: UUID,
    revision: int,
    *,
    reading: dict[str, Any],
    rows: int,
    rejected: int,
    outcome: dict[str, Any],
) -> bool:
    """Note what was found; False if meanwhile another reading was asked for, or the upload is gone."""
    key = client_id, upload_id, revision
    status = await connection.execute(_PARSED, *key, _encode(reading), rows, rejected, _encode(outcome))
    return status != "UPDATE 0"


async def refused(
    connection: Connection,
    client_id: int,
    upload_id: UUID,
    revision: int,
    problem: str,
    reading: dict[str, Any] | None = None,
    *,
    asks: bool = False,
) -> bool:
    """Note that nothing of the file can be used, and why; `asks`: until somebody chooses a reading. As `parsed`."""
    known = _encode(reading) if reading is not None else None
    state = "needs_confirmation" if asks else "refused"
    return await connection.execute(_REFUSED, client_id, upload_id, revision, problem, known, state) != "UPDATE 0"


async def keep_mapping(
    connection: Connection, client_id: int, layout: str, mapping: dict[str, Any], actor: str
) -> None:
    """From now on the client's files of this layout are read so."""
    await connection.execute(_KEEP_MAPPING, client_id, layout, _encode(mapping), actor)


async def is_analysed(connection: Connection, client_id: int, upload_id: UUID) -> bool:
    """Whether a run over it waits or is at work."""
    found: bool = await connection.fetchval(_IS_ANALYSED, client_id, upload_id)
    return found


async def upload_ids(connection: Connection, client_id: int) -> list[UUID]:
    """Every upload of a client."""
    return [row[0] for row in await connection.fetch(_IDS, client_id)]


async def delete(connection: Connection, client_id: int, upload_id: UUID) -> bool:
    """Whether there was one. The folder comes after the transaction."""
    return await connection.execute(_DELETE, client_id, upload_id) != "DELETE 0"


async def _used(connection: Connection, client_id: int) -> Used:
    found = await connection.fetchrow(_USED, client_id)
    assert found is not None
    return Used(found["uploads"], found["bytes"])


def _known_upload_of(found: asyncpg.Record) -> StoredUpload:
    upload = _upload_of(found)
    assert upload is not None
    return upload


def _upload_of(found: asyncpg.Record | None) -> StoredUpload | None:
    if found is None:
        return None
    columns = dict(found)
    for name in ("wanted", "reading", "outcome"):
        columns[name] = _decode(columns[name]) if columns[name] is not None else None
    return StoredUpload(**columns)
