import asyncio
from datetime import timedelta

from journal_entries import T0_MS, at, entry

from storage.api_keys import ApiKeyRepository
from storage.clients import Client, ClientRepository
from storage.database import Pool
from storage.dead_letters import DeadLetter, DeadLetterRepository
from storage.decision_store import PostgresDecisionStore
from storage.sign_in_links import SignInLinkRepository
from storage.transactions import TransactionRepository
from storage.worker_status import WorkerStatus, WorkerStatusRepository

NOW = at(T0_MS)


def dead_letter(offset: int, reason: str = "not_json", detail: str = "no value") -> DeadLetter:
    return DeadLetter("payments", 2, offset, reason, detail, 10, b"\x00key", NOW, 0, offset + 100)


async def test_the_demo_client_is_there_and_others_follow(pool: Pool) -> None:
    repository = ClientRepository(pool)
    await repository.ensure_demo()
    assert await repository.all() == {1: Client(1, "Demo", "UTC")}
    number = await repository.create("Bank", "Africa/Nairobi")
    assert number > 1
    assert (await repository.all())[number] == Client(number, "Bank", "Africa/Nairobi")


async def test_a_revoked_key_is_not_found(pool: Pool) -> None:
    repository = ApiKeyRepository(pool)
    number = await repository.create(1, "demo", b"h" * 32, "rk_abc", ["score", "alerts"])
    found = await repository.find(b"h" * 32)
    assert found is not None
    assert (found.api_key_id, found.client_id, found.scopes) == (number, 1, ("score", "alerts"))
    assert await repository.find(b"x" * 32) is None
    await repository.mark_used([number])
    assert [key.last_used_at is not None for key in await repository.of_client(1)] == [True]
    assert await repository.revoke(number)
    assert not await repository.revoke(number)
    assert await repository.find(b"h" * 32) is None


async def test_a_link_is_redeemed_once_under_concurrency(pool: Pool) -> None:
    repository = SignInLinkRepository(pool)
    await repository.create(b"token", 1, NOW + timedelta(minutes=5))
    results = await asyncio.gather(*(repository.redeem(b"token", NOW) for _ in range(12)))
    assert sorted(results, key=str) == [1] + [None] * 11


async def test_an_expired_or_unknown_link_is_refused(pool: Pool) -> None:
    repository = SignInLinkRepository(pool)
    await repository.create(b"token", 1, NOW)
    assert await repository.redeem(b"token", NOW) is None
    assert await repository.redeem(b"other", NOW) is None
    assert await repository.redeem(b"token", NOW - timedelta(seconds=1)) == 1


async def test_dead_letters_are_registered_once(pool: Pool) -> None:
    repository = DeadLetterRepository(pool)
    await repository.register([])
    await repository.register([dead_letter(1), dead_letter(2)])
    await repository.register([dead_letter(2, detail="again"), dead_letter(3, "empty", "nul \x00 and half \ud800")])
    assert await repository.count() == 3
    newest, *older = await repository.page(limit=10)
    assert newest.detail == "nul \N{REPLACEMENT CHARACTER} and half ?"
    assert [letter.source_offset for letter in older] == [2, 1]
    assert older[0].detail == "no value"
    assert await repository.page(before_id=older[0].dead_letter_id) == older[1:]
    assert await repository.page(reason="empty") == [newest]
    assert await repository.get(newest.dead_letter_id) == newest
    assert await repository.get(0) is None


async def test_a_dead_letter_is_marked_replayed_once(pool: Pool) -> None:
    repository = DeadLetterRepository(pool)
    await repository.register([dead_letter(1)])
    [letter] = await repository.page()
    assert await repository.mark_replayed(letter.dead_letter_id)
    assert not await repository.mark_replayed(letter.dead_letter_id)
    again = await repository.get(letter.dead_letter_id)
    assert again is not None
    assert again.replayed_at is not None


async def test_a_worker_is_known_by_its_last_report(pool: Pool) -> None:
    repository = WorkerStatusRepository(pool)
    for total in (10, 20):
        status = WorkerStatus(
            worker_id="w-1", started_at=NOW, reported_at=NOW, state="running", partitions=(0, 3), decided_total=total
        )
        await repository.report(status)
    assert await repository.all(60) == [status]
    await pool.execute("UPDATE worker_status SET reported_at = now() - interval '2 minutes'")
    assert await repository.all(60) == []


async def test_another_clients_transaction_is_not_found(store: PostgresDecisionStore, pool: Pool) -> None:
    await store.store(entry(0, 1))
    repository = TransactionRepository(pool)
    assert await repository.get(1, "tx-0-0") is not None
    assert await repository.get(2, "tx-0-0") is None
    assert await repository.get(1, "tx-0-1") is None
