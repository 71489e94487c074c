"""API keys: only their HMAC is stored, so that a copy of the table opens nothing."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec

from storage.audit import AuditEntry, record
from storage.database import Connection, Pool, session
from storage.rows import rows_of

PAGE_MAX = 1_000  # keys a query
KEYS_MAX = 1_000  # valid keys of a client

_COLUMNS = (
    "k.api_key_id, k.client_id, k.name, k.prefix, k.scopes, k.created_at, k.created_by, k.last_used_at, k.expires_at,"
    " k.revoked_at, s.tier"
)
_FROM = "FROM api_keys AS k LEFT JOIN subscriptions AS s USING (client_id)"
_VALID = "k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())"
_CREATE = """
INSERT INTO api_keys (client_id, name, key_hash, prefix, scopes, expires_at, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING api_key_id
"""
_FIND = f"SELECT {_COLUMNS}, k.key_hash {_FROM} WHERE k.key_hash = ANY ($1::bytea[]) AND {_VALID}"
_BY_ID = f"SELECT {_COLUMNS} {_FROM} WHERE k.api_key_id = $1 AND {_VALID}"
_BY_IDS = f"SELECT {_COLUMNS} {_FROM} WHERE k.api_key_id = ANY ($1::bigint[]) AND {_VALID}"
_LOCK = f"SELECT {_COLUMNS} {_FROM} WHERE k.api_key_id = $1 AND k.client_id = $2 FOR UPDATE OF k"
_OF_CLIENT = f"""
SELECT {_COLUMNS} {_FROM} WHERE k.client_id = $1 AND k.api_key_id > $2 ORDER BY k.api_key_id LIMIT $3
"""
_VALID_COUNT = f"SELECT count(*) FROM api_keys AS k WHERE k.client_id = $1 AND {_VALID}"  # noqa: S608
_REHASH = "UPDATE api_keys SET key_hash = $2 WHERE api_key_id = $1"
_REVOKE = "UPDATE api_keys SET revoked_at = now() WHERE api_key_id = $1 AND revoked_at IS NULL"
# As a user's who is no administrator any more: their tokens are known to whoever made them.
_WITHDRAW = """
UPDATE invitations SET withdrawn_at = now()
WHERE client_id = $1 AND invited_by = $2 AND accepted_at IS NULL AND withdrawn_at IS NULL
"""
_END = "UPDATE api_keys SET expires_at = LEAST(expires_at, $2) WHERE api_key_id = $1"
_USED = "UPDATE api_keys SET last_used_at = now() WHERE api_key_id = ANY ($1::bigint[])"


class ApiKey(msgspec.Struct, frozen=True):
    """A key without its secret; `prefix` is what its owner recognises it by, `tier` its client's (None: no bounds)."""

    api_key_id: int
    client_id: int
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_at: datetime
    created_by: str
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    tier: str | None

    def is_valid(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


class NewApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key to be stored by its HMAC-SHA-256 (32 bytes). `expires_at` None: until it is revoked."""

    client_id: int
    name: str
    key_hash: bytes
    prefix: str
    scopes: Sequence[str]
    expires_at: datetime | None = None
    created_by: str = "operator"


class ApiKeyRepository:
    """Every method raises StoreUnavailable. What changes something for a caller takes the audit entry along."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create(self, client_id: int, name: str, key_hash: bytes, prefix: str, scopes: Sequence[str]) -> int:
        """Store an operator's key; returns its id."""
        key = NewApiKey(client_id=client_id, name=name, key_hash=key_hash, prefix=prefix, scopes=scopes)
        async with session(self._pool) as connection:
            return await _insert(connection, key)

    async def issue(self, key: NewApiKey, entry: AuditEntry) -> ApiKey | None:
        """Store a key for a caller; None if the client has KEYS_MAX valid ones. The entry's subject is filled in."""
        async with session(self._pool) as connection, connection.transaction():
            if await connection.fetchval(_VALID_COUNT, key.client_id) >= KEYS_MAX:
                return None
            number = await _insert(connection, key)
            await record(connection, msgspec.structs.replace(entry, subject=f"key:{number}"))
            return _api_key_of(await connection.fetchrow(_BY_ID, number))

    async def rotate(self, old_id: int, key: NewApiKey, old_ends_at: datetime, entry: AuditEntry) -> ApiKey | None:
        """Store a key in another's place, which ends at `old_ends_at`; None if there is no such valid key."""
        async with session(self._pool) as connection, connection.transaction():
            old = await connection.fetchrow(_LOCK, old_id, key.client_id)
            now = await connection.fetchval("SELECT now()")
            if old is None or not _api_key_of(old).is_valid(now):
                return None
            await connection.execute(_END, old_id, old_ends_at)
            number = await _insert(connection, key)
            await record(connection, msgspec.structs.replace(entry, detail={**entry.detail, "new": f"key:{number}"}))
            return _api_key_of(await connection.fetchrow(_BY_ID, number))

    async def find(self, *key_hashes: bytes) -> ApiKey | None:
        """The valid key with one of these HMACs; from then on it is stored under the first of them."""
        async with session(self._pool) as connection:
            found = await connection.fetchrow(_FIND, key_hashes)
            if found is None:
                return None
            if found["key_hash"] != key_hashes[0]:  # hashed under an older SECRET_KEY
                await connection.execute(_REHASH, found["api_key_id"], key_hashes[0])
        return _api_key_of(found)

    async def by_id(self, api_key_id: int) -> ApiKey | None:
        """The key with this number, if it is valid."""
        async with session(self._pool) as connection:
            found = await connection.fetchrow(_BY_ID, api_key_id)
        return _api_key_of(found) if found else None

    async def valid_of(self, api_key_ids: Sequence[int]) -> list[ApiKey]:
        """Those of these keys that are valid."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_BY_IDS, list(api_key_ids))
        return [_api_key_of(found) for found in records]

    async def of_client(self, client_id: int, *, after_id: int = 0, limit: int = PAGE_MAX) -> list[ApiKey]:
        """A client's keys, ended ones included, oldest first, those after an id; at most PAGE_MAX."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_OF_CLIENT, client_id, after_id, min(limit, PAGE_MAX))
        return rows_of(records, _api_key_of)

    async def revoke(self, api_key_id: int, entry: AuditEntry | None = None) -> bool:
        """False if there is no such key, or it is revoked already. A caller's `entry` ends its open invitations too."""
        async with session(self._pool) as connection, connection.transaction():
            if await connection.execute(_REVOKE, api_key_id) != "UPDATE 1":
                return False
            if entry is not None:
                await connection.execute(_WITHDRAW, entry.client_id, f"key:{api_key_id}")
                await record(connection, entry)
            return True

    async def mark_used(self, api_key_ids: Sequence[int]) -> None:
        """Note the last use of several keys at once: once in a while, not at every request."""
        async with session(self._pool) as connection:
            await connection.execute(_USED, list(api_key_ids))


async def _insert(connection: Connection, key: NewApiKey) -> int:
    number: int = await connection.fetchval(
        _CREATE, key.client_id, key.name, key.key_hash, key.prefix, list(key.scopes), key.expires_at, key.created_by
    )
    return number


def _api_key_of(found: asyncpg.Record | None) -> ApiKey:
    assert found is not None
    columns = {name: found[name] for name in ApiKey.__struct_fields__}
    return ApiKey(**columns | {"scopes": tuple(columns["scopes"])})
