"""What each stream worker last said about itself, for the page's stream health."""

from datetime import datetime

import msgspec

from storage.database import Pool, session

_REPORT = """
INSERT INTO worker_status (worker_id, reported_at, report) VALUES ($1, now(), $2)
ON CONFLICT (worker_id) DO UPDATE SET reported_at = excluded.reported_at, report = excluded.report
"""
_FRESH = """
SELECT report FROM worker_status WHERE reported_at > now() - make_interval(secs => $1) ORDER BY worker_id LIMIT $2
"""

WORKERS_MAX = 1_000  # rows a query


class WorkerStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One worker's report. `lag` is the records not yet stored in its partitions; rates are of the last seconds."""

    worker_id: str
    started_at: datetime
    reported_at: datetime
    state: str
    partitions: tuple[int, ...] = ()
    decided_total: int = 0
    alerts_total: int = 0
    dead_letters_total: int = 0
    per_second: float = 0.0
    lag: int = 0
    batch_size: float = 0.0
    latency_ms_p50: float = 0.0
    latency_ms_p99: float = 0.0


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(WorkerStatus)


class WorkerStatusRepository:
    """Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def report(self, status: WorkerStatus) -> None:
        """Replace the worker's last report."""
        async with session(self._pool) as connection:
            await connection.execute(_REPORT, status.worker_id, _encode(status))

    async def all(self, fresh_within_s: float) -> list[WorkerStatus]:
        """The reports of the last `fresh_within_s` seconds, by worker id."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_FRESH, fresh_within_s, WORKERS_MAX)
        return [_decoder.decode(record["report"]) for record in records]
