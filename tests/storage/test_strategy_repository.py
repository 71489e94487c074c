"""Strategies as Postgres keeps them, in the gateway's role."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

import storage.strategies
from analysis.presets import PRESETS, VERSION
from analysis.strategy_book import StrategyBook
from storage.audit import AuditEntry
from storage.clients import ClientRepository
from storage.database import AnyPool, ClientPool, connect, session
from storage.roles import GATEWAY, PIPELINE
from storage.strategies import NameTaken, StrategyRepository, TooManyKept


def document(name: str, **changes: Any) -> dict[str, Any]:
    return {"name": name, "detectors": [{"detector": "z_score"}], **changes}


def entry(client_id: int) -> AuditEntry:
    return AuditEntry(client_id=client_id, actor="user:1", action="strategy.test", subject="")


@pytest_asyncio.fixture
async def gateway_pool(database_url: str) -> AsyncIterator[AnyPool]:
    async with await connect(database_url, role=GATEWAY) as pool:
        yield pool


@pytest_asyncio.fixture
async def client_id(database_url: str) -> int:
    async with await connect(database_url) as owner:
        return await ClientRepository(owner).create("mine")


@pytest.fixture
def repository(gateway_pool: AnyPool, client_id: int) -> StrategyRepository:
    return StrategyRepository(ClientPool(gateway_pool, client_id))


async def test_every_change_is_a_version_that_stays(repository: StrategyRepository, client_id: int) -> None:
    first = await repository.create(client_id, document("mine"), entry(client_id))
    assert (first.version, first.version_current, first.created_by) == (1, 1, "user:1")
    second = await repository.update(client_id, first.strategy_id, 1, document("other", threshold=50), entry(client_id))
    assert second is not None
    assert (second.version, second.document["threshold"]) == (2, 50)
    assert await repository.get(client_id, first.strategy_id) == second
    kept = await repository.get(client_id, first.strategy_id, 1)
    assert kept is not None
    assert kept.document == document("mine")
    assert [v.version for v in await repository.versions(client_id, first.strategy_id)] == [2, 1]
    assert [v.version for v in await repository.versions(client_id, first.strategy_id, before_version=2)] == [1]
    assert await repository.named(client_id, "mine") is None
    assert await repository.named(client_id, "OTHER") == second


async def test_of_several_changes_of_one_version_one_stands(repository: StrategyRepository, client_id: int) -> None:
    made = await repository.create(client_id, document("mine"), entry(client_id))
    changes = [
        repository.update(client_id, made.strategy_id, 1, document("mine", threshold=i), entry(client_id))
        for i in range(8)
    ]
    done = [change for change in await asyncio.gather(*changes) if change is not None]
    assert len(done) == 1
    assert await repository.get(client_id, made.strategy_id) == done[0]


async def test_a_deleted_one_is_found_by_the_run_that_names_its_version(
    repository: StrategyRepository, client_id: int
) -> None:
    made = await repository.create(client_id, document("mine"), entry(client_id))
    assert not await repository.delete(client_id, made.strategy_id, 2, entry(client_id))
    assert await repository.delete(client_id, made.strategy_id, 1, entry(client_id))
    assert not await repository.delete(client_id, made.strategy_id, None, entry(client_id))
    assert await repository.get(client_id, made.strategy_id) is None
    assert await repository.of_client(client_id) == []
    assert await repository.versions(client_id, made.strategy_id) == []
    kept = await repository.get(client_id, made.strategy_id, 1)
    assert kept is not None
    assert kept.deleted_at is not None
    assert await repository.update(client_id, made.strategy_id, 1, document("mine"), entry(client_id)) is None
    again = await repository.create(client_id, document("mine"), entry(client_id))  # the name is free
    assert again.strategy_id != made.strategy_id


async def test_a_name_is_given_once(repository: StrategyRepository, client_id: int) -> None:
    await repository.create(client_id, document("Mine"), entry(client_id))
    other = await repository.create(client_id, document("other"), entry(client_id))
    with pytest.raises(NameTaken):
        await repository.create(client_id, document("mine"), entry(client_id))
    with pytest.raises(NameTaken):
        await repository.update(client_id, other.strategy_id, 1, document("MINE"), entry(client_id))
    current = await repository.get(client_id, other.strategy_id)
    assert current is not None
    assert current.version == 1


async def test_pages_go_on_where_they_ended(repository: StrategyRepository, client_id: int) -> None:
    made = [await repository.create(client_id, document(f"s{i}"), entry(client_id)) for i in range(5)]
    assert await repository.of_client(client_id, limit=2) == made[:2]
    assert await repository.of_client(client_id, after_number=made[1].number) == made[2:]


async def test_the_number_of_them_is_bounded(
    repository: StrategyRepository, client_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.strategies, "STRATEGIES_MAX", 1)
    monkeypatch.setattr(storage.strategies, "VERSIONS_MAX", 1)
    made = await repository.create(client_id, document("mine"), entry(client_id))
    with pytest.raises(TooManyKept):
        await repository.create(client_id, document("other"), entry(client_id))
    with pytest.raises(TooManyKept):
        await repository.update(client_id, made.strategy_id, 1, document("mine"), entry(client_id))


async def test_one_client_does_not_find_anothers(
    gateway_pool: AnyPool, repository: StrategyRepository, client_id: int
) -> None:
    made = await repository.create(client_id, document("mine"), entry(client_id))
    stranger = StrategyRepository(ClientPool(gateway_pool, 1))
    for asked in (1, client_id):
        assert await stranger.get(asked, made.strategy_id) is None
        assert await stranger.get(asked, made.strategy_id, 1) is None
        assert await stranger.of_client(asked) == []
        assert await stranger.update(asked, made.strategy_id, 1, document("theirs"), entry(1)) is None
        assert not await stranger.delete(asked, made.strategy_id, None, entry(1))


async def test_what_is_no_id_is_one_that_there_is_not(repository: StrategyRepository, client_id: int) -> None:
    for wrong in ("", "x", "payments", str(uuid4())):
        assert await repository.get(client_id, wrong) is None
        assert await repository.versions(client_id, wrong) == []
        assert await repository.update(client_id, wrong, 1, document("mine"), entry(client_id)) is None
        assert not await repository.delete(client_id, wrong, None, entry(client_id))


async def test_versions_cannot_be_changed_by_a_gateway(gateway_pool: AnyPool, client_id: int) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with session(ClientPool(gateway_pool, client_id)) as connection:
            await connection.execute("UPDATE strategy_versions SET document = '{}'")


async def test_a_worker_finds_presets_and_own_ones(
    database_url: str, repository: StrategyRepository, client_id: int
) -> None:
    made = await repository.create(client_id, document("mine"), entry(client_id))
    async with await connect(database_url, role=PIPELINE) as pool:
        book = StrategyBook(pool)
        own = await book.get(client_id, made.strategy_id, 1)
        assert own is not None
        assert (own.name, own.preset, own.strategy().name) == ("mine", False, "mine")
        assert await book.named(client_id, "Mine") == own
        assert await book.get(1, made.strategy_id) is None
        for name, strategy in PRESETS.items():
            found = await book.get(client_id, name)
            assert found is not None
            assert (found.version, found.preset) == (VERSION, True)
            assert found.strategy() == strategy
            assert await book.get(client_id, name, VERSION + 1) is None
