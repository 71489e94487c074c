"""The schema's history: forward, back, and where it stands. Several processes may call at once."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from contracts.errors import StoreUnavailable
from storage.database import CONNECT_TIMEOUT_S, plain_dsn
from storage.locks import MIGRATION_LOCK

T = TypeVar("T")

LOCK_TIMEOUT_MS = 120_000  # another process is migrating; a large table can take a while
MIGRATION_TIMEOUT_S = 600.0  # one statement


def upgrade(dsn: str, revision: str = "head") -> None:
    """Bring the schema to `revision`, all in one transaction. Raises StoreUnavailable."""
    _run(dsn, lambda connection: command.upgrade(_config(connection), revision))


def downgrade(dsn: str, revision: str) -> None:
    """Take the schema back to `revision` ("base": empty). What stood in the dropped tables is gone."""
    _run(dsn, lambda connection: command.downgrade(_config(connection), revision))


def current(dsn: str) -> str | None:
    """The revision that the database has, None before the first."""
    return _run(dsn, lambda connection: MigrationContext.configure(connection).get_current_revision())


def head() -> str:
    """The newest revision that this code knows."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None
    return revision


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _run(dsn: str, action: Callable[[Connection], T]) -> T:
    # In a thread of its own: the caller may stand inside a running event loop.
    with ThreadPoolExecutor(max_workers=1) as executor:
        return executor.submit(asyncio.run, _locked(dsn, action)).result()


async def _locked(dsn: str, action: Callable[[Connection], T]) -> T:
    async def connect() -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(plain_dsn(dsn), timeout=CONNECT_TIMEOUT_S, command_timeout=MIGRATION_TIMEOUT_S)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}"))
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
            return await connection.run_sync(action)
    except (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError) as error:
        raise StoreUnavailable(f"Postgres cannot be reached to migrate it: {error}") from error
    finally:
        await engine.dispose()
