"""A gateway that scores: repaired state, topics, a small model, and the payments that tests send to it."""

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from redis.asyncio import Redis
from running_gateway import RunningGateway, running, settings_for

from features.catalogue import CATALOGUE_HASH
from features.events import EventBuilder
from features.money import Money
from features.redis_store.store import RedisStateStore
from pipeline.repair import Repairer
from pipeline.state_fingerprint import fingerprint_of
from settings import Settings
from storage.database import AnyPool, connect
from storage.decision_store import PostgresDecisionStore
from storage.roles import PIPELINE

sys.path.append(str(Path(__file__).parents[2] / "scoring"))  # the scoring's own test model

import small_model

PATIENT_MS = 5_000  # a test machine is shared: what is not about time has time
_numbers = itertools.count()


@cache
def raw_model() -> bytes:
    return bytes(small_model.booster(rows=300).save_raw("ubj"))


def add_model(registry: Path, version: str = "2026-01-01-small") -> str:
    small_model.write(registry / version, raw_model(), small_model.manifest_of(raw_model(), version=version))
    (registry / "champion").write_text(version)
    return version


def payment(**changes: Any) -> dict[str, Any]:
    """A payment of a new account, unless told otherwise; the six fields of a mobile-money client."""
    number = next(_numbers)
    return {
        "transaction_id": f"pay-{number}",
        "amount": 12.5,
        "phone_number": f"+2547{number:08d}",
        "device_id": f"device-{number}",
        "location": "Nairobi",
        "timestamp": datetime.now(UTC).isoformat(),
        **changes,
    }


class NoPublisher:
    """Nothing is published while the state is repaired for a test."""

    async def publish(self, decisions: object, alerts: object) -> None: ...


@asynccontextmanager
async def state_of(settings: Settings) -> AsyncIterator[tuple[RedisStateStore, PostgresDecisionStore, AnyPool]]:
    money = Money(settings.currency_base, settings.currency_default, settings.currency_rates)
    pool = await connect(settings.postgres_dsn, size_max=2, role=PIPELINE)
    redis = Redis.from_url(settings.redis_url, protocol=2)
    try:
        state = RedisStateStore(redis, settings.redis_key_prefix, fingerprint_of(CATALOGUE_HASH, money))
        yield state, PostgresDecisionStore(pool, settings.topics.transactions), pool
    finally:
        await redis.aclose()
        await pool.close()


async def repair(settings: Settings) -> None:
    """What a worker does when it takes its partitions."""
    async with state_of(settings) as (state, store, _):
        fingerprint = fingerprint_of(CATALOGUE_HASH, Money())
        await Repairer(state, store, NoPublisher(), EventBuilder(), fingerprint).repair()


async def until(holds: Callable[[], Any], what: str, seconds: float = 20.0) -> None:
    """Wait for a condition, plain or asynchronous."""
    async with asyncio.timeout(seconds):
        while True:
            found = holds()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await asyncio.sleep(0.02)
    raise AssertionError(what)


@asynccontextmanager
async def scoring_gateway(settings: Settings) -> AsyncIterator[RunningGateway]:
    """A gateway whose scoring is warm."""
    async with running(settings) as gateway:
        await until(lambda: gateway.parts.scoring.warm, "scoring never got warm", 60)
        yield gateway


def scoring_settings(
    database_url: str, redis_url: str, kafka: str, redis_prefix: str, topic_prefix: str, models: Path, **changes: Any
) -> Settings:
    known = {
        "redis_url": redis_url,
        "redis_key_prefix": redis_prefix,
        "kafka_bootstrap_servers": kafka,
        "kafka_topic_prefix": topic_prefix,
        "model_path": models,
        "score_deadline_ms": PATIENT_MS,
    }
    return settings_for(database_url, **(known | changes))


class Caller:
    """Somebody with an API key."""

    def __init__(self, http: httpx.AsyncClient, key: str) -> None:
        self._http = http
        self.headers = {"X-API-Key": key}

    async def score(self, body: dict[str, Any]) -> httpx.Response:
        return await self._http.post("/v1/score", json=body, headers=self.headers)

    async def batch(self, bodies: list[Any], **more: Any) -> httpx.Response:
        return await self._http.post("/v1/score/batch", json={"transactions": bodies, **more}, headers=self.headers)

    async def get(self, path: str) -> httpx.Response:
        return await self._http.get(path, headers=self.headers)

    async def decided(self, body: dict[str, Any]) -> dict[str, Any]:
        """The decision on a payment that must be taken."""
        answer = await self.score(body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def features(self, transaction_id: str) -> dict[str, float | None]:
        """The stored vector by name."""
        answer = await self.get(f"/v1/decisions/{transaction_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, float | None] = answer.json()["features"]
        return found
