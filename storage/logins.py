"""The logins of the database: one owns the tables, the other runs the programs and owns nothing.

MIGRATION_DATABASE_URL signs in as the owner: migrations, retention, erasure. DATABASE_URL signs in as the programs'
login, which can only enter the roles of `storage.roles`. Where both are the same, as in a database made by hand for a
trial, nothing is done here.
"""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from urllib.parse import unquote, urlsplit

import asyncpg

from contracts.errors import SettingsError, StoreUnavailable
from storage.database import CONNECT_TIMEOUT_S, AnyPool, connect, plain_dsn
from storage.locks import MIGRATION_LOCK
from storage.roles import ROLES

_QUOTED = "SELECT quote_ident($1::text), quote_literal($2::text)"
_IS_THERE = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)"
_MAY_ENTER = "SELECT pg_has_role($1::text, $2::text, 'SET')"
_ATTRIBUTES = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
# Roles that it can enter count as well: what they own, the login could change.
_RIGHTS = """
WITH entered AS (SELECT * FROM pg_roles WHERE pg_has_role($1::text, oid, 'MEMBER'))
SELECT coalesce(bool_or(rolsuper), false) AS superuser, coalesce(bool_or(rolcreaterole), false) AS createrole,
    coalesce(bool_or(rolcreatedb), false) AS createdb, coalesce(bool_or(rolbypassrls), false) AS bypassrls,
    (SELECT count(*) FROM pg_class WHERE relowner IN (SELECT oid FROM entered)) AS relations,
    (SELECT count(*) FROM pg_proc WHERE proowner IN (SELECT oid FROM entered)) AS functions,
    (SELECT count(*) FROM pg_namespace WHERE nspowner IN (SELECT oid FROM entered)) AS schemas,
    (SELECT count(*) FROM pg_database WHERE datdba IN (SELECT oid FROM entered)) AS databases
FROM entered
"""
_OWNS_TABLES = """
SELECT coalesce(bool_and(pg_has_role(current_user, relowner, 'USAGE')), false)
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
"""


def login_of(dsn: str) -> str:
    """The name under which an address signs in; "" where it names none."""
    return unquote(urlsplit(plain_dsn(dsn)).username or "")


def require_two_logins(owner_dsn: str, login_dsn: str, *, needed: bool) -> None:
    """Raise SettingsError where programs would sign in as the owner of the tables although that is not allowed."""
    if needed and login_of(owner_dsn) == login_of(login_dsn):
        raise SettingsError(
            "MIGRATION_DATABASE_URL must name a login of its own when ENVIRONMENT=production: set it to the owner of"
            " the tables (today's DATABASE_URL), and another login in DATABASE_URL, which is made if it is missing"
            " (docs/RUNBOOK.md, Two logins)"
        )


def ensure_login(owner_dsn: str, login_dsn: str) -> bool:
    """Make the programs' login with the password of its address, or check the one that is there.

    False where both addresses sign in alike. Raises SettingsError where the login could do more than it needs, and
    StoreUnavailable.
    """
    if login_of(owner_dsn) == login_of(login_dsn):
        return False
    with ThreadPoolExecutor(max_workers=1) as executor:  # the caller may stand inside a running event loop
        executor.submit(asyncio.run, _ensure_login(owner_dsn, login_dsn)).result()
    return True


async def rights_beyond_need(connection: "asyncpg.Connection[asyncpg.Record]", login: str) -> list[str]:
    """Name what a login has that the programs need not: attributes, and what it owns in this database."""
    found = await connection.fetchrow(_RIGHTS, login)
    assert found is not None  # an aggregate without groups
    return [
        f"{count} {name}" if not isinstance(count, bool) else name.upper() for name, count in found.items() if count
    ]


@asynccontextmanager
async def connected_as_owner(dsn: str) -> AsyncIterator[AnyPool]:
    """A pool of one connection of the tables' owner. Raises SettingsError where the address is another login's."""
    async with await connect(dsn, size_max=1) as pool:
        if not await pool.fetchval(_OWNS_TABLES):
            raise SettingsError(
                f"{login_of(dsn)} does not own the tables, and this command works as their owner: set"
                " MIGRATION_DATABASE_URL (docs/RUNBOOK.md, Two logins)"
            )
        yield pool


async def _ensure_login(owner_dsn: str, login_dsn: str) -> None:
    login, password = login_of(login_dsn), unquote(urlsplit(login_dsn).password or "")
    try:
        connection = await asyncpg.connect(plain_dsn(owner_dsn), timeout=CONNECT_TIMEOUT_S)
    except (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError) as error:
        raise StoreUnavailable(f"Postgres cannot be reached to make the programs' login: {error}") from error
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", MIGRATION_LOCK)
            await _make(connection, login, password)
            beyond = await rights_beyond_need(connection, login)
            if beyond:
                raise SettingsError(
                    f"The login {login} of DATABASE_URL has {', '.join(beyond)}, and the programs need none of it:"
                    " name another login there, which is made if it is missing, or hand over what this one owns"
                    " (docs/RUNBOOK.md, Two logins)"
                )
    finally:
        await connection.close()


async def _make(connection: "asyncpg.Connection[asyncpg.Record]", login: str, password: str) -> None:
    quoted = await connection.fetchrow(_QUOTED, login, password)
    assert quoted is not None
    name, literal = quoted
    statements = []
    if not await connection.fetchval(_IS_THERE, login):
        statements.append(f"CREATE ROLE {name} LOGIN NOINHERIT {_ATTRIBUTES}")
    statements += [
        f"GRANT {role} TO {name} WITH INHERIT FALSE, SET TRUE"
        for role in ROLES
        if statements or not await connection.fetchval(_MAY_ENTER, login, role)
    ]
    try:
        for statement in statements:
            await connection.execute(statement)
    except asyncpg.InsufficientPrivilegeError as error:
        raise SettingsError(
            f"The login {login} of DATABASE_URL cannot be made ({error}):"
            f" as an administrator run: {'; '.join(statements)}"
        ) from error
    if password:
        await _set_password(connection, f"ALTER ROLE {name} PASSWORD {literal}")


async def _set_password(connection: "asyncpg.Connection[asyncpg.Record]", statement: str) -> None:
    """Bring the password in line with the address, where this owner may: an administrator's login is left alone."""
    try:
        async with connection.transaction():
            await connection.execute(statement)
    except asyncpg.InsufficientPrivilegeError:
        return
