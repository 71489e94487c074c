"""What the live statistics last said of each client: a row a client and process, written over every second.

The table is unlogged: a crash of Postgres empties it, and a second later it is full again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from storage.database import Pool, session

CLIENTS_MAX = 1_000  # rows a report; the busiest clients

_REPORT = """
INSERT INTO live_statistics (instance, client_id, reported_at, report)
SELECT $1, r.client_id, now(), r.report FROM unnest($2::integer[], $3::jsonb[]) AS r (client_id, report)
ON CONFLICT (instance, client_id) DO UPDATE SET reported_at = excluded.reported_at, report = excluded.report
"""
_FORGET = "DELETE FROM live_statistics WHERE reported_at < now() - make_interval(secs => $1)"
_FRESH = """
SELECT report, reported_at FROM live_statistics
WHERE client_id = $1 AND reported_at > now() - make_interval(secs => $2) ORDER BY instance
"""


class LiveReport(msgspec.Struct, frozen=True, kw_only=True):
    """The last `window_s` seconds of one client, by the time at which decisions were published.

    Counts are scaled up to all decisions from the share that was looked at (`sampled`, 0 to 1). `latency_ms` counts
    decisions by the time from the payment's own to its published decision, in the bins of LATENCY_EDGES_MS; payments
    older than its last edge are not live and left out. `scores` has the bins of `scoring.drift.SCORE_EDGES`.
    """

    window_s: float
    sampled: float
    transactions: float
    alerts: float
    transactions_per_second: float
    alerts_per_second: float
    scores: tuple[float, ...]
    latency_ms: tuple[float, ...]
    score_psi: float | None = None
    model_version: str | None = None


LATENCY_EDGES_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000)

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(LiveReport).decode


class LiveStatisticsRepository:
    """Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def report(self, instance: str, reports: Mapping[int, LiveReport]) -> None:
        """Write the clients' reports over the last ones; at most CLIENTS_MAX."""
        clients = sorted(reports)[:CLIENTS_MAX]
        if clients:
            async with session(self._pool) as connection:
                await connection.execute(_REPORT, instance, clients, [_encode(reports[client]) for client in clients])

    async def forget(self, older_than_s: float) -> None:
        """Remove what processes that are gone, or clients that are quiet, have left behind."""
        async with session(self._pool) as connection:
            await connection.execute(_FORGET, older_than_s)

    async def fresh(self, client_id: int, within_s: float) -> Sequence[tuple[LiveReport, datetime]]:
        """The client's reports of the last `within_s` seconds, one a process."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_FRESH, client_id, within_s)
        return [(_decode(record["report"]), record["reported_at"]) for record in records]
