"""Row security: what each of the application's roles can reach, asked of the real Postgres."""

import asyncpg
import pytest

from storage.alerts import AlertRepository
from storage.clients import ClientRepository
from storage.database import ClientPool, connect, session
from storage.roles import CLIENT_SETTING, GATEWAY, IDENTITY, PIPELINE, ROLES

_TABLES_WITH_CLIENTS = """
SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'client_id' AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""
_OWNED = "SELECT count(*) FROM pg_class AS c JOIN pg_roles AS r ON r.oid = c.relowner WHERE r.rolname = ANY ($1)"


async def test_every_table_with_clients_is_under_forced_row_security(database_url: str) -> None:
    async with await connect(database_url) as pool, session(pool) as connection:
        found = await connection.fetch(_TABLES_WITH_CLIENTS)
    assert len(found) > 5
    assert [row["relname"] for row in found if not (row["relrowsecurity"] and row["relforcerowsecurity"])] == []


async def test_the_roles_own_nothing_and_have_no_privilege(database_url: str) -> None:
    async with await connect(database_url) as pool, session(pool) as connection:
        assert await connection.fetchval(_OWNED, list(ROLES)) == 0
        roles = await connection.fetch("SELECT * FROM pg_roles WHERE rolname = ANY ($1)", list(ROLES))
    assert len(roles) == len(ROLES)
    assert not any(role["rolsuper"] or role["rolbypassrls"] or role["rolcanlogin"] for role in roles)


async def test_a_gateway_session_sees_its_client_only(database_url: str) -> None:
    async with await connect(database_url) as owner:
        mine = await ClientRepository(owner).create("mine")
        theirs = await ClientRepository(owner).create("theirs")
    async with await connect(database_url, role=GATEWAY, size_max=1) as pool:
        assert set(await ClientRepository(ClientPool(pool, mine)).all()) == {mine}
        assert set(await ClientRepository(ClientPool(pool, theirs)).all()) == {theirs}
        assert await ClientRepository(pool).all() == {}  # the one connection forgot whom it served


async def test_a_gateway_session_cannot_write_for_another_client(database_url: str) -> None:
    async with await connect(database_url) as owner:
        mine = await ClientRepository(owner).create("mine")
        theirs = await ClientRepository(owner).create("theirs")
    async with await connect(database_url, role=GATEWAY) as pool:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with session(ClientPool(pool, mine)) as connection:
                await connection.execute(
                    "INSERT INTO api_keys (client_id, name, key_hash, prefix, scopes) VALUES ($1, '', '', '', '{}')",
                    theirs,
                )


async def test_a_partition_cannot_be_read_around_its_table(database_url: str) -> None:
    async with await connect(database_url, role=GATEWAY) as pool:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with session(ClientPool(pool, 1)) as connection:
                await connection.fetch("SELECT * FROM transactions_default")


async def test_who_finds_out_who_is_calling_sees_no_payment(database_url: str) -> None:
    async with await connect(database_url, role=IDENTITY) as pool:
        async with session(pool) as connection:
            assert await connection.fetchval("SELECT count(*) FROM clients") == 1
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await AlertRepository(pool).last_sequence(1)


async def test_the_pipeline_has_no_business_with_secrets(database_url: str) -> None:
    async with await connect(database_url, role=PIPELINE) as pool:
        assert await AlertRepository(pool).last_sequence(1) == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with session(pool) as connection:
                await connection.fetch("SELECT * FROM api_keys")


async def test_a_damaged_setting_shows_nothing(database_url: str) -> None:
    async with await connect(database_url, role=GATEWAY) as pool, session(pool) as connection:
        for value in ("", "0"):
            await connection.execute("SELECT set_config($1, $2, false)", CLIENT_SETTING, value)
            assert await connection.fetch("SELECT * FROM clients") == []
