"""The audit log: who changed what, written in the transaction that changes it, never altered afterwards."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from storage.database import Connection, Pool, session
from storage.rows import rows_of

PAGE_MAX = 1_000  # entries a query
DETAIL_BYTES_MAX = 16 * 1024  # of one entry; a detail names what changed, it does not repeat the thing

_INSERT = """
INSERT INTO audit_log (client_id, actor, action, subject, detail, request_id) VALUES ($1, $2, $3, $4, $5, $6)
"""
_PAGE = """
SELECT audit_id, client_id, recorded_at, actor, action, subject, detail, request_id FROM audit_log
WHERE client_id = $1
    AND ($2::bigint IS NULL OR audit_id < $2)
    AND ($3::text IS NULL OR actor = $3)
    AND ($4::text IS NULL OR action = $4)
    AND ($5::text IS NULL OR subject = $5)
    AND ($6::timestamptz IS NULL OR recorded_at >= $6)
    AND ($7::timestamptz IS NULL OR recorded_at < $7)
ORDER BY audit_id DESC LIMIT $8
"""
_ABOUT = """
SELECT audit_id, client_id, recorded_at, actor, action, subject, detail, request_id FROM audit_log
WHERE client_id = $1 AND subject = ANY ($2::text[]) ORDER BY audit_id DESC LIMIT $3
"""


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One change. `actor` is a caller's stable name ("user:17", "key:4"), `action` what it did ("alert.status").

    `subject` names what was changed ("alert:<id>"); `detail` is a small document, without secrets.
    """

    client_id: int
    actor: str
    action: str
    subject: str
    detail: dict[str, object] = {}
    request_id: str = ""


class AuditRecord(msgspec.Struct, frozen=True):
    """A stored entry; `audit_id` grows, though not without gaps."""

    audit_id: int
    client_id: int
    recorded_at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]
    request_id: str


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What to list; None is everything. Times are of the record: from `recorded_from`, before `recorded_to`."""

    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    recorded_from: datetime | None = None
    recorded_to: datetime | None = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


async def record(connection: Connection, entry: AuditEntry) -> None:
    """Write one entry inside the caller's own transaction, so that it stands if and only if the change does.

    Raises ValueError if the detail is larger than DETAIL_BYTES_MAX.
    """
    detail = _encode(entry.detail)
    if len(detail) > DETAIL_BYTES_MAX:
        raise ValueError(f"an audit entry's detail has {len(detail)} bytes; {DETAIL_BYTES_MAX} are allowed")
    await connection.execute(
        _INSERT, entry.client_id, entry.actor, entry.action, entry.subject, detail, entry.request_id
    )


class AuditRepository:
    """A client's audit log. Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(
        self, client_id: int, wanted: AuditFilter, *, before_id: int | None = None, limit: int = 50
    ) -> list[AuditRecord]:
        """Newest first, those before an id; at most PAGE_MAX."""
        async with session(self._pool) as connection:
            records = await connection.fetch(
                _PAGE,
                client_id,
                before_id,
                wanted.actor,
                wanted.action,
                wanted.subject,
                wanted.recorded_from,
                wanted.recorded_to,
                min(limit, PAGE_MAX),
            )
        return rows_of(records, _record_of)

    async def about(self, client_id: int, subjects: Sequence[str], limit: int) -> list[AuditRecord]:
        """What was done to these subjects, newest first; at most PAGE_MAX."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_ABOUT, client_id, subjects, min(limit, PAGE_MAX))
        return [_record_of(found) for found in records]


def _record_of(found: asyncpg.Record) -> AuditRecord:
    columns = dict(found)
    return AuditRecord(**columns | {"detail": _decode(columns["detail"])})
