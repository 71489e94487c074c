"""Connections to Postgres: pool, codecs, limits, and the one place where its errors become StoreUnavailable."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from contracts.errors import StoreOutcome, StoreUnavailable
from contracts.store_errors import meaning_of
from storage.roles import CLIENT_SETTING, GATEWAY

AnyPool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

CONNECT_TIMEOUT_S = 10.0  # a handshake; a starting server refuses much sooner
ACQUIRE_TIMEOUT_S = 10.0  # for a free connection of the pool
COMMAND_TIMEOUT_S = 20.0  # longer than the server's own limit, so that the server's clearer error comes first
STATEMENT_TIMEOUT_MS = 15_000  # a batch takes tens of milliseconds
LOCK_TIMEOUT_MS = 5_000  # behind another store of the same partition, or a partition being made
IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000  # a frozen worker must not hold a client's alert counter for ever

_SERVER_SETTINGS = {
    "statement_timeout": str(STATEMENT_TIMEOUT_MS),
    "lock_timeout": str(LOCK_TIMEOUT_MS),
    "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_TIMEOUT_MS),
    "timezone": "UTC",
    "jit": "off",  # compiling costs more than any statement here takes
    "max_parallel_workers_per_gather": "0",  # a chart must not take the cores that score
    # A plan made while a table is small stays cached while it grows by thousands of rows a second.
    "plan_cache_mode": "force_custom_plan",
}

_POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_NAME_CLIENT = "SELECT set_config($1, $2, false)"

_ERRORS = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def plain_dsn(dsn: str) -> str:
    """`DATABASE_URL` as asyncpg takes it; `postgresql+asyncpg://` is accepted."""
    return dsn.replace("postgresql+asyncpg://", "postgresql://", 1)


@dataclass(frozen=True, slots=True)
class ClientPool:
    """A pool of the gateway's role, for one client: its sessions see the rows of that client and no others."""

    pool: AnyPool
    client_id: int


class KeptPool:
    """A pool whose connections stay at hand between uses: for short statements, many a second.

    asyncpg starts a task to take a connection and another to give it back, each a turn of the event loop later. Only
    for a pool with `keeps_session`.
    """

    def __init__(self, pool: AnyPool) -> None:
        self._pool = pool
        self._free: list[Connection] = []
        self._waiting = 0

    async def take(self) -> Connection:
        """Raises TimeoutError, and what asyncpg raises where Postgres is away."""
        while self._free:
            connection = self._free.pop()
            try:
                if not connection.is_closed():
                    return connection
            except asyncpg.InterfaceError:  # lost meanwhile: the pool has it back already
                continue
            await self.give_up(connection)
        self._waiting += 1
        try:
            async with asyncio.timeout(ACQUIRE_TIMEOUT_S):
                return await self._pool.acquire()
        finally:
            self._waiting -= 1

    async def keep(self, connection: Connection) -> None:
        """After a use that ended well."""
        if self._waiting:
            await self.give_up(connection)
        else:
            self._free.append(connection)

    async def give_up(self, connection: Connection) -> None:
        """The pool closes it, or gives it to whoever waits there."""
        await self._pool.release(connection, timeout=ACQUIRE_TIMEOUT_S)

    def terminate(self) -> None:
        """Close all connections at once, those in use too."""
        self._pool.terminate()


Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record] | ClientPool | KeptPool"  # what a repository works on


class _KeptSession(asyncpg.Connection):
    """A connection on which nobody changes a setting or holds a lock: it comes back to the pool without a reset."""

    def get_reset_query(self) -> str:
        return ""


async def connect(
    dsn: str,
    *,
    size_max: int = 8,
    application_name: str = "riskstream",
    role: str | None = None,
    keeps_session: bool = False,
    plans_once: bool = False,
) -> AnyPool:
    """A pool whose connections carry our limits and codecs, and work in `role` (None: as the login).

    `keeps_session`: nothing done on it outlives its transaction, so that a round trip a use is saved. `plans_once`: its
    statements only insert, so that there is nothing in their plans that could grow old. Raises StoreUnavailable.
    """
    settings = {**_SERVER_SETTINGS, "application_name": application_name}
    if plans_once:
        settings["plan_cache_mode"] = "force_generic_plan"
    if role is not None:
        settings["role"] = role
    try:
        pool: AnyPool = await asyncpg.create_pool(
            plain_dsn(dsn),
            min_size=1,
            max_size=size_max,
            init=_set_codecs_of_lists if role == GATEWAY else _set_codecs,
            connection_class=_KeptSession if keeps_session else asyncpg.Connection,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=COMMAND_TIMEOUT_S,
            server_settings=settings,
        )
    except _ERRORS as error:
        raise StoreUnavailable(f"Postgres cannot be reached: {_sentence(error)}", StoreOutcome.NOT_DONE) from error
    return pool


@asynccontextmanager
async def session(pool: Pool) -> AsyncIterator[Connection]:
    """A connection of the pool. Raises StoreUnavailable for what can be repeated; other errors pass."""
    try:
        if isinstance(pool, KeptPool):
            connection = await _sent_nothing(pool.take())
            try:
                yield connection
            except BaseException:
                await pool.give_up(connection)
                raise
            await pool.keep(connection)
            return
        plain = pool.pool if isinstance(pool, ClientPool) else pool
        connection = await _sent_nothing(plain.acquire(timeout=ACQUIRE_TIMEOUT_S))
        try:
            if isinstance(pool, ClientPool):  # the pool resets it when the connection comes back
                await connection.execute(_NAME_CLIENT, CLIENT_SETTING, str(pool.client_id))
            yield connection
        finally:
            await plain.release(connection)
    # The last of them is what a rollback meets after a statement that was given up while Postgres hung.
    except _ERRORS as error:
        meaning = meaning_of(error)
        if not meaning.passes:
            raise
        how = "" if isinstance(error, asyncpg.PostgresError) else " does not answer"
        raise StoreUnavailable(f"Postgres{how}: {_sentence(error)}", meaning.outcome) from error


async def _sent_nothing(taken: Awaitable[Connection]) -> Connection:
    """Raises StoreUnavailable where there is no connection: whatever the reason, nothing was asked of it yet."""
    try:
        return await taken
    except _ERRORS as error:
        raise StoreUnavailable(f"Postgres cannot be reached: {_sentence(error)}", StoreOutcome.NOT_DONE) from error


async def _set_codecs(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Documents (jsonb) travel as JSON bytes, so that callers decode straight into their structs."""
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=_jsonb_of, decoder=_json_of, format="binary")


async def _set_codecs_of_lists(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """As well: a time that Python has no date for is the end of its calendar, where it would break the whole answer."""
    await _set_codecs(connection)
    await connection.set_type_codec(
        "timestamptz", schema="pg_catalog", encoder=_micros_of, decoder=_time_of, format="tuple"
    )


def _micros_of(at: datetime) -> tuple[int]:
    return ((at - _POSTGRES_EPOCH) // timedelta(microseconds=1),)


def _time_of(micros: tuple[int]) -> datetime:
    try:
        return _POSTGRES_EPOCH + timedelta(microseconds=micros[0])
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if micros[0] > 0 else datetime.min.replace(tzinfo=UTC)


def _jsonb_of(document: bytes) -> bytes:
    return b"\x01" + document  # the version byte of jsonb's binary form


def _json_of(document: bytes) -> bytes:
    return document[1:]


def _sentence(error: BaseException) -> str:
    return str(error) or type(error).__name__
