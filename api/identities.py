"""Who stands behind a credential, asked of Postgres in the identity role."""

from collections.abc import Collection, Sequence
from uuid import UUID

from api.database import Database
from storage.api_keys import ApiKey, ApiKeyRepository
from storage.user_sessions import UserSession, UserSessionRepository


class StoredIdentities:
    """Every method raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def key(self, key_hashes: Sequence[bytes]) -> ApiKey | None:
        async with self._database.pool() as pool:
            return await ApiKeyRepository(pool).find(*key_hashes)

    async def key_by_id(self, api_key_id: int) -> ApiKey | None:
        async with self._database.pool() as pool:
            return await ApiKeyRepository(pool).by_id(api_key_id)

    async def valid_keys(self, api_key_ids: Collection[int]) -> dict[int, ApiKey]:
        async with self._database.pool() as pool:
            return {key.api_key_id: key for key in await ApiKeyRepository(pool).valid_of(list(api_key_ids))}

    async def open_sessions(self, session_ids: Collection[UUID]) -> dict[UUID, UserSession]:
        async with self._database.pool() as pool:
            return {each.session_id: each for each in await UserSessionRepository(pool).open_of(list(session_ids))}

    async def session(self, session_id: UUID) -> UserSession | None:
        async with self._database.pool() as pool:
            return await UserSessionRepository(pool).find(session_id)
