"""A Redis that answers and refuses: nothing of a batch is counted, and it is known that nothing was."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from contracts.errors import StateUnavailable, StoreOutcome
from contracts.journal import CALLS
from features.redis_store.protocol import Applied, Apply, StateAddress, Write
from features.redis_store.store import RedisStateStore
from tests.features.redis_store.conftest import FINGERPRINT, adopted
from tests.own_redis import PASSWORD, own_redis

ACCOUNT, SHARED = b"\x00account", b"\x01device"
STATE = bytes((1, 0)) + (1).to_bytes(8, "little") + (14).to_bytes(4, "little")
PREFIX = "refusals"

Do = Callable[[Redis], Awaitable[object]]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:  # type: ignore[misc]
    with own_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


def connected(address: str) -> Redis:
    return Redis.from_url(address, socket_timeout=5, protocol=2, retry=Retry(NoBackoff(), 0))


@pytest_asyncio.fixture
async def admin(address: str) -> AsyncIterator[Redis]:
    async with connected(address) as client:
        await client.ping()
        yield client
        await client.flushall()


@pytest_asyncio.fixture
async def store(address: str, admin: Redis) -> AsyncIterator[RedisStateStore]:
    async with connected(address) as client:
        yield RedisStateStore(client, PREFIX, FINGERPRINT)


async def new_password(admin: Redis) -> None:
    """Those who are connected stay; whoever comes is refused."""
    await admin.config_set("requirepass", "another")
    await kill_others(admin)


async def kill_others(admin: Redis) -> None:
    await admin.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


async def nobody_else(admin: Redis) -> None:
    await kill_others(admin)
    await admin.config_set("maxclients", 1)


async def a_script_that_does_not_end(admin: Redis) -> None:
    await admin.config_set("lua-time-limit", 1)
    busy = connected(f"redis://:{PASSWORD}@{admin.connection_pool.connection_kwargs['host']}:"
                     f"{admin.connection_pool.connection_kwargs['port']}/0")  # fmt: skip
    running = asyncio.create_task(_forever(busy))
    while True:
        try:
            await admin.ping()
        except ResponseError:  # BUSY
            break
        await asyncio.sleep(0)
    _running.add(running)


_running: set["asyncio.Task[None]"] = set()


async def _forever(client: Redis) -> None:
    with suppress(RedisError):
        await client.eval("while true do end", 0)
    await client.aclose()


async def end_the_script(admin: Redis) -> None:
    await admin.script_kill()
    await asyncio.gather(*_running)
    _running.clear()


def config(name: str, value: object) -> Do:
    return lambda admin: admin.config_set(name, value)  # type: ignore[arg-type]


def command(*words: str) -> Do:
    return lambda admin: admin.execute_command(*words)


def both(*steps: Do) -> Do:
    async def do(admin: Redis) -> None:
        for step in steps:
            await step(admin)

    return do


ALONE = command("REPLICAOF", "NO", "ONE")
REFUSALS: dict[str, tuple[Do, Do]] = {
    "READONLY": (command("REPLICAOF", "127.0.0.1", "1"), ALONE),
    "OOM": (config("maxmemory", 1), config("maxmemory", 0)),
    "MASTERDOWN": (
        both(config("replica-serve-stale-data", "no"), command("REPLICAOF", "127.0.0.1", "1")),
        both(ALONE, config("replica-serve-stale-data", "yes")),
    ),
    "NOREPLICAS": (config("min-replicas-to-write", 1), config("min-replicas-to-write", 0)),
    "invalid username-password pair": (new_password, config("requirepass", PASSWORD)),
    "max number of clients": (nobody_else, config("maxclients", 100)),
    "BUSY": (a_script_that_does_not_end, end_the_script),
    "NOPERM this user may not run EXPIRE": (
        command("ACL", "SETUSER", "default", "-expire"),
        command("ACL", "SETUSER", "default", "+expire"),
    ),
    "NOPERM": (command("ACL", "SETUSER", "default", "-@scripting"), command("ACL", "SETUSER", "default", "+@all")),
    "WRONGTYPE": (command("SET", f"{PREFIX}:1:journal", "text"), command("DEL", f"{PREFIX}:1:journal")),
    "a marker is not a number": (
        command("HSET", f"{PREFIX}:1:markers", "-1", "many"),
        command("HDEL", f"{PREFIX}:1:markers", "-1"),
    ),
    "WRONGTYPE Operation": (
        command("LPUSH", f"{PREFIX}:1:e:\x01device", "x"),
        command("DEL", f"{PREFIX}:1:e:\x01device"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("said", REFUSALS)
async def test_what_redis_refuses_is_not_counted(admin: Redis, store: RedisStateStore, said: str) -> None:
    break_, mend = REFUSALS[said]
    at = await adopted(store)
    tick = (await store.read(at, CALLS, [])).tick
    batch = Apply(
        source=CALLS,
        marker_read=None,
        marker=None,
        tick=tick,
        entry=b"entry",
        accounts=[Write(ACCOUNT, b"", STATE)],
        shared=[Write(SHARED, b"", STATE, b"delta")],
        claims=[b"claim"],
    )
    await break_(admin)
    try:
        with pytest.raises(StateUnavailable, match=said) as raised:
            await store.apply(at, batch)
        assert raised.value.outcome is StoreOutcome.NOT_DONE
    finally:
        await mend(admin)
    assert sorted(await admin.keys("*")) == [b"refusals:epoch", b"refusals:repair"]
    assert await store.apply(at, batch) == Applied(1)
    assert await store.states(at, [ACCOUNT, SHARED]) == [STATE, STATE]


@pytest.mark.parametrize("said", ["READONLY", "OOM", "NOREPLICAS", "NOPERM", "WRONGTYPE"])
async def test_a_state_that_takes_no_writes_is_away(admin: Redis, store: RedisStateStore, said: str) -> None:
    """Reading goes on, so that only a write shows it."""
    break_, mend = REFUSALS[said]
    at = await adopted(store)
    tick = (await store.read(at, CALLS, [])).tick
    assert await store.apply(at, Apply(source=CALLS, marker_read=None, marker=None, tick=tick, entry=b"")) == Applied(1)
    await break_(admin)
    try:
        with pytest.raises(StateUnavailable, match=said):
            await store.address()
    finally:
        await mend(admin)
    assert await store.address() == at


async def test_a_pause_leaves_it_open(admin: Redis, address: str) -> None:
    """No answer in time says nothing: it is counted when Redis goes on."""
    async with connected(address) as client:
        store = RedisStateStore(client, PREFIX, FINGERPRINT)
        at = await adopted(store)
        tick = (await store.read(at, CALLS, [])).tick
    async with Redis.from_url(address, socket_timeout=0.1, protocol=2, retry=Retry(NoBackoff(), 0)) as hurried:
        await hurried.ping()
        await admin.execute_command("CLIENT", "PAUSE", "300000", "WRITE")
        batch = Apply(source=CALLS, marker_read=None, marker=None, tick=tick, entry=b"entry")
        with pytest.raises(StateUnavailable) as raised:
            await RedisStateStore(hurried, PREFIX, FINGERPRINT).apply(at, batch)
        await admin.execute_command("CLIENT", "UNPAUSE")
    assert raised.value.outcome is StoreOutcome.UNKNOWN


async def test_a_server_that_is_not_there_saw_nothing(tmp_path: Path) -> None:
    with own_redis(tmp_path) as address:
        client = connected(address)
        store = RedisStateStore(client, PREFIX, FINGERPRINT)
        at = await adopted(store)
    async with client:
        for _ in range(2):  # the second time over no connection at all
            with pytest.raises(StateUnavailable) as raised:
                await store.apply(at, Apply(source=CALLS, marker_read=None, marker=None, tick=0, entry=b"e"))
    assert raised.value.outcome is StoreOutcome.NOT_DONE


@pytest.mark.parametrize(
    ("lines", "said"),
    [(("cluster-enabled yes",), "CLUSTERDOWN")],
)
async def test_a_cluster_without_its_slots(tmp_path: Path, lines: tuple[str, ...], said: str) -> None:
    with own_redis(tmp_path, *lines) as address:
        async with connected(address) as client:
            store = RedisStateStore(client, "{one}", FINGERPRINT)
            run_id = str((await client.info("server"))["run_id"])
            batch = Apply(source=CALLS, marker_read=None, marker=None, tick=0, entry=b"e")
            with pytest.raises(StateUnavailable, match=said) as raised:
                await store.apply(StateAddress(1, 1, run_id), batch)
    assert raised.value.outcome is StoreOutcome.NOT_DONE
