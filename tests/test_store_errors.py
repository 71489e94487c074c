"""The table of store errors: every error of the drivers has its place, and the real servers mean what it says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import aiokafka.errors
import asyncpg
import pytest
import pytest_asyncio
import redis.exceptions
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from redis._parsers.base import BaseParser

from contracts import store_errors
from contracts.errors import StoreOutcome, StoreUnavailable
from contracts.store_errors import KAFKA, POSTGRES, REDIS, RequestNotSent, StoreErrorMeaning, meaning_of
from riskstream_client.batches import BatchWriter, unavailable
from storage.database import AnyPool, connect, session
from tests.conftest import Stack

NOT_DONE, DONE, UNKNOWN = StoreOutcome.NOT_DONE, StoreOutcome.DONE, StoreOutcome.UNKNOWN


@pytest.mark.parametrize("code", REDIS)
def test_a_reply_of_redis_means_the_same_by_driver_and_by_text(code: str) -> None:
    reply = f"{code} 3999 127.0.0.1:6381"
    assert meaning_of(BaseParser.parse_error(reply)) == REDIS[code] == store_errors.of_redis(reply)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ("ERR max number of clients reached", NOT_DONE),
        ("ERR unknown command 'EVALSHA', with args beginning with: ", NOT_DONE),
        ("ERR upstream failure", UNKNOWN),  # a proxy's word
        ("ERR something new", UNKNOWN),
        ("SOMETHING new", UNKNOWN),
        ("READONLY You can't write against a read only replica. script: 0b83, on @user_script:85.", NOT_DONE),
    ],
)
def test_what_redis_says_otherwise(reply: str, outcome: StoreOutcome) -> None:
    assert meaning_of(BaseParser.parse_error(reply)).outcome is outcome


@pytest.mark.parametrize(
    "error",
    [
        redis.exceptions.ConnectionError("Connection closed by server."),
        redis.exceptions.TimeoutError("Timeout reading from socket"),
        ConnectionResetError(),
        TimeoutError(),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        aiokafka.errors.KafkaTimeoutError(),
        aiokafka.errors.RequestTimedOutError(),
        aiokafka.errors.NotEnoughReplicasAfterAppendError(),
    ],
    ids=repr,
)
def test_no_answer_is_unknown(error: Exception) -> None:
    assert meaning_of(error) == StoreErrorMeaning(UNKNOWN, True)


def test_what_was_not_sent_did_not_happen() -> None:
    assert meaning_of(RequestNotSent("refused")) == StoreErrorMeaning(NOT_DONE, True)


def kafka_errors() -> dict[str, type[Exception]]:
    found = vars(aiokafka.errors).values()
    return {
        each.__name__: each for each in found if isinstance(each, type) and issubclass(each, aiokafka.errors.KafkaError)
    }


def test_every_error_of_kafka_is_in_the_table() -> None:
    assert set(KAFKA) == set(kafka_errors())


@pytest.mark.parametrize("name", KAFKA)
def test_an_error_of_kafka_means_what_the_table_says(name: str) -> None:
    error = kafka_errors()[name]()
    assert meaning_of(error) == KAFKA[name]
    if not hasattr(error, "errno") and isinstance(error, aiokafka.errors.BrokerResponseError):
        return  # the base of the others, which cannot even be shown
    told = unavailable(error)  # type: ignore[arg-type]
    assert told.outcome is KAFKA[name].outcome
    assert ("it may have some of them" in str(told)) is (KAFKA[name].outcome is UNKNOWN)


def postgres_errors() -> dict[str, type[asyncpg.PostgresError]]:
    found = (each for each in vars(asyncpg.exceptions).values() if isinstance(each, type))
    return {
        each.sqlstate: each for each in found if issubclass(each, asyncpg.PostgresError) and each.sqlstate is not None
    }


@pytest.mark.parametrize("state", POSTGRES)
def test_an_error_of_postgres_means_what_the_table_says(state: str) -> None:
    known = postgres_errors()
    code = next((each for each in known if each.startswith(state) and each not in POSTGRES), state)
    assert store_errors.of_postgres(code) == POSTGRES[state]
    if code in known:
        assert meaning_of(known[code]("words")) == POSTGRES[state]


def test_the_other_errors_of_postgres_ended_their_transaction() -> None:
    others = [code for code in postgres_errors() if code not in POSTGRES and code[:2] not in POSTGRES]
    assert len(others) > 100
    assert {store_errors.of_postgres(code) for code in others} == {StoreErrorMeaning(NOT_DONE, False)}


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[AnyPool]:
    async with await connect(database_url, size_max=3) as opened:
        await opened.execute("CREATE TABLE t (n integer PRIMARY KEY)")
        yield opened


async def kill(pool: AnyPool, pid: int) -> None:
    assert await pool.fetchval("SELECT pg_terminate_backend($1)", pid)


async def read_only(connection: Any, pool: AnyPool) -> None:
    await connection.execute("SET default_transaction_read_only = on")
    await connection.execute("INSERT INTO t VALUES (1)")


async def waiting(pool: AnyPool, connection: Any, statement: str) -> "asyncio.Future[Any]":
    """A statement that waits in Postgres: for a lock, or asleep."""
    pid = connection.get_server_pid()
    running = asyncio.ensure_future(connection.execute(statement))
    state = "SELECT wait_event_type IN ('Lock', 'Timeout') FROM pg_stat_activity WHERE pid = $1"
    async with asyncio.timeout(20):
        while True:
            await asyncio.sleep(0)
            if await pool.fetchval(state, pid):
                return running


async def cancelled(connection: Any, pool: AnyPool) -> None:
    sleeping = await waiting(pool, connection, "INSERT INTO t SELECT 1 FROM pg_sleep(60)")
    assert await pool.fetchval("SELECT pg_cancel_backend($1)", connection.get_server_pid())
    await sleeping


async def shut_down(connection: Any, pool: AnyPool) -> None:
    sleeping = await waiting(pool, connection, "INSERT INTO t SELECT 1 FROM pg_sleep(60)")
    await kill(pool, connection.get_server_pid())
    await sleeping


async def deadlock(connection: Any, pool: AnyPool) -> None:
    """Who waits first looks first, and is the one that is ended."""
    await pool.execute("INSERT INTO t VALUES (8), (9)")
    async with pool.acquire() as other, other.transaction():
        await other.execute("UPDATE t SET n = 9 WHERE n = 9")
        async with connection.transaction():
            await connection.execute("UPDATE t SET n = 8 WHERE n = 8")
            mine = await waiting(pool, connection, "UPDATE t SET n = 9 WHERE n = 9")
            its = asyncio.ensure_future(other.execute("UPDATE t SET n = 8 WHERE n = 8"))
            its.add_done_callback(lambda done: done.exception())
            await mine


async def serialization(connection: Any, pool: AnyPool) -> None:
    await pool.execute("INSERT INTO t VALUES (8)")
    async with connection.transaction(isolation="repeatable_read"):
        await connection.fetch("SELECT * FROM t")
        await pool.execute("UPDATE t SET n = 9 WHERE n = 8")
        await connection.execute("UPDATE t SET n = 10 WHERE n = 8")


async def lock(connection: Any, pool: AnyPool) -> None:
    async with pool.acquire() as other, other.transaction():
        await other.execute("LOCK TABLE t")
        await connection.execute("SET lock_timeout = '20ms'")
        await connection.execute("INSERT INTO t VALUES (1)")


async def too_slow(connection: Any, pool: AnyPool) -> None:
    await connection.execute("SET statement_timeout = '20ms'")
    await connection.execute("INSERT INTO t SELECT 1 FROM pg_sleep(60)")


async def lost_while_idle(connection: Any, pool: AnyPool) -> None:
    async with connection.transaction():
        await connection.execute("INSERT INTO t VALUES (1)")
        await kill(pool, connection.get_server_pid())
        await connection.execute("SELECT 1")


Broken = Callable[[Any, AnyPool], Awaitable[None]]


@pytest.mark.parametrize(
    ("broken", "outcome"),
    [
        (read_only, NOT_DONE),
        (cancelled, NOT_DONE),
        (deadlock, NOT_DONE),
        (serialization, NOT_DONE),
        (lock, NOT_DONE),
        (too_slow, NOT_DONE),
        (shut_down, UNKNOWN),
        (lost_while_idle, UNKNOWN),
    ],
)
async def test_a_real_postgres_that_breaks_off(pool: AnyPool, broken: Broken, outcome: StoreOutcome) -> None:
    with pytest.raises(StoreUnavailable) as raised:
        async with session(pool) as connection:
            await broken(connection, pool)
    assert raised.value.outcome is outcome
    if broken is not lost_while_idle:
        assert await pool.fetchval("SELECT count(*) FROM t WHERE n = 1") == 0


async def test_too_many_connections_were_not_asked(database_url: str, pool: AnyPool) -> None:
    name = database_url.rpartition("/")[2]
    user = await pool.fetchval("SELECT current_user")
    await pool.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT 0')
    if await pool.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = $1", user):
        pytest.skip("limits do not bind this login, a superuser")
    with pytest.raises(StoreUnavailable) as raised:
        await connect(database_url)
    assert raised.value.outcome is NOT_DONE


@pytest.mark.parametrize("value", ["\x00", "\ud800"])
async def test_text_that_postgres_refuses_is_no_outage(pool: AnyPool, value: str) -> None:
    with pytest.raises((asyncpg.PostgresError, asyncpg.DataError)) as raised:
        async with session(pool) as connection:
            await connection.execute("SELECT $1::text", value)
    assert meaning_of(raised.value) == StoreErrorMeaning(NOT_DONE, False)


@asynccontextmanager
async def started_admin(stack: Stack) -> AsyncIterator[Any]:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def test_a_message_too_large_is_not_in_the_topic(stack: Stack) -> None:
    topic = f"test-{uuid4().hex[:8]}"
    async with started_admin(stack) as admin:
        await admin.create_topics([NewTopic(topic, 1, 1)])
    async with AIOKafkaProducer(
        bootstrap_servers=stack.kafka, acks="all", max_request_size=20_000_000, max_batch_size=20_000_000
    ) as producer:
        await producer.send_and_wait(topic, b"first")
        writer = BatchWriter(producer, topic)
        await writer.open()
        await writer.add(b"key", b"x" * 10_000_000)
        with pytest.raises(StoreUnavailable, match="sending them again will not help") as raised:
            await writer.flush()
    assert raised.value.outcome is NOT_DONE
