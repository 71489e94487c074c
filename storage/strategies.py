"""Strategies of a client: each change a version of its own, deleted ones kept for the runs that used them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from storage.audit import AuditEntry, record
from storage.database import Pool, session
from storage.rows import rows_of

PAGE_MAX = 1_000  # strategies or versions a query
STRATEGIES_MAX = 500  # of a client, deleted ones not counted
VERSIONS_MAX = 1_000  # of one strategy

_COLUMNS = """
s.strategy_id, s.number, v.version, s.version AS version_current, v.document, s.created_by, s.created_at,
v.changed_by, v.changed_at, s.deleted_at
"""
_FROM = "FROM strategies AS s JOIN strategy_versions AS v USING (client_id, strategy_id)"
_LIST = f"""
SELECT {_COLUMNS} {_FROM}
WHERE s.client_id = $1 AND v.version = s.version AND s.deleted_at IS NULL AND s.number > $2 ORDER BY s.number LIMIT $3
"""
_CURRENT = f"""
SELECT {_COLUMNS} {_FROM}
WHERE s.client_id = $1 AND s.strategy_id = $2 AND v.version = s.version AND s.deleted_at IS NULL
"""
_VERSION = f"SELECT {_COLUMNS} {_FROM} WHERE s.client_id = $1 AND s.strategy_id = $2 AND v.version = $3"
_VERSIONS = f"""
SELECT {_COLUMNS} {_FROM}
WHERE s.client_id = $1 AND s.strategy_id = $2 AND s.deleted_at IS NULL AND v.version < $3
ORDER BY v.version DESC LIMIT $4
"""
_NAMED = f"""
SELECT {_COLUMNS} {_FROM}
WHERE s.client_id = $1 AND lower(s.name) = lower($2) AND v.version = s.version AND s.deleted_at IS NULL
"""
_COUNT = "SELECT count(*) FROM strategies WHERE client_id = $1 AND deleted_at IS NULL"
_INSERT = "INSERT INTO strategies (client_id, name, version, created_by) VALUES ($1, $2, 1, $3) RETURNING strategy_id"
_ADD_VERSION = """
INSERT INTO strategy_versions (client_id, strategy_id, version, document, changed_by) VALUES ($1, $2, $3, $4, $5)
"""
# The row is locked from here on: of two changes of one version the second finds another version.
_ADVANCE = """
UPDATE strategies SET version = version + 1, name = $4
WHERE client_id = $1 AND strategy_id = $2 AND version = $3 AND deleted_at IS NULL
"""
_DELETE = """
UPDATE strategies SET deleted_at = now()
WHERE client_id = $1 AND strategy_id = $2 AND version = coalesce($3, version) AND deleted_at IS NULL
"""


class NameTaken(ValueError):
    """The client has a strategy of this name already, but for upper and lower case."""


class TooManyKept(ValueError):
    """The client has STRATEGIES_MAX strategies, or the strategy VERSIONS_MAX versions."""


class StoredStrategy(msgspec.Struct, frozen=True):
    """One version. `changed_by` and `changed_at` are this version's; `version_current` is the newest one's number."""

    strategy_id: str
    number: int
    version: int
    version_current: int
    document: dict[str, Any]
    created_by: str
    created_at: datetime
    changed_by: str
    changed_at: datetime
    deleted_at: datetime | None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class StrategyRepository:
    """Every method raises StoreUnavailable. A `strategy_id` that is no UUID is one that there is not."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of_client(self, client_id: int, *, after_number: int = 0, limit: int = PAGE_MAX) -> list[StoredStrategy]:
        """Current versions, oldest strategy first, those after a number; at most PAGE_MAX."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_LIST, client_id, after_number, min(limit, PAGE_MAX))
        return rows_of(records, _strategy_of)

    async def get(self, client_id: int, strategy_id: str, version: int | None = None) -> StoredStrategy | None:
        """The current version, or the one with this number, of a deleted strategy too."""
        key = _uuid(strategy_id)
        if key is None:
            return None
        async with session(self._pool) as connection:
            found = (
                await connection.fetchrow(_CURRENT, client_id, key)
                if version is None
                else await connection.fetchrow(_VERSION, client_id, key, version)
            )
        return _strategy_of(found) if found else None

    async def named(self, client_id: int, name: str) -> StoredStrategy | None:
        """The current version of the strategy of this name, upper and lower case alike."""
        async with session(self._pool) as connection:
            found = await connection.fetchrow(_NAMED, client_id, name)
        return _strategy_of(found) if found else None

    async def versions(
        self, client_id: int, strategy_id: str, *, before_version: int = 2**31 - 1, limit: int = PAGE_MAX
    ) -> list[StoredStrategy]:
        """Versions newest first, those before a number; at most PAGE_MAX; none of a deleted strategy."""
        key = _uuid(strategy_id)
        if key is None:
            return []
        async with session(self._pool) as connection:
            records = await connection.fetch(_VERSIONS, client_id, key, before_version, min(limit, PAGE_MAX))
        return rows_of(records, _strategy_of)

    async def create(self, client_id: int, document: dict[str, Any], entry: AuditEntry) -> StoredStrategy:
        """Version 1 of a new strategy, named as its document says. Raises NameTaken, TooManyKept."""
        async with session(self._pool) as connection, connection.transaction():
            if await connection.fetchval(_COUNT, client_id) >= STRATEGIES_MAX:
                raise TooManyKept(f"there are {STRATEGIES_MAX} strategies; delete some")
            try:
                key = await connection.fetchval(_INSERT, client_id, document["name"], entry.actor)
            except asyncpg.UniqueViolationError as error:
                raise NameTaken(f"there is a strategy {document['name']!r} already") from error
            await connection.execute(_ADD_VERSION, client_id, key, 1, _encode(document), entry.actor)
            await record(connection, msgspec.structs.replace(entry, subject=f"strategy:{key}"))
            return _strategy_of(await connection.fetchrow(_CURRENT, client_id, key))

    async def update(
        self, client_id: int, strategy_id: str, version: int, document: dict[str, Any], entry: AuditEntry
    ) -> StoredStrategy | None:
        """The version after `version`; None, and nothing is changed, if that is not the current one of a strategy.

        Raises NameTaken, TooManyKept.
        """
        key = _uuid(strategy_id)
        if key is None:
            return None
        if version >= VERSIONS_MAX:
            raise TooManyKept(f"a strategy has at most {VERSIONS_MAX} versions; make a copy of it")
        async with session(self._pool) as connection, connection.transaction():
            try:
                advanced = await connection.execute(_ADVANCE, client_id, key, version, document["name"])
            except asyncpg.UniqueViolationError as error:
                raise NameTaken(f"there is a strategy {document['name']!r} already") from error
            if advanced != "UPDATE 1":
                return None
            await connection.execute(_ADD_VERSION, client_id, key, version + 1, _encode(document), entry.actor)
            await record(connection, entry)
            return _strategy_of(await connection.fetchrow(_CURRENT, client_id, key))

    async def delete(self, client_id: int, strategy_id: str, version: int | None, entry: AuditEntry) -> bool:
        """False if there is no such strategy, or `version` (None: any) is not its current one.

        Its versions stay for the runs that name them, and its name is free again.
        """
        key = _uuid(strategy_id)
        if key is None:
            return False
        async with session(self._pool) as connection, connection.transaction():
            if await connection.execute(_DELETE, client_id, key, version) != "UPDATE 1":
                return False
            await record(connection, entry)
            return True


def _uuid(strategy_id: str) -> UUID | None:
    try:
        return UUID(strategy_id)
    except ValueError:
        return None


def _strategy_of(found: asyncpg.Record | None) -> StoredStrategy:
    assert found is not None
    columns = dict(found)
    columns |= {"strategy_id": str(columns["strategy_id"]), "document": _decode(columns["document"])}
    return StoredStrategy(**columns)
