"""The state epoch, and the lock of the one process that repairs or rebuilds the state."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from contracts.errors import StoreUnavailable
from storage.database import Pool, session
from storage.locks import REPAIR_LOCK

REPAIR_WAIT_S_MAX = 3600.0  # for another process that repairs; a rebuild of a large state takes minutes

_EPOCH = "SELECT epoch FROM state_epoch"
_RAISE = "UPDATE state_epoch SET epoch = epoch + 1 RETURNING epoch"
_NO_LIMITS = "SET statement_timeout = 0; SET lock_timeout = 0"
_LIMITS = "RESET statement_timeout; RESET lock_timeout"
_LOCK = "SELECT pg_advisory_lock($1)"
_UNLOCK = "SELECT pg_advisory_unlock($1)"


class StateEpoch:
    """Which repair of the state a batch was counted under. Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def epoch(self) -> int:
        """The state epoch, 1 at first."""
        async with session(self._pool) as connection:
            number: int = await connection.fetchval(_EPOCH)
            return number

    async def raise_epoch(self) -> int:
        """Raise the epoch by one; waits for the stores under way, after which none of the old epoch succeeds."""
        async with session(self._pool) as connection:
            number: int = await connection.fetchval(_RAISE)
            return number

    @asynccontextmanager
    async def repair_lock(self) -> AsyncIterator[None]:
        """Wait for, then hold, the right to repair; it holds one connection of the pool meanwhile.

        Raises StoreUnavailable at the end too, if the connection and with it the lock was lost in between.
        """
        async with session(self._pool) as connection:
            await connection.execute(_NO_LIMITS)
            await connection.execute(_LOCK, REPAIR_LOCK, timeout=REPAIR_WAIT_S_MAX)
            await connection.execute(_LIMITS)
            try:
                yield
            finally:
                held = not connection.is_closed() and await connection.fetchval(_UNLOCK, REPAIR_LOCK)
            if not held:
                raise StoreUnavailable("the connection that held the repair lock was lost; repair again")
