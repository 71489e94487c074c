"""One-time links that sign a browser in."""

from datetime import datetime

from storage.database import Pool, session

_CREATE = "INSERT INTO sign_in_links (token_hash, client_id, expires_at) VALUES ($1, $2, $3)"
_REDEEM = """
UPDATE sign_in_links SET redeemed_at = $2
WHERE token_hash = $1 AND redeemed_at IS NULL AND expires_at > $2 RETURNING client_id
"""


class SignInLinkRepository:
    """Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create(self, token_hash: bytes, client_id: int, expires_at: datetime) -> None:
        """Store a link by its token's hash."""
        async with session(self._pool) as connection:
            await connection.execute(_CREATE, token_hash, client_id, expires_at)

    async def redeem(self, token_hash: bytes, now: datetime) -> int | None:
        """The link's client for the first who asks before it expires, None for everybody else."""
        async with session(self._pool) as connection:
            client_id: int | None = await connection.fetchval(_REDEEM, token_hash, now)
            return client_id
