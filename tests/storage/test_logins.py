"""The programs' login owns nothing and can change nothing of the schema; migrations have a login of their own."""

import asyncio
import os
import secrets
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio
from journal_entries import T0_MS, outcome

from contracts.errors import SettingsError
from contracts.journal import JournalEntry
from storage.database import connect
from storage.decision_store import PostgresDecisionStore
from storage.logins import connected_as_owner, ensure_login, login_of, require_two_logins, rights_beyond_need
from storage.roles import GATEWAY, IDENTITY, PIPELINE, ROLES

ROOT = Path(__file__).parents[2]


def address(owner: str, login: str, password: str) -> str:
    parts = urlsplit(owner)
    return parts._replace(netloc=f"{login}:{password}@{parts.hostname}:{parts.port}").geturl()


async def execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest_asyncio.fixture
async def login_url(database_url: str) -> AsyncIterator[str]:
    """Address of a login that nobody made yet."""
    name = f"test_login_{uuid.uuid4().hex[:10]}"
    yield address(database_url, name, secrets.token_urlsafe(24))
    connection = await asyncpg.connect(database_url)
    try:
        if await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name):
            # A role's maker may hand it out and enter it after that, which it must to drop what the role owns.
            await connection.execute(f"GRANT {name} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE")
            await connection.execute(f"DROP OWNED BY {name}")
            await connection.execute(f"DROP ROLE {name}")
    finally:
        await connection.close()


async def test_the_login_owns_nothing_and_has_no_attribute(database_url: str, login_url: str) -> None:
    assert ensure_login(database_url, login_url)
    connection = await asyncpg.connect(database_url)
    try:
        role = await connection.fetchrow("SELECT * FROM pg_roles WHERE rolname = $1", login_of(login_url))
        assert role["rolcanlogin"]
        names = ("rolsuper", "rolcreaterole", "rolcreatedb", "rolbypassrls", "rolreplication", "rolinherit")
        assert [name for name in names if role[name]] == []
        for catalogue, owner in (
            ("pg_class", "relowner"), ("pg_proc", "proowner"), ("pg_namespace", "nspowner"), ("pg_type", "typowner"),
            ("pg_database", "datdba"),
        ):  # fmt: skip
            query = f"SELECT count(*) FROM {catalogue} WHERE {owner} = $1"
            assert await connection.fetchval(query, role["oid"]) == 0, catalogue
        entered = "SELECT array_agg(roleid::regrole::text) FROM pg_auth_members WHERE member = $1"
        assert sorted(await connection.fetchval(entered, role["oid"])) == sorted(ROLES)
        assert await rights_beyond_need(connection, login_of(login_url)) == []
        assert "CREATEROLE" in await rights_beyond_need(connection, login_of(database_url))
    finally:
        await connection.close()


FORBIDDEN = (
    "ALTER TABLE decisions DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE clients NO FORCE ROW LEVEL SECURITY",
    "DROP POLICY client ON alerts",
    "CREATE POLICY mine ON alerts USING (true)",
    "ALTER TABLE alerts ADD COLUMN trace text",
    "DROP TABLE alerts",
    "TRUNCATE audit_log",
    "ALTER TABLE audit_log DISABLE TRIGGER ALL",
    "DROP FUNCTION make_month_partition",
    "CREATE TABLE mine (a int)",
    "CREATE SCHEMA mine",
    "CREATE ROLE mine",
    "CREATE DATABASE mine",
    f"ALTER ROLE {GATEWAY} BYPASSRLS",
    f"GRANT {PIPELINE} TO {GATEWAY}",
    "SET ROLE {owner}",
    "SET session_replication_role = replica",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT pg_read_file('/etc/passwd')",
)


@pytest.mark.parametrize("role", [None, *ROLES])
async def test_what_the_login_cannot_do(database_url: str, login_url: str, role: str | None) -> None:
    ensure_login(database_url, login_url)
    connection = await asyncpg.connect(login_url, server_settings={"role": role} if role else {})
    try:
        for statement in FORBIDDEN:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement.replace("{owner}", login_of(database_url)))
    finally:
        await connection.close()


async def test_the_login_alone_sees_no_row(database_url: str, login_url: str) -> None:
    ensure_login(database_url, login_url)
    async with await connect(login_url, size_max=1) as pool:
        for table in ("clients", "alerts", "users", "decisions"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await pool.fetch(f"SELECT * FROM {table}")


async def test_the_programs_work_with_it(database_url: str, login_url: str) -> None:
    """A worker stores a batch and makes the months it needs; the others enter their roles."""
    ensure_login(database_url, login_url)
    async with await connect(login_url, role=PIPELINE) as pool:
        store = PostgresDecisionStore(pool, "payments.transactions.v1")
        await store.start_partition(0, 0)
        await store.store(JournalEntry(0, 0, 1, 1, (outcome(0, time_ms=T0_MS),)))
        assert await pool.fetchval("SELECT tableoid::regclass::text FROM decisions") == "decisions_2025_06"
    for role in (GATEWAY, IDENTITY):
        async with await connect(login_url, role=role) as pool:
            await pool.fetch("SELECT * FROM clients")
    owner_of_month = "SELECT relowner::regrole::text FROM pg_class WHERE relname = 'decisions_2025_06'"
    async with await connect(database_url, size_max=1) as owner:
        assert await owner.fetchval(owner_of_month) == login_of(database_url)


@pytest.mark.parametrize("parent", ["alerts", "decisions; DROP TABLE alerts", "pg_class"])
async def test_months_are_made_of_two_tables_only(database_url: str, parent: str) -> None:
    async with await connect(database_url, role=PIPELINE, size_max=1) as pool:
        with pytest.raises(asyncpg.RaiseError, match="there are no months of"):
            await pool.execute("SELECT make_month_partition($1, 24300)", parent)
    async with await connect(database_url, role=GATEWAY, size_max=1) as pool:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute("SELECT make_month_partition('decisions', 24300)")


async def test_a_changed_password_is_taken_over(database_url: str, login_url: str) -> None:
    ensure_login(database_url, login_url)
    changed = address(database_url, login_of(login_url), "another-Password_9")
    ensure_login(database_url, changed)
    await execute(changed, "SELECT 1")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await execute(login_url, "SELECT 1")


async def test_a_login_that_can_do_more_is_refused(database_url: str, login_url: str) -> None:
    ensure_login(database_url, login_url)
    await execute(database_url, f"ALTER ROLE {login_of(login_url)} CREATEDB")
    with pytest.raises(SettingsError, match="has CREATEDB, and the programs need none of it"):
        ensure_login(database_url, login_url)


async def test_the_old_login_hands_over_what_it_owns(database_url: str, login_url: str) -> None:
    """The runbook's second way: the old login, which owns the tables, stays the programs'; a new one owns them."""
    ensure_login(database_url, login_url)
    old = login_of(login_url)
    table = "CREATE TABLE of_old (a int)"
    entered = f"GRANT {old} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE"
    await execute(database_url, entered, f"GRANT CREATE ON SCHEMA public TO {old}")
    await execute(login_url, table)
    with pytest.raises(SettingsError, match="has 1 relations"):
        ensure_login(database_url, login_url)
    await execute(
        database_url, f"REASSIGN OWNED BY {old} TO CURRENT_USER", f"REVOKE CREATE ON SCHEMA public FROM {old}"
    )
    assert ensure_login(database_url, login_url)


async def test_commands_of_the_owner_say_that_they_are(database_url: str, login_url: str) -> None:
    ensure_login(database_url, login_url)
    with pytest.raises(SettingsError, match="MIGRATION_DATABASE_URL"):
        async with connected_as_owner(login_url):
            pass
    async with connected_as_owner(database_url) as pool:
        assert await pool.fetchval("SELECT 1") == 1


def test_one_login_for_both_is_left_alone_outside_production(database_url: str) -> None:
    assert not ensure_login(database_url, database_url)
    require_two_logins(database_url, database_url, needed=False)
    with pytest.raises(SettingsError, match="MIGRATION_DATABASE_URL must name a login of its own"):
        require_two_logins(database_url, database_url, needed=True)


async def test_migrate_upgrades_an_installation_with_one_login(
    database_url: str, login_url: str, tmp_path: Path
) -> None:
    """The first way: the old login becomes the owner's address, and the command makes the programs' login."""
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "DATABASE_URL": login_url,
        "MIGRATION_DATABASE_URL": database_url,
    }
    command = [sys.executable, "-m", "riskstream", "migrate"]
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    async with await connect(login_url, role=PIPELINE, size_max=1) as pool:
        assert await pool.fetchval("SELECT count(*) FROM decisions") == 0
