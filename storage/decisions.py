"""Decisions as rows: what is stored of one, and how it is put together again."""

# ruff: noqa: S608 - statements are put together from constants only; every value is bound

from collections.abc import Sequence

import asyncpg
import msgspec

from contracts.decision import Decision, Reason, Recommendation, RiskLevel
from contracts.journal import Outcome
from storage.database import Connection

INSERT = """
INSERT INTO decisions (
    client_id, transaction_id, event_time_ms, source, source_offset, context_id, flags, risk_score, probability,
    degraded, risk_level, recommendation, details, vector
)
SELECT r.client_id, r.transaction_id, r.event_time_ms, $1, r.source_offset, r.context_id, r.flags, r.risk_score,
    r.probability, r.degraded, r.risk_level, r.recommendation, r.details, r.vector
FROM unnest(
    $2::integer[], $3::text[], $4::bigint[], $5::bigint[], $6::integer[], $7::integer[], $8::double precision[],
    $9::double precision[], $10::boolean[], $11::text[], $12::text[], $13::jsonb[], $14::bytea[]
) AS r (
    client_id, transaction_id, event_time_ms, source_offset, context_id, flags, risk_score, probability, degraded,
    risk_level, recommendation, details, vector
)
"""

# What `decision_of` reads, of decisions d, their contexts c and transactions t; the vector is asked for apart.
COLUMNS = """
d.client_id, d.transaction_id, d.event_time_ms, d.flags, d.risk_score, d.probability, d.degraded, d.risk_level,
d.recommendation, d.details, c.model_version, c.catalogue_hash, c.policy_version, c.decided_by, t.account
"""
# A place `g` (a row of `decided`) gives its transaction `t`, and that its decision `d` with its context `c`. A lateral
# query with a limit is looked up row by row, in the one partition that the event time names, whatever the statistics.
WITH_TRANSACTION = """
CROSS JOIN LATERAL (
    SELECT * FROM transactions AS x
    WHERE x.event_time_ms = g.event_time_ms AND x.source = g.source AND x.source_offset = g.source_offset
        AND x.client_id = g.client_id AND x.transaction_id = g.transaction_id
    LIMIT 1
) AS t
"""
WITH_DECISION = """
CROSS JOIN LATERAL (
    SELECT * FROM decisions AS x
    WHERE x.event_time_ms = t.event_time_ms AND x.source = t.source AND x.source_offset = t.source_offset
        AND x.client_id = t.client_id AND x.transaction_id = t.transaction_id
    LIMIT 1
) AS d
JOIN decision_contexts AS c ON c.context_id = d.context_id
"""
_OF_TRANSACTIONS = f"""
SELECT {COLUMNS}
FROM unnest($1::integer[], $2::text[]) WITH ORDINALITY AS k (client_id, transaction_id, place)
CROSS JOIN LATERAL (
    SELECT * FROM decided AS x WHERE x.client_id = k.client_id AND x.transaction_id = k.transaction_id LIMIT 1
) AS g
{WITH_TRANSACTION} {WITH_DECISION}
ORDER BY k.place
"""


class Details(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What is kept of a decision as one document, readable from SQL as jsonb."""

    signals: dict[str, float] = {}
    states: dict[str, int] = {}
    missing: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Details)


async def insert(connection: Connection, source: int, outcomes: Sequence[Outcome], context_ids: Sequence[int]) -> None:
    """Insert the decisions of one source's outcomes; `context_ids` in the same order."""
    await connection.execute(INSERT, source, *columns_of(outcomes, context_ids))


def columns_of(outcomes: Sequence[Outcome], context_ids: Sequence[int]) -> tuple[tuple[object, ...], ...]:
    rows = [_row(outcome, context) for outcome, context in zip(outcomes, context_ids, strict=True)]
    return tuple(zip(*rows, strict=True))


async def of_transactions(connection: Connection, keys: Sequence[tuple[int, str]]) -> list[Decision]:
    """The decisions, without vectors, of these transactions (client id, transaction id), in the order of `keys`."""
    if not keys:
        return []
    records = await connection.fetch(_OF_TRANSACTIONS, *zip(*keys, strict=True))
    return [decision_of(record) for record in records]


def decision_of(record: asyncpg.Record, vector: bytes = b"") -> Decision:
    """The decision of a row with COLUMNS."""
    details = _decoder.decode(record["details"])
    return Decision(
        client_id=record["client_id"],
        transaction_id=record["transaction_id"],
        account=record["account"],
        event_time_ms=record["event_time_ms"],
        risk_score=record["risk_score"],
        risk_level=RiskLevel(record["risk_level"]),
        recommendation=Recommendation(record["recommendation"]),
        probability=record["probability"],
        signals=details.signals,
        model_version=record["model_version"],
        catalogue_hash=record["catalogue_hash"],
        policy_version=record["policy_version"],
        decided_by=record["decided_by"],
        flags=record["flags"],
        states=details.states,
        reasons=details.reasons,
        degraded=record["degraded"],
        missing=details.missing,
        vector=vector,
    )


def _row(outcome: Outcome, context_id: int) -> tuple[object, ...]:
    decision = outcome.decision
    details = Details(decision.signals, decision.states, decision.missing, decision.reasons)
    return (
        decision.client_id,
        decision.transaction_id,
        decision.event_time_ms,
        outcome.offset,
        context_id,
        decision.flags,
        decision.risk_score,
        decision.probability,
        decision.degraded,
        decision.risk_level,
        decision.recommendation,
        _encode(details),
        decision.vector,
    )
