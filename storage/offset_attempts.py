"""Notes of what a worker is about to do with an offset, kept where they outlive the worker."""

from storage.database import Pool, session

BATCH, READING, DECIDING = "batch", "reading", "deciding"

_BEGIN = """
INSERT INTO offset_attempts AS noted (topic, partition, phase, next_offset, attempts, owner)
VALUES ($1, $2, $3, $4, 1, $5)
ON CONFLICT (topic, partition, phase) DO UPDATE SET
    attempts = CASE WHEN noted.next_offset <> excluded.next_offset THEN 1
                    WHEN noted.owner <> excluded.owner THEN noted.attempts + 1
                    ELSE noted.attempts END,
    next_offset = excluded.next_offset, owner = excluded.owner, begun_at = now()
RETURNING attempts
"""
_WAS_READ = "DELETE FROM offset_attempts WHERE topic = $1 AND partition = $2 AND phase = 'reading'"
_SUSPECTED = """
SELECT EXISTS (
    SELECT FROM offset_attempts
    WHERE topic = $1 AND partition = $2 AND phase <> 'batch' AND next_offset = $3 AND owner <> $4
)
"""
_CLEAR = "DELETE FROM offset_attempts WHERE topic = $1 AND partition = $2 AND owner = $3"


class OffsetAttempts:
    """The notes of one process, named `owner`. Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool, topic: str, owner: str) -> None:
        self._pool = pool
        self._topic = topic
        self._owner = owner

    async def begin(self, partition: int, phase: str, offset: int) -> int:
        """Note that work on an offset begins; returns how many processes have begun it and not ended well."""
        async with session(self._pool) as connection, connection.transaction():
            if phase == DECIDING:
                await connection.execute(_WAS_READ, self._topic, partition)
            number: int = await connection.fetchval(_BEGIN, self._topic, partition, phase, offset, self._owner)
            return number

    async def is_suspected(self, partition: int, offset: int) -> bool:
        """Whether another process was at work on this very offset alone, and has not said how it ended."""
        async with session(self._pool) as connection:
            suspected: bool = await connection.fetchval(_SUSPECTED, self._topic, partition, offset, self._owner)
            return suspected

    async def clear(self, partition: int) -> None:
        """Withdraw this process's notes on a partition: it lives, whatever happened."""
        async with session(self._pool) as connection:
            await connection.execute(_CLEAR, self._topic, partition, self._owner)
