"""Who stands behind a credential, asked of Postgres in the identity role; for scoring, remembered for a second."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from api.auth import Identities, StoredKey, StoredSession
from api.database import Database
from storage.api_keys import ApiKey, ApiKeyRepository
from storage.console_sessions import ConsoleSessionRepository
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

    async def is_signed_out(self, console_id: UUID) -> bool:
        return bool(await self.signed_out([console_id]))

    async def signed_out(self, console_ids: Collection[UUID]) -> set[UUID]:
        async with self._database.pool() as pool:
            return await ConsoleSessionRepository(pool).ended(list(console_ids))


REMEMBERED_S = 1.0  # so long a revoked key, an ended session, a lost role may still score
ASKED_AGAIN_S = 0.5  # from this age on the question is put again, behind the callers' backs
IDENTITIES_MAX = 10_000  # beyond it all are asked for anew


@dataclass(frozen=True, slots=True)
class _Known:
    answer: Any
    asked_at_s: float


class RememberedIdentities:
    """Implements `api.auth.Identities` over another: an identity that was found is asked for twice a second at most.

    For calls that come by the hundred a second, each of which would cost half a millisecond of the gateway for an
    answer that is always the same. Callers who ask for the same share a question, which goes on when they have left:
    a query that is cancelled costs its connection.
    """

    def __init__(self, identities: Identities, clock: Callable[[], float] = time.monotonic) -> None:
        self._identities = identities
        self._clock = clock
        self._known: dict[Hashable, _Known] = {}
        self._asking: dict[Hashable, asyncio.Task[Any]] = {}

    async def key(self, key_hashes: Sequence[bytes]) -> StoredKey | None:
        found: StoredKey | None = await self._of(tuple(key_hashes), lambda: self._identities.key(key_hashes))
        return found

    async def key_by_id(self, api_key_id: int) -> StoredKey | None:
        found: StoredKey | None = await self._of(api_key_id, lambda: self._identities.key_by_id(api_key_id))
        return found

    async def session(self, session_id: UUID) -> StoredSession | None:
        found: StoredSession | None = await self._of(session_id, lambda: self._identities.session(session_id))
        return found

    async def is_signed_out(self, console_id: UUID) -> bool:
        return await self._identities.is_signed_out(console_id)  # a browser's session scores nothing: it is rare here

    async def _of(self, who: Hashable, ask: Callable[[], Awaitable[Any]]) -> Any:
        known = self._known.get(who)
        age_s = self._clock() - known.asked_at_s if known else REMEMBERED_S
        if known is not None and age_s < ASKED_AGAIN_S:
            return known.answer
        asking = self._asking.get(who)
        if asking is None:
            asking = self._asking[who] = asyncio.create_task(self._ask(who, ask))
            asking.add_done_callback(lambda done: self._forget_question(who, done))
        if known is not None and age_s < REMEMBERED_S:
            return known.answer
        return await asyncio.shield(asking)

    async def _ask(self, who: Hashable, ask: Callable[[], Awaitable[Any]]) -> Any:
        asked_at_s = self._clock()  # before the answer: it may be as old as the question
        answer = await ask()
        if answer is None:
            self._known.pop(who, None)
        else:
            if len(self._known) >= IDENTITIES_MAX:
                self._known.clear()
            self._known[who] = _Known(answer, asked_at_s)
        return answer

    def _forget_question(self, who: Hashable, done: "asyncio.Task[Any]") -> None:
        self._asking.pop(who, None)
        if not done.cancelled():
            done.exception()  # whoever waited for it has heard it; nobody may have
