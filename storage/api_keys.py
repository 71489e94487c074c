"""API keys: only their HMAC is stored, so that a copy of the table opens nothing."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec

from storage.database import Pool, session

_COLUMNS = "api_key_id, client_id, name, prefix, scopes, created_at, last_used_at, revoked_at"
_CREATE = """
INSERT INTO api_keys (client_id, name, key_hash, prefix, scopes) VALUES ($1, $2, $3, $4, $5) RETURNING api_key_id
"""
_FIND = f"SELECT {_COLUMNS} FROM api_keys WHERE key_hash = $1 AND revoked_at IS NULL"  # noqa: S608 - constants
_OF_CLIENT = f"SELECT {_COLUMNS} FROM api_keys WHERE client_id = $1 ORDER BY api_key_id LIMIT $2"  # noqa: S608
_REVOKE = "UPDATE api_keys SET revoked_at = now() WHERE api_key_id = $1 AND revoked_at IS NULL"
_USED = "UPDATE api_keys SET last_used_at = now() WHERE api_key_id = ANY ($1::bigint[])"

PAGE_MAX = 1_000  # keys of a client


class ApiKey(msgspec.Struct, frozen=True):
    """A key without its secret; `prefix` is what its owner recognises it by."""

    api_key_id: int
    client_id: int
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class ApiKeyRepository:
    """Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create(self, client_id: int, name: str, key_hash: bytes, prefix: str, scopes: Sequence[str]) -> int:
        """Store a key by its HMAC-SHA-256 (32 bytes); returns its id."""
        async with session(self._pool) as connection:
            number: int = await connection.fetchval(_CREATE, client_id, name, key_hash, prefix, list(scopes))
            return number

    async def find(self, key_hash: bytes) -> ApiKey | None:
        """The key with this HMAC, unless it is revoked."""
        async with session(self._pool) as connection:
            record = await connection.fetchrow(_FIND, key_hash)
        return _api_key_of(record) if record else None

    async def of_client(self, client_id: int) -> list[ApiKey]:
        """A client's keys, revoked ones included, oldest first; at most PAGE_MAX."""
        async with session(self._pool) as connection:
            return [_api_key_of(record) for record in await connection.fetch(_OF_CLIENT, client_id, PAGE_MAX)]

    async def revoke(self, api_key_id: int) -> bool:
        """False if there is no such key, or it is revoked already."""
        async with session(self._pool) as connection:
            return await connection.execute(_REVOKE, api_key_id) == "UPDATE 1"

    async def mark_used(self, api_key_ids: Sequence[int]) -> None:
        """Note the last use of several keys at once: once in a while, not at every request."""
        async with session(self._pool) as connection:
            await connection.execute(_USED, list(api_key_ids))


def _api_key_of(record: asyncpg.Record) -> ApiKey:
    columns = dict(record)
    return ApiKey(**columns | {"scopes": tuple(columns["scopes"])})
