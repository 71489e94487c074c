"""The register of dead letters: what could not be used, why, and where its bytes are. Those stay in the topic."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec

from storage.database import Pool, session

PAGE_MAX = 1_000  # rows a query

_REGISTER = """
INSERT INTO dead_letters (
    source_topic, source_partition, source_offset, reason, detail, size_bytes, key, received_at, dlq_partition,
    dlq_offset
)
SELECT * FROM unnest(
    $1::text[], $2::integer[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::bytea[], $8::timestamptz[],
    $9::integer[], $10::bigint[]
)
ON CONFLICT DO NOTHING
"""
_COLUMNS = """
source_topic, source_partition, source_offset, reason, detail, size_bytes, key, received_at, dlq_partition, dlq_offset,
dead_letter_id, replayed_at
"""
_GET = f"SELECT {_COLUMNS} FROM dead_letters WHERE dead_letter_id = $1"  # noqa: S608 - constants
_PAGE = f"""
SELECT {_COLUMNS} FROM dead_letters
WHERE ($1::bigint IS NULL OR dead_letter_id < $1) AND ($2::text IS NULL OR reason = $2)
ORDER BY dead_letter_id DESC LIMIT $3
"""  # noqa: S608 - constants
_MARK_REPLAYED = "UPDATE dead_letters SET replayed_at = now() WHERE dead_letter_id = $1 AND replayed_at IS NULL"
_COUNT = "SELECT count(*) FROM dead_letters"


class DeadLetter(msgspec.Struct, frozen=True):
    """Where a message came from, why it could not be used, and where in the dead-letter topic it is.

    `dead_letter_id` is given when it is registered.
    """

    source_topic: str
    source_partition: int
    source_offset: int
    reason: str
    detail: str
    size_bytes: int
    key: bytes | None
    received_at: datetime
    dlq_partition: int
    dlq_offset: int
    dead_letter_id: int = 0
    replayed_at: datetime | None = None


class DeadLetterRepository:
    """Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def register(self, rows: Sequence[DeadLetter]) -> None:
        """Note dead letters; one from a place that is registered already is left as it is."""
        if not rows:
            return
        columns = zip(*map(_columns, rows), strict=True)
        async with session(self._pool) as connection:
            await connection.execute(_REGISTER, *columns)

    async def page(
        self, *, before_id: int | None = None, reason: str | None = None, limit: int = 50
    ) -> list[DeadLetter]:
        """Newest first, those before an id, of one reason or all; at most PAGE_MAX."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_PAGE, before_id, reason, min(limit, PAGE_MAX))
        return [_dead_letter_of(record) for record in records]

    async def get(self, dead_letter_id: int) -> DeadLetter | None:
        async with session(self._pool) as connection:
            record = await connection.fetchrow(_GET, dead_letter_id)
        return _dead_letter_of(record) if record else None

    async def mark_replayed(self, dead_letter_id: int) -> bool:
        """False if there is none such, or it was replayed before."""
        async with session(self._pool) as connection:
            return await connection.execute(_MARK_REPLAYED, dead_letter_id) == "UPDATE 1"

    async def count(self) -> int:
        async with session(self._pool) as connection:
            number: int = await connection.fetchval(_COUNT)
            return number


def _columns(row: DeadLetter) -> tuple[object, ...]:
    # The detail can quote what the sender wrote; Postgres text holds neither NUL nor half a surrogate pair.
    detail = row.detail.replace("\x00", "�").encode("utf-8", "replace").decode("utf-8")
    return (
        row.source_topic,
        row.source_partition,
        row.source_offset,
        row.reason,
        detail,
        row.size_bytes,
        row.key,
        row.received_at,
        row.dlq_partition,
        row.dlq_offset,
    )


def _dead_letter_of(record: asyncpg.Record) -> DeadLetter:
    return DeadLetter(*record)
