"""Who stands behind a credential, asked of Postgres in the identity role."""

from collections.abc import Sequence
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

    async def session(self, session_id: UUID) -> UserSession | None:
        async with self._database.pool() as pool:
            return await UserSessionRepository(pool).find(session_id)
