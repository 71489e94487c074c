"""Console sessions of API keys and links that were signed out before their cookies expired."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from storage.database import Pool, session

FORGOTTEN_A_TIME = 100  # sessions whose cookies have expired, deleted when another one ends

_FORGET = """
DELETE FROM ended_console_sessions WHERE console_id IN (
    SELECT console_id FROM ended_console_sessions WHERE expires_at < now() LIMIT $1 FOR UPDATE SKIP LOCKED)
"""
_END = "INSERT INTO ended_console_sessions (console_id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_ENDED = "SELECT console_id FROM ended_console_sessions WHERE console_id = ANY ($1::uuid[])"


class ConsoleSessionRepository:
    """Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def end(self, console_id: UUID, expires_at: datetime) -> None:
        """Remember that a session was signed out, until its cookie expires."""
        async with session(self._pool) as connection, connection.transaction():
            await connection.execute(_FORGET, FORGOTTEN_A_TIME)
            await connection.execute(_END, console_id, expires_at)

    async def ended(self, console_ids: Sequence[UUID]) -> set[UUID]:
        """Return those of these sessions that were signed out."""
        async with session(self._pool) as connection:
            rows = await connection.fetch(_ENDED, list(console_ids))
        return {row["console_id"] for row in rows}
