"""A caller who has left is not worked for: a call that still waits is dropped, one under way goes on."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio
from scoring_world import payment
from test_score_outages import Torn, torn_world

from pipeline.calls import GROUPS_OPEN_MAX
from tests.conftest import Stack


@pytest_asyncio.fixture
async def torn(
    database_url: str, stack: Stack, redis_prefix: str, topic_prefix: str, tmp_path: Path, key: str
) -> AsyncIterator[Torn]:
    async with torn_world(database_url, stack, redis_prefix, topic_prefix, tmp_path, key, stack.kafka) as world:
        yield world


async def test_who_leaves_while_waiting_is_not_decided(torn: Torn) -> None:
    assert await torn.call(payment()) == "decided"
    torn.redis.stall()
    under_way = [payment(phone_number=f"+2547110000{number:02}") for number in range(GROUPS_OPEN_MAX)]
    stay = [asyncio.create_task(torn.call(body)) for body in under_way]
    await asyncio.sleep(0.1)  # each of them is a batch now, and no more may be under way
    gone = [payment(phone_number=f"+2547220000{number:02}") for number in range(5)]
    await asyncio.gather(*(_call_and_leave(torn, body) for body in gone))
    assert set(await asyncio.gather(*stay)) <= {"decided", "degraded"}
    await torn.redis.cut()
    torn.redis.flow()
    await torn.redis.mend()
    await torn.settle()
    ids = {transaction_id for _, transaction_id in await torn.stored()}
    assert {body["transaction_id"] for body in under_way} <= ids
    assert not ids & {body["transaction_id"] for body in gone}
    await torn.check()


async def _call_and_leave(torn: Torn, body: dict[str, Any]) -> None:
    http = torn.caller._http
    async with httpx.AsyncClient(base_url=http.base_url) as other:
        call = asyncio.create_task(other.post("/v1/score", json=body, headers=torn.caller.headers))
        await asyncio.sleep(0.1)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
