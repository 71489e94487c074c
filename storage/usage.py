"""How many transactions of a client were decided in a month: what its quota is about."""

# ruff: noqa: S608 - the statement is put together from constants only; every value is bound

from datetime import UTC, datetime

from storage.database import Pool, session
from storage.rollups import USAGE

_USED = f"SELECT COALESCE(sum(decisions), 0)::bigint FROM {USAGE.between()} AS used"


def month_of(now: datetime) -> tuple[datetime, datetime]:
    """The calendar month (UTC) that holds a time: its beginning, and the next one's."""
    begins = datetime(now.year, now.month, 1, tzinfo=UTC)
    following = (now.year + 1, 1) if now.month == 12 else (now.year, now.month + 1)
    return begins, datetime(*following, 1, tzinfo=UTC)


class UsageRepository:
    """Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def used(self, client_id: int, now: datetime) -> int:
        """Transactions decided since the month began, from the stream and by calls, however late they came."""
        begins, ends = (int(edge.timestamp()) * 1000 for edge in month_of(now))
        async with session(self._pool) as connection:
            used: int = await connection.fetchval(_USED, client_id, begins, ends)
            return used
