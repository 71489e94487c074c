"""Monthly partitions of the tables that grow, made before the first row of a month is inserted.

A partition cannot be attached while the default one holds rows of its range, so a store makes the months of its
batch first, each in a short transaction of its own, and remembers them: in the steady state this costs a minimum
and a maximum. The month after the newest one is made along, so that the turn of a month waits for nobody.
Where making one is not possible (a long reader such as a backup holds the default partition, rows of the month are
in the default partition already, or there are MONTHS_MAX) the month's rows go to the default partition and
stay there; nothing depends on it but the speed of retention.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import asyncpg

from contracts.transaction import EPOCH
from storage.database import Connection, Pool, session
from storage.locks import PARTITION_LOCK

PARTITIONED = ("transactions", "decisions")
MONTHS_MAX = 360  # partitions a table; thirty years, beyond which times are no longer a stream's
_NAME = re.compile(r"[a-z]+_(?P<year>\d{4})_(?P<month>\d{2})")

_COUNT = "SELECT count(*) FROM pg_inherits WHERE inhparent = to_regclass($1)"
_NAMES = """
SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
WHERE i.inhparent = to_regclass($1) ORDER BY c.relname
"""
_EXISTS = "SELECT to_regclass($1) IS NOT NULL"
_LOCK = "SELECT pg_advisory_xact_lock($1)"
_MAKE = "SELECT make_month_partition($1, $2)"  # works as the owner, waits a second for a lock: a batch waits too


def month_of(time_ms: int) -> int:
    """Months since year 0 of a time in milliseconds since 1970 UTC."""
    at = datetime.fromtimestamp(time_ms // 1000, UTC)
    return at.year * 12 + at.month - 1


def month_start_ms(month: int) -> int:
    """The first millisecond of a month given as `month_of` does."""
    start = datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return int((start - EPOCH).total_seconds()) * 1000


def partition_name(table: str, month: int) -> str:
    return f"{table}_{month // 12:04d}_{month % 12 + 1:02d}"


async def partitions_of(connection: Connection, table: str) -> list[tuple[int, str]]:
    """The monthly partitions of a table: (month, name), oldest first; the default one is left out."""
    found = []
    for record in await connection.fetch(_NAMES, table):
        match = _NAME.fullmatch(record["relname"])
        if match:
            found.append((int(match["year"]) * 12 + int(match["month"]) - 1, record["relname"]))
    return found


class MonthlyPartitions:
    """Knows which months have their partitions, and makes those that are missing."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: set[int] = set()

    async def ensure(self, event_times_ms: Sequence[int]) -> None:
        """Make the partitions for these event times, as far as possible. Raises StoreUnavailable."""
        if not event_times_ms:
            return
        first, last = month_of(min(event_times_ms)), month_of(max(event_times_ms)) + 1
        if self._known.issuperset(range(first, last + 1)):
            return
        missing = {*map(month_of, event_times_ms), last} - self._known
        if missing:
            await self._make(sorted(missing))
            self._known |= missing

    async def _make(self, months: Iterable[int]) -> None:
        async with session(self._pool) as connection:
            for month in months:
                for table in PARTITIONED:
                    await _make_partition(connection, table, month)


async def _make_partition(connection: Connection, table: str, month: int) -> None:
    name = partition_name(table, month)
    try:
        async with connection.transaction():
            await connection.execute(_LOCK, PARTITION_LOCK)
            if await connection.fetchval(_EXISTS, name) or await connection.fetchval(_COUNT, table) > MONTHS_MAX:
                return
            await connection.execute(_MAKE, table, month)
    except (asyncpg.CheckViolationError, asyncpg.LockNotAvailableError):
        return  # the default partition takes this month, see above
