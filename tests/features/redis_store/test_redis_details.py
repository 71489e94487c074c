"""What only the real Redis can show: lost scripts, odd prefixes, foreign states, eviction, a server that is away."""

from typing import Any

import pytest
from redis.asyncio import Redis

from contracts.errors import StateLost, StateMismatch, StoreUnavailable
from contracts.journal import CALLS
from features.redis_store.protocol import TICK_S, Applied, Apply, Refused, StateAddress, Write
from features.redis_store.store import RedisStateStore
from tests.features.redis_store.conftest import FINGERPRINT, adopted

A = b"\x00account*[a]?\\"
STATE = bytes((1, 0)) + (1).to_bytes(8, "little") + (14).to_bytes(4, "little")


def call(tick: int, **fields: Any) -> Apply:
    return Apply(source=CALLS, marker_read=None, marker=None, tick=tick, entry=b"e", **fields)


async def test_a_script_cache_that_was_flushed_is_no_failure(client: Redis, redis_store: RedisStateStore) -> None:
    address = await adopted(redis_store)
    for number in (1, 2):
        await client.script_flush()
        tick = (await redis_store.read(address, CALLS, [A])).tick
        await client.script_flush()
        assert await redis_store.apply(address, call(tick)) == Applied(number)
        await client.script_flush()
        await redis_store.drop(address, [(f"-1:{number}", [])])
    assert await redis_store.journal(address) == []


@pytest.mark.parametrize("tail", ["*", "[x]", "?", "\\", "a:1"])
async def test_prefixes_with_wildcards_stay_apart(client: Redis, redis_prefix: str, tail: str) -> None:
    odd = RedisStateStore(client, redis_prefix + tail, FINGERPRINT)
    plain = RedisStateStore(client, redis_prefix + "x", FINGERPRINT)
    stores = {store: await adopted(store) for store in (odd, plain)}
    for store, address in stores.items():
        await store.patch(address, {A: STATE}, {0: 1})
    assert await odd.keys(stores[odd]) == [A]
    await odd.forget_generation(stores[odd], 1)
    assert await odd.states(stores[odd], [A]) == [None]
    assert await plain.states(stores[plain], [A]) == [STATE]


async def test_dropped_claims_are_known_for_two_ticks_more(
    client: Redis, redis_store: RedisStateStore, redis_prefix: str
) -> None:
    """Keys of earlier ticks are written by hand: a test does not wait for half a minute."""
    address = await adopted(redis_store)
    for age, refused in ((0, True), (1, True), (2, True), (3, False)):
        claim = b"claim-%010d" % age
        tick = (await redis_store.read(address, CALLS, [])).tick
        await client.sadd(f"{redis_prefix}:1:recent:{tick - age}", claim)
        result = await redis_store.apply(address, call(tick, claims=[claim]))
        assert (result == Refused("claimed", (0,))) is refused


async def test_dropped_claims_expire(client: Redis, redis_store: RedisStateStore, redis_prefix: str) -> None:
    address = await adopted(redis_store)
    tick = (await redis_store.read(address, CALLS, [])).tick
    await redis_store.apply(address, call(tick, claims=[b"c" * 16]))
    await redis_store.drop(address, [("-1:1", [b"c" * 16])])
    keys = [key async for key in client.scan_iter(f"{redis_prefix}:1:recent:*")]
    assert keys
    for key in keys:
        assert 0 < await client.ttl(key) <= 4 * TICK_S
    assert await client.exists(f"{redis_prefix}:1:claims") == 0


async def test_states_expire_only_as_garbage(client: Redis, redis_store: RedisStateStore, redis_prefix: str) -> None:
    address = await adopted(redis_store)
    tick = (await redis_store.read(address, CALLS, [])).tick
    await redis_store.apply(address, call(tick, accounts=[Write(A, b"", STATE)]))
    assert await client.ttl(b"%s:1:e:%s" % (redis_prefix.encode(), A)) > 60 * 86_400


async def test_an_empty_redis_is_not_a_new_account(redis_store: RedisStateStore) -> None:
    with pytest.raises(StateLost):
        await redis_store.address()
    with pytest.raises(StateLost):
        await redis_store.read(StateAddress(1, 1, (await redis_store.inspect()).run_id), 0, [A])


async def test_a_state_of_another_plan_is_refused(
    client: Redis, redis_store: RedisStateStore, redis_prefix: str
) -> None:
    await adopted(redis_store)
    other = RedisStateStore(client, redis_prefix, "2-other")
    with pytest.raises(StateMismatch):
        await other.address()
    repair = StateAddress(2, 1, (await other.inspect()).run_id)
    await other.begin(repair)
    assert (await other.inspect()).fingerprint == FINGERPRINT  # an interrupted rebuild does not hide what it was


async def test_an_eviction_policy_that_drops_state_is_refused(client: Redis, redis_store: RedisStateStore) -> None:
    before = await client.config_get("maxmemory*")
    try:
        await client.config_set("maxmemory", str(512 * 2**20))
        await client.config_set("maxmemory-policy", "allkeys-lru")
        with pytest.raises(StateMismatch):
            await redis_store.check_policy()
        await client.config_set("maxmemory-policy", "noeviction")
        await redis_store.check_policy()
    finally:
        await client.config_set("maxmemory", before["maxmemory"])
        await client.config_set("maxmemory-policy", before["maxmemory-policy"])


async def test_a_server_that_is_away_is_said_so() -> None:
    async with Redis.from_url("redis://127.0.0.1:1", socket_timeout=1) as nobody:
        store = RedisStateStore(nobody, "p", FINGERPRINT)
        address = StateAddress(1, 1, "run")
        for question in (
            store.address(),
            store.read(address, 0, [A]),
            store.apply(address, call(1)),
            store.journal(address),
            store.drop(address, [("0:1", [])]),
            store.begin(address),
            store.states(address, [A]),
            store.forget_generation(address, 1),
            store.check_policy(),
        ):
            with pytest.raises(StoreUnavailable):
                await question
