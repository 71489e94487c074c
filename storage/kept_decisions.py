"""A decision that was made without the state, whose transaction turns out to be counted by another source.

It happens when a call's way to the state store was cut after its transaction had been counted, or when the payment
also came on the log: the first stored decision stands, and the transaction is counted once. So the stored rows move
from DEGRADED to the place that counted it: from here on a repair finds it there, and the counting of DEGRADED passes
it over. Were the two bodies different, the counted one becomes the stored transaction, because the state holds it.

Sound because the claims keep one of two sources from counting an id that the other has counted: a transaction that
still has its place in DEGRADED when the other's batch is stored was not counted there.
"""

# ruff: noqa: S608 - statements are put together from constants only; every value is bound

from collections.abc import Sequence

import asyncpg
import msgspec

from contracts.decision import Decision
from contracts.errors import DecisionConflict
from contracts.journal import DEGRADED, Outcome, Stored
from storage import alerts, decisions, entry_rows, rollups
from storage.database import Connection
from storage.entry_rows import Counted, counted_of_outcomes

_TAKE = """
SELECT g.client_id, g.transaction_id, g.event_time_ms, g.source, g.source_offset
FROM decided AS g JOIN unnest($1::integer[], $2::text[]) AS k (client_id, transaction_id)
    ON g.client_id = k.client_id AND g.transaction_id = k.transaction_id
ORDER BY g.client_id, g.transaction_id FOR UPDATE OF g
"""
_MOVE_GUARD = """
UPDATE decided SET event_time_ms = $3, source = $4, source_offset = $5 WHERE client_id = $1 AND transaction_id = $2
"""
_PLACE = """
WHERE event_time_ms = $1 AND source = $2 AND source_offset = $3 AND client_id = $4 AND transaction_id = $5
"""
_DELETE_TRANSACTION = f"DELETE FROM transactions {_PLACE} RETURNING body"
_MOVE_DECISION = f"""
UPDATE decisions SET event_time_ms = $6, source = $7, source_offset = $8 {_PLACE} RETURNING context_id
"""


async def take_over(connection: Connection, source: int, counted: Sequence[Counted], currency_default: str) -> Stored:
    """Count these transactions, which have a decision already, at their places in `source`; returns what stands.

    Raises DecisionConflict if one of them was counted by another source.
    """
    if not counted:
        return Stored([], [])
    keys = [(each.outcome.decision.client_id, each.outcome.decision.transaction_id) for each in counted]
    places = {(r["client_id"], r["transaction_id"]): r for r in await connection.fetch(_TAKE, *zip(*keys, strict=True))}
    foreign = tuple(key for key in keys if places[key]["source"] != DEGRADED)
    if foreign:
        raise DecisionConflict(f"{len(foreign)} transactions of the batch were counted by another source", foreign)
    before = await decisions.of_transactions(connection, keys)
    for key, each, decision in zip(keys, counted, before, strict=True):
        body, context_id = await _move(connection, source, places[key], each)
        if body != each.outcome.body:
            # What charts count of it moves with its time, kind and amount.
            for old, sign in ((Outcome(0, body, decision), -1), (_as_counted(each, decision), 1)):
                rows = counted_of_outcomes([old])
                await rollups.count_decisions(connection, rows, [context_id], currency_default, sign=sign)
    await entry_rows.insert_transactions(connection, source, counted)
    found = await decisions.of_transactions(connection, keys)
    return Stored(found, await alerts.of_transactions(connection, keys), frozenset(keys))


async def _move(connection: Connection, source: int, place: asyncpg.Record, each: Counted) -> tuple[bytes, int]:
    """Move the guard and the decision, and delete the transaction; returns its body and the decision's context."""
    outcome, key = each.outcome, (place["client_id"], place["transaction_id"])
    old = (place["event_time_ms"], place["source"], place["source_offset"], *key)
    new = (outcome.decision.event_time_ms, source, outcome.offset)
    await connection.execute(_MOVE_GUARD, *key, *new)
    context_id = await connection.fetchval(_MOVE_DECISION, *old, *new)
    return await connection.fetchval(_DELETE_TRANSACTION, *old), context_id


def _as_counted(each: Counted, decision: Decision) -> Outcome:
    """The kept decision with the time and account of the counted transaction."""
    changed = msgspec.structs.replace(
        decision, event_time_ms=each.outcome.decision.event_time_ms, account=each.outcome.decision.account
    )
    return Outcome(each.outcome.offset, each.outcome.body, changed)
