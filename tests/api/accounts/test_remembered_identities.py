"""Who is known is asked for twice a second at most, and never believed for more than one."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest

from api.auth import StoredKey, StoredSession
from api.identities import ASKED_AGAIN_S, REMEMBERED_S, RememberedIdentities
from contracts.errors import StoreUnavailable
from storage.api_keys import ApiKey

KEY = ApiKey(
    api_key_id=1, client_id=7, name="till", prefix="rsk_till", scopes=("score",),
    created_at=datetime(2026, 1, 1, tzinfo=UTC), created_by="user:1",
    last_used_at=None, expires_at=None, revoked_at=None, tier=None,
)  # fmt: skip
HASHES = (b"h",)


class Asked:
    """Counts the questions; answers when it is let."""

    def __init__(self, answer: ApiKey | None) -> None:
        self.answer = answer
        self.error: Exception | None = None
        self.questions = 0
        self.open = asyncio.Event()
        self.open.set()
        self.begun = asyncio.Semaphore(0)
        self.answered = asyncio.Semaphore(0)

    async def key(self, key_hashes: Sequence[bytes]) -> StoredKey | None:
        self.questions += 1
        self.begun.release()
        await self.open.wait()
        self.answered.release()
        if self.error is not None:
            raise self.error
        return self.answer

    async def key_by_id(self, api_key_id: int) -> StoredKey | None:
        return await self.key(())

    async def session(self, session_id: UUID) -> StoredSession | None:
        raise AssertionError(session_id)


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


async def test_a_crowd_asks_once() -> None:
    asked = Asked(KEY)
    remembered = RememberedIdentities(asked, Clock())
    assert await asyncio.gather(*(remembered.key(HASHES) for _ in range(50))) == [KEY] * 50
    assert asked.questions == 1
    assert await remembered.key((b"another",)) == KEY
    assert asked.questions == 2


async def test_a_revoked_key_is_believed_for_a_second_at_most() -> None:
    asked, clock = Asked(KEY), Clock()
    remembered = RememberedIdentities(asked, clock)
    assert await remembered.key(HASHES) == KEY
    asked.answer = None
    clock.now_s += REMEMBERED_S
    assert await remembered.key(HASHES) is None


async def test_it_is_asked_again_behind_the_callers_back() -> None:
    asked, clock = Asked(KEY), Clock()
    remembered = RememberedIdentities(asked, clock)
    await remembered.key(HASHES)
    asked.open.clear()
    clock.now_s += ASKED_AGAIN_S
    assert await remembered.key(HASHES) == KEY  # although the new question has no answer yet
    asked.answer = None
    asked.open.set()
    for _ in range(2):
        await asked.answered.acquire()
    await asyncio.sleep(0)
    assert await remembered.key(HASHES) is None


async def test_a_key_that_was_not_there_counts_as_soon_as_it_is() -> None:
    asked = Asked(None)
    remembered = RememberedIdentities(asked, Clock())
    assert await remembered.key(HASHES) is None
    asked.answer = KEY
    assert await remembered.key(HASHES) == KEY


async def test_a_caller_who_leaves_does_not_take_the_question_along() -> None:
    asked = Asked(KEY)
    asked.open.clear()
    remembered = RememberedIdentities(asked, Clock())
    impatient = asyncio.create_task(remembered.key(HASHES))
    patient = asyncio.create_task(remembered.key(HASHES))
    await asked.begun.acquire()
    impatient.cancel()
    asked.open.set()
    assert await patient == KEY
    assert asked.questions == 1


async def test_while_postgres_is_away_who_is_known_is_believed_no_longer() -> None:
    asked, clock = Asked(KEY), Clock()
    remembered = RememberedIdentities(asked, clock)
    await remembered.key(HASHES)
    asked.error = StoreUnavailable("away")
    clock.now_s += ASKED_AGAIN_S
    assert await remembered.key(HASHES) == KEY
    clock.now_s += REMEMBERED_S
    with pytest.raises(StoreUnavailable):
        await remembered.key(HASHES)
