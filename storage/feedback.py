"""Labels as a client sees them: what is known of its transactions, from whom, since when, and how decisions did."""

# ruff: noqa: S608 - statements are put together from constants only; every value is bound

from collections.abc import Sequence

import msgspec

from storage.conditions import Conditions
from storage.database import Connection, Pool, session
from storage.decisions import WITH_DECISION, WITH_TRANSACTION
from storage.rows import rows_of

PAGE_MAX = 1_000  # labels a query
SUMMARY_MAX = 10_000  # transactions with a label that one summary looks at, the newest; some 200 ms

# A label that was accepted over HTTP is listed from the outbox until the forwarder has stored it.
_ARRIVING = """NOT EXISTS (
    SELECT FROM labels AS l
    WHERE l.client_id = o.client_id AND l.transaction_id = o.transaction_id AND l.revision = o.revision
)"""
_ORDER = "known_at_ms DESC, transaction_id DESC, revision DESC"
_LAST = """
    SELECT x.client_id, x.transaction_id, x.fraud, x.source, x.state = 'waiting' AS waiting FROM labels AS x
    WHERE x.client_id = $1 AND x.known_at_ms >= $2 AND NOT EXISTS (
        SELECT FROM labels AS y
        WHERE y.client_id = x.client_id AND y.transaction_id = x.transaction_id AND y.revision > x.revision
    )
    ORDER BY x.known_at_ms DESC LIMIT $3
"""
_SUMMARY = f"""
SELECT l.source, l.fraud, s.model_version, s.alerted, l.waiting, count(*) AS labels
FROM ({_LAST}) AS l
LEFT JOIN LATERAL (
    SELECT c.model_version, d.recommendation IN ('FLAG', 'DECLINE') AS alerted
    FROM (
        SELECT * FROM decided AS x WHERE x.client_id = l.client_id AND x.transaction_id = l.transaction_id LIMIT 1
    ) AS g
    {WITH_TRANSACTION} {WITH_DECISION}
) AS s ON true
GROUP BY l.source, l.fraud, s.model_version, s.alerted, l.waiting
"""
# What analyses flagged among these, by strategy; a transaction counts once for each, however often it was run.
_BY_STRATEGY = f"""
SELECT r.strategy_id, max(r.strategy ->> 'name') AS name,
    count(DISTINCT l.transaction_id) FILTER (WHERE l.fraud) AS fraud,
    count(DISTINCT l.transaction_id) FILTER (WHERE NOT l.fraud) AS legitimate
FROM ({_LAST}) AS l
JOIN anomalies AS n ON n.client_id = l.client_id AND n.subject = l.transaction_id
JOIN analysis_runs AS r ON r.run_id = n.run_id
GROUP BY r.strategy_id ORDER BY r.strategy_id
"""
_IS_DECIDED = "SELECT EXISTS (SELECT FROM decided WHERE client_id = $1 AND transaction_id = $2)"


class KnownLabel(msgspec.Struct, frozen=True, kw_only=True):
    """One revision of a transaction's label. `state` is the forwarder's (storage.labels), or `accepted`, `published`
    while it is on its way there.
    """

    transaction_id: str
    revision: int
    fraud: bool
    source: str
    known_at_ms: int
    state: str


class LabelFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What to list; None is everything. Times are those from which a label is known: from, and before."""

    transaction_id: str | None = None
    source: str | None = None
    fraud: bool | None = None
    from_ms: int | None = None
    to_ms: int | None = None


class Tally(msgspec.Struct, frozen=True):
    """Transactions with this last label and this decision.

    Model and `alerted` are None where there is no decision: while they wait for one, and of an uploaded file's rows.
    """

    source: str
    fraud: bool
    model_version: str | None
    alerted: bool | None
    waiting: bool
    labels: int


class StrategyTally(msgspec.Struct, frozen=True):
    """What became of the transactions and rows that a strategy flagged, by their last label."""

    strategy_id: str
    name: str
    fraud: int
    legitimate: int


Key = tuple[int, str, int]  # known at (ms), transaction id, revision


class FeedbackRepository:
    """A client's labels. Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(
        self, client_id: int, wanted: LabelFilter, *, after: Key | None = None, limit: int = 50
    ) -> list[KnownLabel]:
        """The one known last first; at most PAGE_MAX."""
        where = Conditions("o.client_id = {}", client_id)
        where.add_if("o.transaction_id = {}", wanted.transaction_id)
        where.add_if("o.source = {}", wanted.source)
        where.add_if("o.fraud = {}", wanted.fraud)
        where.add_if("o.known_at_ms >= {}", wanted.from_ms)
        where.add_if("o.known_at_ms < {}", wanted.to_ms)
        if after is not None:
            where.add("(o.known_at_ms, o.transaction_id, o.revision) < ({}, {}, {})", *after)
        limited = where.bind(min(limit, PAGE_MAX))
        columns = "o.transaction_id, o.revision, o.fraud, o.source, o.known_at_ms"
        statement = f"""
        (SELECT {columns}, o.state FROM labels AS o WHERE {where} ORDER BY {_ORDER} LIMIT {limited})
        UNION ALL
        (SELECT {columns}, CASE WHEN o.published_at IS NULL THEN 'accepted' ELSE 'published' END AS state
        FROM label_outbox AS o WHERE {where} AND {_ARRIVING} ORDER BY {_ORDER} LIMIT {limited})
        ORDER BY {_ORDER} LIMIT {limited}
        """
        async with session(self._pool) as connection:
            records = await connection.fetch(statement, *where.values)
        return rows_of(records, lambda record: KnownLabel(**dict(record)))

    async def summary(self, client_id: int, known_from_ms: int) -> Sequence[Tally]:
        """The last label of each transaction against its decision, for the newest SUMMARY_MAX."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_SUMMARY, client_id, known_from_ms, SUMMARY_MAX)
        return [Tally(*record) for record in records]

    async def by_strategy(self, client_id: int, known_from_ms: int) -> list[StrategyTally]:
        """The same labels, of what analyses flagged."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_BY_STRATEGY, client_id, known_from_ms, SUMMARY_MAX)
        return [StrategyTally(*record) for record in records]


async def is_decided(connection: Connection, client_id: int, transaction_id: str) -> bool:
    """Whether the client has such a transaction."""
    found: bool = await connection.fetchval(_IS_DECIDED, client_id, transaction_id)
    return found
