"""Two runs beside each other: which anomalies both found, and which only one."""

from enum import StrEnum
from uuid import UUID

import asyncpg
import msgspec

from storage.database import Pool, session
from storage.rows import rows_of

PAGE_MAX = 1_000
RANK_NONE = 2**31 - 1  # orders behind every rank


class Match(StrEnum):
    """How rows of the two runs are found to be the same."""

    ROW = "row"  # both runs looked at the same upload
    TRANSACTION = "transaction_id"


class Where(StrEnum):
    BOTH = "both"
    ONLY_FIRST = "only_first"
    ONLY_SECOND = "only_second"


# A transaction's id may stand in a file more than once: the first with the first, the second with the second.
_SIDE = """
    SELECT n.*, CASE WHEN {by_row} THEN n.row::text ELSE n.transaction_id END AS match, CASE WHEN {by_row} THEN 1 ELSE
        row_number() OVER (PARTITION BY n.transaction_id ORDER BY n.place) END AS copy
    FROM anomalies AS n WHERE n.client_id = $1 AND n.run_id = {run}
"""
_JOINED = f"""
WITH a AS ({_SIDE.format(by_row="$4::boolean", run="$2")}), b AS ({_SIDE.format(by_row="$4::boolean", run="$3")}),
paired AS (
    SELECT CASE WHEN a.run_id IS NULL THEN 'only_second' WHEN b.run_id IS NULL THEN 'only_first'
            ELSE 'both' END AS found,
        coalesce(a.rank, {RANK_NONE}) AS rank_first, coalesce(b.rank, {RANK_NONE}) AS rank_second,
        a.place AS place_first, b.place AS place_second, a.score AS score_first, b.score AS score_second,
        coalesce(a.row, b.row) AS row, coalesce(a.subject, b.subject) AS subject,
        coalesce(a.transaction_id, b.transaction_id) AS transaction_id, coalesce(a.account, b.account) AS account,
        coalesce(a.event_time_ms, b.event_time_ms) AS event_time_ms,
        coalesce(a.amount_minor, b.amount_minor) AS amount_minor, coalesce(a.currency, b.currency) AS currency
    FROM a FULL JOIN b ON a.match = b.match AND a.copy = b.copy
)
"""  # noqa: S608 - constants
_COUNTS = _JOINED + "SELECT found, count(*) AS anomalies FROM paired GROUP BY found"  # noqa: S608
_PAGE = (
    _JOINED
    + """
SELECT * FROM paired WHERE ($5::text IS NULL OR found = $5) AND (rank_first, rank_second) > ($6, $7)
ORDER BY rank_first, rank_second LIMIT $8
"""
)


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A row that at least one of the runs flagged; a score is None where that run did not."""

    found: Where
    rank_first: int | None
    rank_second: int | None
    place_first: int | None
    place_second: int | None
    score_first: float | None
    score_second: float | None
    row: int
    subject: str
    transaction_id: str | None
    account: str | None
    event_time_ms: int | None
    amount_minor: int | None
    currency: str | None

    @property
    def key(self) -> tuple[int, int]:
        """Its place in the list."""
        return (
            RANK_NONE if self.rank_first is None else self.rank_first,
            RANK_NONE if self.rank_second is None else self.rank_second,
        )


class ComparisonRepository:
    """Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def counts(self, client_id: int, first: UUID, second: UUID, match: Match) -> dict[Where, int]:
        """Anomalies by where they were found; Where that has none is 0."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_COUNTS, client_id, first, second, match is Match.ROW)
        return dict.fromkeys(Where, 0) | {Where(r["found"]): r["anomalies"] for r in records}

    async def page(
        self,
        client_id: int,
        first: UUID,
        second: UUID,
        match: Match,
        *,
        found: Where | None = None,
        after: tuple[int, int] = (0, 0),
        limit: int = 50,
    ) -> list[Pair]:
        """By the first run's rank, then what only the second found by its rank; at most PAGE_MAX."""
        async with session(self._pool) as connection:
            records = await connection.fetch(
                _PAGE, client_id, first, second, match is Match.ROW, found, *after, min(limit, PAGE_MAX)
            )
        return rows_of(records, _pair_of, key=lambda row: (row.rank_first, row.rank_second))


def _pair_of(record: asyncpg.Record) -> Pair:
    found = dict(record)
    ranks = {name: None if found[name] == RANK_NONE else found[name] for name in ("rank_first", "rank_second")}
    return Pair(**found | ranks | {"found": Where(found["found"])})
