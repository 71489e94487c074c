"""Gives what a simulated past left behind the times at which it would have happened.

Postgres stamps what it stores with its own clock. Of a past that is loaded within seconds, every alert would be as old
as the installation.
"""

from storage.database import Pool, session

STORED_AFTER_MS = 40  # a decision is stored so long after its payment, about

_ALERTS = f"""
UPDATE alerts SET created_at_ms = event_time_ms + {STORED_AFTER_MS}
WHERE client_id = $1 AND transaction_id LIKE $2 || '-%' AND created_at_ms > event_time_ms + {STORED_AFTER_MS}
"""  # noqa: S608 - constants
_CASES = f"""
UPDATE cases SET opened_at = to_timestamp((first_event_time_ms + {STORED_AFTER_MS}) / 1000.0),
    changed_at = greatest(
        to_timestamp((last_event_time_ms + {STORED_AFTER_MS}) / 1000.0),
        (SELECT max(d.decided_at) FROM case_decisions AS d WHERE d.case_id = cases.case_id)
    )
WHERE client_id = $1 AND EXISTS (
    SELECT FROM alerts AS a WHERE a.case_id = cases.case_id AND a.transaction_id LIKE $2 || '-%'
)
"""  # noqa: S608 - constants
_DECISIONS = f"""
UPDATE decisions SET decided_at = to_timestamp((event_time_ms + {STORED_AFTER_MS}) / 1000.0)
WHERE client_id = $1 AND transaction_id LIKE $2 || '-%'
"""  # noqa: S608 - constants
_ANYTHING = "SELECT EXISTS (SELECT FROM decided) OR EXISTS (SELECT FROM partition_offsets WHERE next_offset > 0)"


async def is_empty(pool: Pool) -> bool:
    """Whether nothing was ever decided here. Raises StoreUnavailable."""
    async with session(pool) as connection:
        return not await connection.fetchval(_ANYTHING)


async def backdate(pool: Pool, client_id: int, run_id: str) -> None:
    """Date decisions, alerts and cases of transactions whose ids begin with `run_id`; as the owner of the tables."""
    async with session(pool) as connection, connection.transaction():
        for statement in (_ALERTS, _CASES, _DECISIONS):
            await connection.execute(statement, client_id, run_id)
