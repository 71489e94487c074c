"""Whether those who hold a feed may still read: asked for all sockets of this process at once, every few seconds."""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

import structlog

from api.auth import Authenticator, Caller, StoredKey, StoredSession
from api.keys import SCOPE_READ
from contracts.errors import StoreUnavailable

log = structlog.get_logger()


class Identities(Protocol):
    """Those of many credentials that count, in one question each. Each raises StoreUnavailable."""

    async def valid_keys(self, api_key_ids: Collection[int]) -> Mapping[int, StoredKey]: ...
    async def open_sessions(self, session_ids: Collection[UUID]) -> Mapping[UUID, StoredSession]: ...
    async def signed_out(self, console_ids: Collection[UUID]) -> Collection[UUID]: ...


@dataclass(eq=False, slots=True)
class _Watched:
    """One socket's caller; `ended` is set when it may not read any more."""

    caller: Caller
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Standing:
    """The callers behind this process's sockets.

    A revoked key, an ended session, a deactivated user or one who lost the scope, an expired token: its feeds end
    within `recheck_s`. While Postgres is away only what has expired ends.
    """

    def __init__(self, authenticator: Authenticator, identities: Identities, recheck_s: float) -> None:
        self._authenticator = authenticator
        self._identities = identities
        self._recheck_s = recheck_s
        self._watched: set[_Watched] = set()

    @contextmanager
    def watch(self, caller: Caller) -> Iterator[asyncio.Event]:
        """The event that is set when the caller may not read any more."""
        watched = _Watched(caller)
        self._watched.add(watched)
        try:
            yield watched.ended
        finally:
            self._watched.discard(watched)

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            await asyncio.sleep(self._recheck_s)
            if self._watched:
                await self._ask(list(self._watched))

    async def _ask(self, watched: Sequence[_Watched]) -> None:
        answers = _Answers()
        try:
            answers = await self._look_up([each.caller for each in watched])
        except StoreUnavailable as error:
            log.warning("feed_callers_not_rechecked", error=str(error))
        authenticator = self._authenticator.asking(answers)
        for each in watched:
            try:
                now = await authenticator.still(each.caller)
            except StoreUnavailable:
                continue
            if now is None or SCOPE_READ not in now.scopes:
                each.ended.set()

    async def _look_up(self, callers: Sequence[Caller]) -> "_Answers":
        sessions = {caller.session_id for caller in callers if caller.session_id is not None}
        keys = {caller.api_key_id for caller in callers if caller.api_key_id is not None}
        consoles = {caller.console_id for caller in callers if caller.console_id is not None}
        return _Answers(
            await self._identities.valid_keys(keys) if keys else {},
            await self._identities.open_sessions(sessions) if sessions else {},
            await self._identities.signed_out(consoles) if consoles else (),
        )


class _Answers:
    """What one look-up found, as `api.auth` asks for it; without one, as if nobody answered."""

    def __init__(
        self,
        keys: Mapping[int, StoredKey] | None = None,
        sessions: Mapping[UUID, StoredSession] | None = None,
        signed_out: Collection[UUID] | None = None,
    ) -> None:
        self._keys = keys
        self._signed_out = signed_out
        self._sessions = sessions

    async def key(self, key_hashes: Sequence[bytes]) -> StoredKey | None:
        raise StoreUnavailable(f"{len(key_hashes)} hashes: only known callers are asked for here")

    async def key_by_id(self, api_key_id: int) -> StoredKey | None:
        if self._keys is None:
            raise StoreUnavailable("not looked up")
        return self._keys.get(api_key_id)

    async def session(self, session_id: UUID) -> StoredSession | None:
        if self._sessions is None:
            raise StoreUnavailable("not looked up")
        return self._sessions.get(session_id)

    async def is_signed_out(self, console_id: UUID) -> bool:
        if self._signed_out is None:
            raise StoreUnavailable("not looked up")
        return console_id in self._signed_out
