"""How right the alerts of a period turned out to be, by model version, once their labels had time to come."""

from typing import NamedTuple

from storage.database import Pool, session

ALERTS_MAX = 20_000  # the newest of the period; a share of 0.5 is known to 0.4 % then

_PRECISION = """
SELECT c.model_version, count(*) AS alerts, count(*) FILTER (WHERE l.fraud) AS frauds
FROM (
    SELECT client_id, transaction_id FROM alerts WHERE event_time_ms >= $1 AND event_time_ms < $2 AND run_id IS NULL
    ORDER BY event_time_ms DESC LIMIT $3
) AS a
CROSS JOIN LATERAL (
    SELECT * FROM decided AS x WHERE x.client_id = a.client_id AND x.transaction_id = a.transaction_id LIMIT 1
) AS g
CROSS JOIN LATERAL (
    SELECT context_id FROM decisions AS x WHERE x.event_time_ms = g.event_time_ms AND x.source = g.source
        AND x.source_offset = g.source_offset AND x.client_id = g.client_id AND x.transaction_id = g.transaction_id
    LIMIT 1
) AS d
JOIN decision_contexts AS c ON c.context_id = d.context_id
LEFT JOIN labelled_decisions AS l ON l.client_id = a.client_id AND l.transaction_id = a.transaction_id
GROUP BY c.model_version
"""


class AlertPrecision(NamedTuple):
    """Alerts that one model raised, and how many of them are known to be fraud."""

    model_version: str
    alerts: int
    frauds: int


async def alert_precision(pool: Pool, start_ms: int, stop_ms: int) -> list[AlertPrecision]:
    """Of alerts with event times in [start, stop), the newest ALERTS_MAX. Raises StoreUnavailable."""
    async with session(pool) as connection:
        return [AlertPrecision(*record) for record in await connection.fetch(_PRECISION, start_ms, stop_ms, ALERTS_MAX)]
