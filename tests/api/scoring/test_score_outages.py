"""Calls while Redis, Postgres or Kafka is away: an answer each time, and afterwards nothing lost, nothing doubled."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest_asyncio
from aiokafka import AIOKafkaConsumer
from running_gateway import NOWHERE
from scoring_world import Caller, add_model, payment, repair, scoring_gateway, scoring_settings, until
from wire import Wire, wire_to

from contracts.decision import Decision
from contracts.errors import StateLost, StoreUnavailable
from contracts.transaction import Transaction, decode_transaction
from features.events import EventBuilder
from features.fold import OfflineFold, compact
from features.plan import Entity
from pipeline.call_sweeper import CallSweeper
from pipeline.kafka_producer import broker_arguments
from scoring_worker.parts import Parts, connected
from scoring_worker.topics import ensure_topics
from settings import Settings
from tests.conftest import Stack

DEADLINE_MS = 1_000  # short enough that a hang would show, long enough for a machine that is shared
ACCOUNTS = 5


@dataclass(frozen=True)
class Torn:
    """A gateway behind wires that can be cut, and a worker's parts with a way of their own."""

    caller: Caller
    redis: Wire
    postgres: Wire
    worker: Parts
    settings: Settings

    async def call(self, body: dict[str, Any]) -> str:
        """What became of a call: decided, degraded or 503. Anything else fails the test."""
        answer = await self.caller.score(body)
        if answer.status_code == 200:
            return "degraded" if answer.json()["degraded"] else "decided"
        assert answer.status_code == 503, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"]
        return "503"

    async def settle(self) -> None:
        """Sweep as the workers do, until no journal entry is left and every degraded decision is counted."""
        sweeper = CallSweeper(self.worker.pipeline)

        async def settled() -> bool:
            try:
                swept = await sweeper.sweep()
                address = await self.worker.pipeline.state.address()
                return not swept.counted and not await self.worker.pipeline.state.journal(address)
            except (StoreUnavailable, StateLost):
                return False

        await until(settled, "calls never came to rest", 60)

    async def stored(self) -> list[tuple[bytes, str]]:
        rows = await self.worker.pool.fetch("SELECT body, transaction_id FROM transactions")
        return [(row["body"], row["transaction_id"]) for row in rows]

    async def check(self) -> None:
        """Every stored transaction is in the state exactly once, and nothing else is."""
        state = self.worker.pipeline.state
        address = await state.address()
        found = [decode_transaction(body) for body, _ in await self.stored()]
        transactions = [value for value in found if isinstance(value, Transaction)]
        fold = OfflineFold(EventBuilder())
        if transactions:
            fold.fold(transactions)
        keys = await state.keys(address)  # type: ignore[attr-defined]
        kept = dict(zip(keys, await state.states(address, keys), strict=True))  # type: ignore[attr-defined]
        assert set(kept) == set(fold.states)
        for key, expected in fold.states.items():
            assert compact(Entity(key[0]), kept[key] or b"") == compact(Entity(key[0]), expected)


@pytest_asyncio.fixture
async def torn(
    database_url: str, stack: Stack, redis_prefix: str, topic_prefix: str, tmp_path: Path, key: str
) -> AsyncIterator[Torn]:
    async with torn_world(database_url, stack, redis_prefix, topic_prefix, tmp_path, key, stack.kafka) as world:
        yield world


@asynccontextmanager
async def torn_world(
    database_url: str, stack: Stack, redis_prefix: str, topic_prefix: str, models: Path, key: str, gateways_kafka: str
) -> AsyncIterator[Torn]:
    add_model(models)
    straight = scoring_settings(database_url, stack.redis_url, stack.kafka, redis_prefix, topic_prefix, models)
    await ensure_topics(straight)
    await repair(straight)
    async with AsyncExitStack() as open_:
        redis = await open_.enter_async_context(wire_to(stack.redis_url))
        postgres = await open_.enter_async_context(wire_to(database_url))
        torn = scoring_settings(
            postgres.url(database_url), redis.url(stack.redis_url), gateways_kafka, redis_prefix, topic_prefix, models,
            score_deadline_ms=DEADLINE_MS,
        )  # fmt: skip
        worker = await open_.enter_async_context(connected(straight))
        gateway = await open_.enter_async_context(scoring_gateway(torn))
        yield Torn(Caller(gateway.http, key), redis, postgres, worker, straight)
        redis.flow()
        postgres.flow()


def bodies(count: int) -> list[dict[str, Any]]:
    return [payment(phone_number=f"+25470000000{number % ACCOUNTS}", device_id="shared") for number in range(count)]


async def test_without_redis_calls_are_decided_by_policy_and_counted_later(torn: Torn) -> None:
    first, *rest = bodies(13)
    assert await torn.call(first) == "decided"
    await torn.redis.cut()
    for number, body in enumerate(rest):
        body["amount"] = (10, 500, 5_000)[number % 3]
    answers = [(await torn.caller.score(body)).json() for body in rest]
    assert [a["recommendation"] for a in answers[:3]] == ["APPROVE", "REVIEW", "DECLINE"]
    assert all(a["degraded"] and a["missing"] == ["state"] and a["probability"] is None for a in answers)
    await torn.redis.mend()
    await torn.settle()
    await torn.check()
    assert len(await torn.stored()) == 13
    again = (await torn.caller.score(rest[0])).json()
    assert again["repeated"]
    assert again["recommendation"] == answers[0]["recommendation"]

    async def decides_again() -> bool:
        return await torn.call(payment()) == "decided"

    await until(decides_again, "the gateway never found its state again")


async def test_a_redis_that_hangs_holds_nobody_up(torn: Torn) -> None:
    assert await torn.call(bodies(1)[0]) == "decided"
    sent = bodies(30)
    torn.redis.stall()
    answers = await asyncio.gather(*(torn.call(body) for body in sent))
    assert set(answers) <= {"degraded", "503"}
    torn.redis.flow()
    await every_call_has_its_decision(torn, sent)


async def test_without_postgres_nobody_is_told_anything(torn: Torn) -> None:
    sent = bodies(10)
    await torn.postgres.cut()
    assert set(await asyncio.gather(*(torn.call(body) for body in sent))) == {"503"}
    await torn.postgres.mend()
    await every_call_has_its_decision(torn, sent)


async def test_a_postgres_that_hangs_holds_nobody_up(torn: Torn) -> None:
    sent = bodies(10)
    assert await torn.call(sent[0]) == "decided"
    torn.postgres.stall()
    assert set(await asyncio.gather(*(torn.call(body) for body in sent))) == {"503"}
    torn.postgres.flow()
    await every_call_has_its_decision(torn, sent)


async def test_without_kafka_calls_are_answered_and_published_later(
    database_url: str, stack: Stack, redis_prefix: str, topic_prefix: str, tmp_path: Path, key: str
) -> None:
    async with torn_world(database_url, stack, redis_prefix, topic_prefix, tmp_path, key, NOWHERE) as torn:
        sent = bodies(20)
        assert set(await asyncio.gather(*(torn.call(body) for body in sent))) == {"decided"}
        await torn.settle()
        await torn.check()
        assert await published(torn.settings) >= {body["transaction_id"] for body in sent}


async def test_stores_that_come_and_go(torn: Torn) -> None:
    chance = random.Random(4)
    sent: list[dict[str, Any]] = []
    seen: set[str] = set()
    for _ in range(12):
        wire = chance.choice((torn.redis, torn.redis, torn.postgres))
        if chance.random() < 0.5:
            await wire.cut()
        else:
            wire.stall()
        new = bodies(6)
        sent += new
        seen |= set(await asyncio.gather(*(torn.call(body) for body in new)))
        await wire.cut()  # what hung has to fail, or the next round would begin with it
        wire.flow()
        await wire.mend()
        more = bodies(6)
        sent += more
        seen |= set(await asyncio.gather(*(torn.call(body) for body in more)))
    assert "503" in seen

    # A gateway looks for its state at intervals: on a fast machine only after the last round.
    async def decides_again() -> bool:
        body = payment()
        sent.append(body)
        return await torn.call(body) == "decided"

    await until(decides_again, "the gateway never found its state again")
    await every_call_has_its_decision(torn, sent)


async def every_call_has_its_decision(torn: Torn, sent: list[dict[str, Any]]) -> None:
    """Repeated until it is answered, each id has one decision; the state holds each exactly once."""
    for body in sent:

        async def answered(body: dict[str, Any] = body) -> bool:
            return await torn.call(body) != "503"

        sweeping = asyncio.create_task(torn.settle())
        await until(answered, f"{body['transaction_id']} never got its decision", 60)
        await sweeping
    await torn.settle()
    await torn.check()
    ids = [transaction_id for _, transaction_id in await torn.stored()]
    assert len(ids) == len(set(ids))
    assert {body["transaction_id"] for body in sent} <= set(ids)


async def published(settings: Settings) -> set[str]:
    """The ids on the decisions topic."""
    consumer = AIOKafkaConsumer(settings.topics.decisions, **broker_arguments(settings), auto_offset_reset="earliest")
    async with consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        found: set[str] = set()
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found |= {_decision(record.value).transaction_id for record in records}
    return found


def _decision(document: bytes) -> Decision:
    return msgspec.json.decode(document, type=Decision)
