"""A client's stored payments of a period, in order of event time, in chunks: what a run over the stream looks at."""

import msgspec

from storage.database import Pool, session

CHUNK = 20_000  # payments a query; with their bodies some 10 MB

# By the index on (client, event time): a step costs the same wherever it is.
_CHUNK = """
SELECT transaction_id, event_time_ms, amount, currency, account, device_id, ip_address, merchant_id, beneficiary_id,
    body
FROM transactions
WHERE client_id = $1 AND event_time_ms >= $2 AND event_time_ms < $4 AND (event_time_ms, transaction_id) > ($2, $3)
    AND kind = 'payment'
ORDER BY event_time_ms, transaction_id LIMIT $5
"""
_COUNT = """
SELECT count(*) FROM transactions
WHERE client_id = $1 AND event_time_ms >= $2 AND event_time_ms < $3 AND kind = 'payment'
"""


class PeriodRow(msgspec.Struct, frozen=True, gc=False):
    """A stored payment; `body` is the message as it came."""

    transaction_id: str
    event_time_ms: int
    amount: float
    currency: str | None
    account: str
    device_id: str | None
    ip_address: str | None
    merchant_id: str | None
    beneficiary_id: str | None
    body: bytes


class PeriodRepository:
    """Works in the pipeline's role. Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def count(self, client_id: int, from_ms: int, to_ms: int) -> int:
        """Payments with event times in [from_ms, to_ms)."""
        async with session(self._pool) as connection:
            return int(await connection.fetchval(_COUNT, client_id, from_ms, to_ms))

    async def chunk(self, client_id: int, after: tuple[int, str], to_ms: int) -> list[PeriodRow]:
        """The next payments behind (event time, transaction id) and before `to_ms`; none at the end."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_CHUNK, client_id, *after, to_ms, CHUNK)
        return [PeriodRow(*record) for record in records]
