"""What happened around an alert: the transactions of its account, and of the device, address and merchant in it."""

# ruff: noqa: S608 - statements are put together from constants only; every value is bound

from collections.abc import Sequence
from enum import StrEnum

import asyncpg
import msgspec

from storage.database import Pool, session

_COLUMNS = """
t.transaction_id, t.event_time_ms, t.source, t.source_offset, t.amount, t.currency, t.kind, t.account, t.device_id,
t.ip_address, t.merchant_id, t.beneficiary_id
"""
_DECISION = """
LEFT JOIN LATERAL (
    SELECT x.risk_score, x.risk_level, x.recommendation FROM decisions AS x
    WHERE x.event_time_ms = t.event_time_ms AND x.source = t.source AND x.source_offset = t.source_offset
        AND x.client_id = t.client_id AND x.transaction_id = t.transaction_id
    LIMIT 1
) AS d ON true
LEFT JOIN alerts AS a ON a.client_id = t.client_id AND a.transaction_id = t.transaction_id
"""
# Each of the columns asked for has an index that ends in the event time: the newest are read, and no more.
_NEWEST = """
SELECT * FROM transactions AS x
WHERE x.client_id = $1 AND x.{column} = $2 AND x.event_time_ms >= $3 AND x.event_time_ms <= $4
ORDER BY x.event_time_ms DESC LIMIT $5
"""
_OF_ACCOUNT = f"""
SELECT {_COLUMNS}, t.body, d.risk_score, d.risk_level, d.recommendation, a.alert_id
FROM ({_NEWEST.format(column="account")}) AS t {_DECISION} ORDER BY t.event_time_ms DESC, t.transaction_id DESC
"""


class Shared(StrEnum):
    """An entity that several accounts may have in common; the value is its column."""

    DEVICE = "device_id"
    IP_ADDRESS = "ip_address"
    MERCHANT = "merchant_id"


_SEEN = {
    shared: f"""
    WITH newest AS MATERIALIZED ({_NEWEST.format(column=shared.value)})
    SELECT count(*) AS transactions, count(DISTINCT n.account) AS accounts, count(a.alert_id) AS alerts
    FROM newest AS n
    LEFT JOIN alerts AS a ON a.client_id = n.client_id AND a.transaction_id = n.transaction_id
    """
    for shared in Shared
}
_OF_OTHERS = {
    shared: f"""
    SELECT {_COLUMNS}, NULL::bytea AS body, d.risk_score, d.risk_level, d.recommendation, a.alert_id
    FROM (
        SELECT * FROM ({_NEWEST.format(column=shared.value)}) AS n WHERE n.account <> $6
        ORDER BY n.event_time_ms DESC LIMIT $7
    ) AS t {_DECISION} ORDER BY t.event_time_ms DESC, t.transaction_id DESC
    """
    for shared in Shared
}


class Around(msgspec.Struct, frozen=True):
    """Which transactions to look at: event times from and up to, both included, and the newest so many of them."""

    client_id: int
    from_ms: int
    to_ms: int
    newest: int


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """A stored transaction with its decision in short. `body` is the original message, where it was asked for."""

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
    body: bytes | None
    risk_score: float | None
    risk_level: str | None
    recommendation: str | None
    alert_id: str | None


class Seen(msgspec.Struct, frozen=True):
    """How much there is of a shared entity among the transactions looked at, and the newest of other accounts."""

    transactions: int
    accounts: int
    alerts: int
    others: list[Activity]


class RelatedRepository:
    """A client's transactions by what they have in common. Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of_account(self, around: Around, account: str) -> list[Activity]:
        """The account's transactions with their original messages, newest first."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_OF_ACCOUNT, *_bounds(around, account))
        return [_activity_of(record) for record in records]

    async def seen(self, around: Around, shared: Shared, value: str, account: str, limit: int) -> Seen:
        """What was seen of a device, address or merchant; `limit` transactions of accounts other than `account`."""
        async with session(self._pool) as connection:
            counted = await connection.fetchrow(_SEEN[shared], *_bounds(around, value))
            others = await connection.fetch(_OF_OTHERS[shared], *_bounds(around, value), account, limit)
        transactions, accounts, alerts = counted or (0, 0, 0)
        return Seen(transactions, accounts, alerts, [_activity_of(record) for record in others])


def _bounds(around: Around, value: str) -> Sequence[object]:
    return around.client_id, value, around.from_ms, around.to_ms, around.newest


def _activity_of(record: asyncpg.Record) -> Activity:
    columns = {name: record[name] for name in Activity.__struct_fields__ if name != "alert_id"}
    alert_id = record["alert_id"]
    return Activity(**columns, alert_id=str(alert_id) if alert_id else None)
