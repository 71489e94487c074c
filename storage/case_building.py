"""Cases as the worker builds them: opened by an account's first alert, grown by the next, in the storing transaction.

Must run while the client's alert counter is locked: so two stores of one client, whichever partitions or calls they
come from, build cases one after the other, in the order of the alerts' sequence numbers.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from contracts.decision import RiskLevel
from storage.case_join import SPAN_MS, AccountKey, CaseBook, Raised, Span
from storage.database import Connection

SEVERITY_RANKS = {level: rank for rank, level in enumerate(RiskLevel)}  # LOW is 0

_NEAR = """
SELECT k.client_id, k.account, c.case_id, c.first_event_time_ms, c.last_event_time_ms
FROM unnest($1::integer[], $2::text[], $3::bigint[], $4::bigint[]) AS k (client_id, account, from_ms, to_ms)
CROSS JOIN LATERAL (
    SELECT x.case_id, x.first_event_time_ms, x.last_event_time_ms FROM cases AS x
    WHERE x.client_id = k.client_id AND x.account = k.account AND x.last_event_time_ms >= k.from_ms
        AND x.first_event_time_ms <= k.to_ms
) AS c
"""
# A case that was closed opens again: there is new work in it.
_GROW = """
INSERT INTO cases AS c (
    case_id, client_id, account, first_event_time_ms, last_event_time_ms, first_sequence, last_sequence, alert_count,
    risk_score, severity_rank
)
SELECT * FROM unnest(
    $1::uuid[], $2::integer[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::integer[],
    $9::double precision[], $10::smallint[]
)
ON CONFLICT (case_id) DO UPDATE SET
    first_event_time_ms = least(c.first_event_time_ms, excluded.first_event_time_ms),
    last_event_time_ms = greatest(c.last_event_time_ms, excluded.last_event_time_ms),
    last_sequence = excluded.last_sequence,
    alert_count = c.alert_count + excluded.alert_count,
    risk_score = greatest(c.risk_score, excluded.risk_score),
    severity_rank = greatest(c.severity_rank, excluded.severity_rank),
    status = CASE WHEN c.status IN ('RESOLVED', 'DISMISSED') THEN 'OPEN' ELSE c.status END,
    version = c.version + 1,
    changed_at = now()
"""


class NewAlert(NamedTuple):
    """What a case is built from: an alert that has its number."""

    raised: Raised
    sequence: int
    risk_score: float
    severity: RiskLevel


async def build(connection: Connection, new: Sequence[NewAlert]) -> list[UUID]:
    """Put new alerts, each client's by rising sequence, into cases; returns each one's case, in the same order."""
    book = CaseBook(await _near(connection, [alert.raised for alert in new]))
    case_ids = [book.join(alert.raised) for alert in new]
    by_case: dict[UUID, list[NewAlert]] = defaultdict(list)
    for case_id, alert in zip(case_ids, new, strict=True):
        by_case[case_id].append(alert)
    rows = [_row(case_id, by_case[case_id]) for case_id in sorted(by_case)]
    await connection.execute(_GROW, *zip(*rows, strict=True))
    return case_ids


async def _near(connection: Connection, raised: Iterable[Raised]) -> dict[AccountKey, list[Span]]:
    times: dict[AccountKey, list[int]] = defaultdict(list)
    for alert in raised:
        times[alert.client_id, alert.account].append(alert.event_time_ms)
    rows = [(*key, min(of_account) - SPAN_MS, max(of_account) + SPAN_MS) for key, of_account in times.items()]
    known: dict[AccountKey, list[Span]] = defaultdict(list)
    for client_id, account, *span in await connection.fetch(_NEAR, *zip(*rows, strict=True)):
        known[client_id, account].append(Span(*span))
    return known


def _row(case_id: UUID, alerts: Sequence[NewAlert]) -> tuple[object, ...]:
    first = alerts[0].raised
    times = [alert.raised.event_time_ms for alert in alerts]
    sequences = [alert.sequence for alert in alerts]
    return (
        case_id,
        first.client_id,
        first.account,
        min(times),
        max(times),
        min(sequences),
        max(sequences),
        len(alerts),
        max(alert.risk_score for alert in alerts),
        max(SEVERITY_RANKS[alert.severity] for alert in alerts),
    )
