"""Storing calls in one statement: the same as `PostgresDecisionStore.store`, in one round trip, four with alerts.

It fails as a whole, and changes nothing, where the epoch has risen or a transaction was decided before; then `store`
finds out what to do.
"""

# ruff: noqa: S608 - statements are put together from constants only; every value is bound

import re
from collections.abc import Sequence

import asyncpg

from contracts.decision import Alert
from contracts.journal import JournalEntry
from storage import alerts, decisions, entry_rows, rollups
from storage.database import Connection, Pool, session
from storage.entry_rows import Counted


def _joined() -> str:
    """All inserts as parts of one statement, each with its parameters behind those of the parts before it."""
    parts = [entry_rows.GUARD, entry_rows.TRANSACTIONS, decisions.INSERT]
    texts, used = [], 2  # $1 the epoch, $2 the number of transactions
    for part in parts:
        texts.append(_shifted(part, used))
        used += _parameters(part)
    counts = {name: _shifted(part, used) for name, part in rollups.APPENDS.items()}
    named = {"guard": texts[0], "transactions_": texts[1], "decisions_": texts[2], **counts}
    ctes = ", ".join(f"{name} AS ({text})" for name, text in named.items())
    # A division by zero ends the statement, and takes all of it back.
    return f"""
WITH held AS MATERIALIZED (SELECT epoch FROM state_epoch FOR SHARE), {ctes}
SELECT 1 / CASE WHEN (SELECT epoch FROM held) <= $1::bigint AND (SELECT count(*) FROM guard) = $2::bigint
    THEN 1 ELSE 0 END
"""


def _shifted(statement: str, by: int) -> str:
    return re.sub(r"\$(\d+)", lambda match: f"${int(match[1]) + by}", statement)


def _parameters(statement: str) -> int:
    return max(int(number) for number in re.findall(r"\$(\d+)", statement))


_STORE = _joined()


async def store_at_once(
    pool: Pool,
    inserting: Pool,
    entry: JournalEntry,
    counted: Sequence[Counted],
    context_ids: Sequence[int],
    currency_default: str,
) -> list[Alert] | None:
    """Store calls, at least one; returns the alerts they raised, None if they have to be looked at one by one.

    Calls without an alert go over `inserting`: they only insert.
    """
    try:
        if not any(outcome.decision.raises_alert for outcome in entry.outcomes):
            async with session(inserting) as connection:
                await _store(connection, entry, counted, context_ids, currency_default)
            return []
        async with session(pool) as connection, connection.transaction():
            await _store(connection, entry, counted, context_ids, currency_default)
            return await alerts.insert(connection, counted, currency_default)
    except asyncpg.DivisionByZeroError:
        return None


async def _store(
    connection: Connection,
    entry: JournalEntry,
    counted: Sequence[Counted],
    context_ids: Sequence[int],
    currency_default: str,
) -> None:
    await connection.execute(
        _STORE,
        entry.epoch,
        len(counted),
        entry.source,
        *entry_rows.guard_columns(entry.outcomes),
        entry.source,
        *entry_rows.transaction_columns(counted),
        entry.source,
        *decisions.columns_of(entry.outcomes, context_ids),
        *rollups.columns_of(counted, context_ids, currency_default),
    )
