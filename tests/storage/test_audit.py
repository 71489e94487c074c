"""The audit log: written with the change, or not at all; never altered."""

import asyncpg
import pytest

from storage.audit import DETAIL_BYTES_MAX, AuditEntry, AuditFilter, AuditRepository, record
from storage.database import ClientPool, Pool, connect, session
from storage.roles import GATEWAY, ROLES

ALL = AuditFilter()


def entry(number: int = 0, **changes: object) -> AuditEntry:
    known = {"client_id": 1, "actor": "user:7", "action": "alert.status", "subject": f"alert:{number}"}
    return AuditEntry(**known | {"detail": {"to": "RESOLVED"}, "request_id": "r1"} | changes)


async def write(pool: Pool, *entries: AuditEntry) -> None:
    async with session(pool) as connection, connection.transaction():
        for each in entries:
            await record(connection, each)


async def test_newest_first_by_filter_and_page(pool: Pool) -> None:
    await write(pool, entry(0), entry(1, actor="key:4"), entry(2, action="alert.claimed"), entry(3, client_id=2))
    repository = AuditRepository(pool)

    everything = await repository.page(1, ALL)
    assert [found.subject for found in everything] == ["alert:2", "alert:1", "alert:0"]
    assert (everything[0].detail, everything[0].request_id) == ({"to": "RESOLVED"}, "r1")
    assert await repository.page(1, ALL, before_id=everything[0].audit_id, limit=1) == everything[1:2]
    for wanted, expected in (
        (AuditFilter(actor="key:4"), everything[1:2]),
        (AuditFilter(action="alert.claimed"), everything[:1]),
        (AuditFilter(subject="alert:0"), everything[2:]),
        (AuditFilter(recorded_from=everything[0].recorded_at), everything),
        (AuditFilter(recorded_to=everything[0].recorded_at), []),
    ):
        assert await repository.page(1, wanted) == expected


async def test_an_entry_stands_only_with_its_change(pool: Pool) -> None:
    with pytest.raises(ValueError, match="are allowed"):  # the second one is refused
        await write(pool, entry(), entry(detail={"text": "x" * DETAIL_BYTES_MAX}))
    assert await AuditRepository(pool).page(1, ALL) == []


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_log SET actor = ''", "DELETE FROM audit_log", "TRUNCATE audit_log"]
)
async def test_nobody_alters_it(pool: Pool, database_url: str, statement: str) -> None:
    await write(pool, entry())
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        await pool.execute(statement)
    for role in ROLES:
        async with await connect(database_url, role=role) as restricted:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with session(ClientPool(restricted, 1)) as connection:
                    await connection.execute(statement)
    assert len(await AuditRepository(pool).page(1, ALL)) == 1


async def test_every_role_writes_and_a_gateway_reads_its_client_only(database_url: str) -> None:
    for role in ROLES:
        async with await connect(database_url, role=role) as restricted:
            await write(ClientPool(restricted, 1), entry(actor=role))
    async with await connect(database_url, role=GATEWAY) as restricted:
        assert len(await AuditRepository(ClientPool(restricted, 1)).page(1, ALL)) == len(ROLES)
        assert await AuditRepository(ClientPool(restricted, 2)).page(1, ALL) == []
