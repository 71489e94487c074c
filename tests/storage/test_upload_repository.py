"""Uploads in the real Postgres: once each, within a quota, read under the newest wish only."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from storage.audit import AuditEntry
from storage.clients import ClientRepository
from storage.database import AnyPool, ClientPool, connect, session
from storage.roles import GATEWAY
from storage.uploads import (
    NewUpload,
    QuotaExceeded,
    StoredUpload,
    UploadRepository,
    Used,
    add,
    delete,
    keep_mapping,
    parsed,
    read_anew,
    refused,
)

QUOTA = 1000


def entry(client_id: int, action: str = "upload.added") -> AuditEntry:
    return AuditEntry(client_id=client_id, actor="user:1", action=action, subject="upload:1")


async def added(pool: AnyPool, client_id: int, content: bytes, size: int = 10) -> tuple[StoredUpload, bool]:
    new = NewUpload(
        upload_id=uuid4(),
        client_id=client_id,
        file_name="ledger.csv",
        size_bytes=size,
        sha256=content.ljust(32),
        created_by="user:1",
    )
    async with session(ClientPool(pool, client_id)) as connection, connection.transaction():
        return await add(connection, new, QUOTA, entry(client_id))


async def clients(database_url: str) -> tuple[int, int]:
    async with await connect(database_url) as owner:
        return await ClientRepository(owner).create("mine"), await ClientRepository(owner).create("theirs")


async def test_the_same_bytes_are_one_upload_of_each_client(database_url: str) -> None:
    mine, theirs = await clients(database_url)
    async with await connect(database_url, role=GATEWAY) as pool:
        first, is_new = await added(pool, mine, b"a")
        again, is_new_again = await added(pool, mine, b"a")
        other, other_is_new = await added(pool, theirs, b"a")
        assert (is_new, is_new_again, other_is_new) == (True, False, True)
        assert again == first
        uploads = UploadRepository(ClientPool(pool, mine))
        assert await uploads.get(mine, first.upload_id) == first
        assert await uploads.same(mine, b"a".ljust(32)) == first
        assert await uploads.get(mine, other.upload_id) is None
        assert await uploads.get(theirs, other.upload_id) is None
        assert await uploads.page(mine) == [first]
        assert await uploads.used(mine) == Used(1, 10)


async def test_a_quota_holds(database_url: str) -> None:
    mine, theirs = await clients(database_url)
    async with await connect(database_url, role=GATEWAY) as pool:
        await added(pool, mine, b"a", QUOTA - 1)
        with pytest.raises(QuotaExceeded):
            await added(pool, mine, b"b", 2)
        await added(pool, mine, b"c", 1)
        await added(pool, theirs, b"d", QUOTA)


async def test_what_an_older_reading_found_is_not_kept(database_url: str) -> None:
    mine, _ = await clients(database_url)
    async with await connect(database_url, role=GATEWAY) as pool:
        first, _ = await added(pool, mine, b"a")
        upload_id = first.upload_id
        async with session(ClientPool(pool, mine)) as connection:
            assert await parsed(
                connection, mine, upload_id, 1, reading={"delimiter": ";"}, rows=7, rejected=1, outcome={}
            )
            changed = await read_anew(connection, mine, upload_id, 1, {"delimiter": ","}, entry(mine))
            assert changed is not None
            assert (changed.state, changed.revision, changed.rows) == ("received", 2, None)
            assert (changed.wanted, changed.reading) == ({"delimiter": ","}, {"delimiter": ";"})
            assert await read_anew(connection, mine, upload_id, 1, None, entry(mine)) is None
            assert not await parsed(connection, mine, upload_id, 1, reading={}, rows=7, rejected=1, outcome={})
            assert not await refused(connection, mine, upload_id, 1, "no")
            assert await refused(connection, mine, upload_id, 2, "no rows")
        found = await UploadRepository(ClientPool(pool, mine)).get(mine, upload_id)
        assert found is not None
        assert (found.state, found.problem, found.reading) == ("refused", "no rows", {"delimiter": ";"})


async def test_pages_go_from_the_newest_to_the_oldest(database_url: str) -> None:
    mine, _ = await clients(database_url)
    async with await connect(database_url, role=GATEWAY) as pool:
        ids = [(await added(pool, mine, bytes([n])))[0].upload_id for n in range(5)]
        uploads = UploadRepository(ClientPool(pool, mine))
        found: list[UUID] = []
        page = await uploads.page(mine, limit=2)
        while page:
            found += [upload.upload_id for upload in page]
            page = await uploads.page(mine, after=(page[-1].created_at, page[-1].upload_id), limit=2)
    assert found == ids[::-1]


async def test_what_is_gone_is_not_known(database_url: str) -> None:
    mine, _ = await clients(database_url)
    async with await connect(database_url, role=GATEWAY) as pool:
        first, _ = await added(pool, mine, b"a")
        async with session(ClientPool(pool, mine)) as connection:
            assert await delete(connection, mine, first.upload_id)
            assert not await delete(connection, mine, first.upload_id)
            assert not await parsed(connection, mine, first.upload_id, 1, reading={}, rows=1, rejected=0, outcome={})
        kept, _ = await added(pool, mine, b"b")
    async with await connect(database_url) as owner:
        uploads = UploadRepository(owner)
        assert await uploads.known([first.upload_id, kept.upload_id]) == {kept.upload_id}
        now = datetime.now(UTC)
        assert await uploads.old(now + timedelta(hours=1)) == [(mine, kept.upload_id)]
        assert await uploads.old(now - timedelta(hours=1)) == []


async def test_a_mapping_is_kept_for_its_client(database_url: str) -> None:
    mine, theirs = await clients(database_url)
    async with await connect(database_url, role=GATEWAY) as pool:
        for amount in ("Belopp", "Summa"):
            async with session(ClientPool(pool, mine)) as connection:
                await keep_mapping(connection, mine, "csv:1", {"amount": amount}, "user:1")
        assert await UploadRepository(ClientPool(pool, mine)).kept_mapping(mine, "csv:1") == {"amount": "Summa"}
        assert await UploadRepository(ClientPool(pool, theirs)).kept_mapping(theirs, "csv:1") is None
