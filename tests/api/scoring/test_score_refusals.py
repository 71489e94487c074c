"""Calls while Redis answers and refuses: decided by policy at once, health says so, and afterwards counted once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from redis.asyncio import Redis
from scoring_world import payment, until
from test_score_outages import Torn, torn_world

from tests.conftest import Stack
from tests.own_redis import own_redis

BREAK_AND_MEND = {
    "READONLY": (["REPLICAOF", "127.0.0.1", "1"], ["REPLICAOF", "NO", "ONE"]),
    "OOM": (["CONFIG", "SET", "maxmemory", "1"], ["CONFIG", "SET", "maxmemory", "0"]),
    "NOREPLICAS": (["CONFIG", "SET", "min-replicas-to-write", "1"], ["CONFIG", "SET", "min-replicas-to-write", "0"]),
    "NOPERM": (["ACL", "SETUSER", "default", "-evalsha"], ["ACL", "SETUSER", "default", "+evalsha"]),
    "CLIENT PAUSE": (["CLIENT", "PAUSE", "600000", "WRITE"], ["CLIENT", "UNPAUSE"]),
}


@pytest_asyncio.fixture
async def world(
    database_url: str, stack: Stack, redis_prefix: str, topic_prefix: str, tmp_path: Path, key: str
) -> AsyncIterator[tuple[Torn, Redis]]:
    with own_redis(tmp_path / "redis") as address:
        mine = replace(stack, redis_url=address)
        models = tmp_path / "models"
        async with (
            torn_world(database_url, mine, redis_prefix, topic_prefix, models, key, stack.kafka) as torn,
            Redis.from_url(address, socket_timeout=10) as admin,
        ):
            yield torn, admin


@pytest.mark.parametrize("refusal", BREAK_AND_MEND)
async def test_a_refusal_is_no_silence(world: tuple[Torn, Redis], refusal: str) -> None:
    torn, admin = world
    break_, mend = BREAK_AND_MEND[refusal]
    sent = [payment(phone_number="+254700000001") for _ in range(6)]
    assert await torn.call(sent[0]) == "decided"
    await admin.execute_command(*break_)
    try:
        for body in sent[1:]:
            answer = await torn.caller.score(body)
            assert answer.status_code == 200, answer.text
            assert answer.json()["missing"] == ["state"]
        health = (await torn.caller.get("/v1/health")).json()
        assert (health["status"], health["redis_connected"], health["database_connected"]) == ("degraded", False, True)
    finally:
        await admin.execute_command(*mend)
    await torn.settle()
    await torn.check()
    assert len(await torn.stored()) == len(sent)

    async def decides_again() -> bool:
        return await torn.call(payment()) == "decided"

    async def healthy() -> bool:
        return bool((await torn.caller.get("/v1/health")).json()["redis_connected"])

    await until(decides_again, "the gateway never found its state again")
    await until(healthy, "health never came back")
