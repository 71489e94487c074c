"""A client's transactions, newest first: all, or those of an account, device, address or merchant."""

from collections.abc import Sequence

import msgspec

from storage.conditions import Conditions
from storage.database import Pool, session
from storage.rows import rows_of

LOOKED_AT_MAX = 1_000  # transactions a page that asks for levels: they are the decisions', which no index joins

# The newest that fit are taken from one index; their decisions and alerts are then looked up one by one.
_PAGE = """
SELECT t.transaction_id, t.event_time_ms, t.amount, t.currency, t.kind, t.account, t.device_id, t.ip_address,
    t.merchant_id, t.beneficiary_id, d.risk_score, d.risk_level, d.recommendation, a.alert_id::text AS alert_id
FROM (
    SELECT * FROM transactions AS x WHERE {conditions}
    ORDER BY x.event_time_ms DESC, x.transaction_id DESC LIMIT {limit}
) AS t
CROSS JOIN LATERAL (
    SELECT x.risk_score, x.risk_level, x.recommendation FROM decisions AS x
    WHERE x.event_time_ms = t.event_time_ms AND x.source = t.source AND x.source_offset = t.source_offset
        AND x.client_id = t.client_id AND x.transaction_id = t.transaction_id
    LIMIT 1
) AS d
LEFT JOIN alerts AS a ON a.client_id = t.client_id AND a.transaction_id = t.transaction_id
ORDER BY t.event_time_ms DESC, t.transaction_id DESC
"""


class TransactionFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What to list; None is everything. Event times are from `from_ms`, before `to_ms`."""

    account: str | None = None
    device: str | None = None
    merchant: str | None = None
    ip_address: str | None = None
    level: Sequence[str] | None = None
    from_ms: int | None = None
    to_ms: int | None = None


class ListedTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """A stored transaction with its decision in short."""

    transaction_id: str
    event_time_ms: int
    amount: float
    currency: str | None
    kind: str
    account: str
    device_id: str | None
    ip_address: str | None
    merchant_id: str | None
    beneficiary_id: str | None
    risk_score: float
    risk_level: str
    recommendation: str
    alert_id: str | None

    @property
    def key(self) -> tuple[int, str]:
        """Its place in the list."""
        return self.event_time_ms, self.transaction_id


class TransactionPage(msgspec.Struct, frozen=True):
    """`next_key` is where the next page goes on, None at the end. With levels a page may be short before that."""

    items: list[ListedTransaction]
    next_key: tuple[int, str] | None


class TransactionListRepository:
    """Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(
        self, client_id: int, wanted: TransactionFilter, *, after: tuple[int, str] | None = None, limit: int = 50
    ) -> TransactionPage:
        """Those behind a key, newest first; at most `limit`, from at most LOOKED_AT_MAX that were looked at."""
        looked_at = limit + 1 if wanted.level is None else LOOKED_AT_MAX
        conditions = _conditions(client_id, wanted, after)
        statement = _PAGE.format(limit=conditions.bind(looked_at), conditions=conditions)
        async with session(self._pool) as connection:
            records = await connection.fetch(statement, *conditions.values)
        found = rows_of(
            records,
            lambda record: ListedTransaction(**dict(record)),
            key=lambda row: (row.event_time_ms, row.transaction_id),
        )
        passing = [each for each in found if wanted.level is None or each.risk_level in wanted.level]
        if len(passing) > limit:
            return TransactionPage(passing[:limit], passing[limit - 1].key)
        return TransactionPage(passing, found[-1].key if len(found) == looked_at else None)


def _conditions(client_id: int, wanted: TransactionFilter, after: tuple[int, str] | None) -> Conditions:
    conditions = Conditions("x.client_id = {}", client_id)
    conditions.add_if("x.account = {}", wanted.account)
    conditions.add_if("x.device_id = {}", wanted.device)
    conditions.add_if("x.merchant_id = {}", wanted.merchant)
    conditions.add_if("x.ip_address = {}", wanted.ip_address)
    conditions.add_if("x.event_time_ms >= {}", wanted.from_ms)
    conditions.add_if("x.event_time_ms < {}", wanted.to_ms)
    if after is not None:
        conditions.add("(x.event_time_ms, x.transaction_id) < ({}, {})", *after)
    return conditions
