"""Stored transactions and counted labels of one source, in order, for the repair of the state."""

# ruff: noqa: S608 - statements are put together from constants only; every value is bound

from collections.abc import AsyncIterator

import asyncpg

from contracts.journal import CountedLabel, Outcome, Position
from contracts.label import ForwardedLabel
from storage import decisions
from storage.database import Pool, session

CHUNK = 2_000  # rows a query; a few megabytes with their messages

# By (offset, transaction id): a call's number need not be unique after Redis was emptied.
_OUTCOMES = f"""
SELECT t.source_offset, t.body, {decisions.COLUMNS}
FROM (
    SELECT * FROM transactions
    WHERE source = $1 AND source_offset >= $2 AND (source_offset, transaction_id) > ($2, $3) AND event_time_ms >= $4
    ORDER BY source_offset, transaction_id LIMIT $5
) AS t
{decisions.WITH_DECISION}
ORDER BY t.source_offset, t.transaction_id
"""
_LABELS = """
SELECT client_id, transaction_id, revision, source_offset, account, merchant_id, event_time_ms, effective_ms, change
FROM counted_labels
WHERE source = $1 AND source_offset > $2 AND event_time_ms >= $3
ORDER BY source_offset LIMIT $4
"""


async def outcomes_after(pool: Pool, position: Position, event_time_ms_min: int) -> AsyncIterator[list[Outcome]]:
    """Outcomes of `position.source` behind `position.offset`, in order, in chunks of at most CHUNK, without vectors."""
    offset, transaction_id = position.offset + 1, ""
    while True:
        async with session(pool) as connection:
            records = await connection.fetch(
                _OUTCOMES, position.source, offset, transaction_id, event_time_ms_min, CHUNK
            )
        if records:
            offset, transaction_id = records[-1]["source_offset"], records[-1]["transaction_id"]
            yield [Outcome(r["source_offset"], r["body"], decisions.decision_of(r)) for r in records]
        if len(records) < CHUNK:
            return


async def labels_after(pool: Pool, position: Position, event_time_ms_min: int) -> AsyncIterator[list[CountedLabel]]:
    """Counted labels of `position.source` behind `position.offset`, in order, in chunks of at most CHUNK."""
    offset = position.offset
    while True:
        async with session(pool) as connection:
            records = await connection.fetch(_LABELS, position.source, offset, event_time_ms_min, CHUNK)
        if records:
            offset = records[-1]["source_offset"]
            yield [CountedLabel(record["source_offset"], _label_of(record)) for record in records]
        if len(records) < CHUNK:
            return


def _label_of(record: asyncpg.Record) -> ForwardedLabel:
    return ForwardedLabel(
        client_id=record["client_id"],
        transaction_id=record["transaction_id"],
        revision=record["revision"],
        account=record["account"],
        merchant_id=record["merchant_id"],
        event_time_ms=record["event_time_ms"],
        effective_ms=record["effective_ms"],
        change=record["change"],
    )
