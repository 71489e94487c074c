"""What a run left behind, comparable with another run: decisions, vectors, alerts, state, dead letters."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from redis.asyncio import Redis

from bench.harness import Lane
from contracts.topics import LABEL_HEADER
from features.fold import compact
from features.plan import Entity
from features.redis_store.store import RedisStateStore
from settings import Settings

_DECISIONS = """
SELECT g.client_id, g.transaction_id, g.source, g.source_offset, d.risk_score, d.probability, d.risk_level,
    d.recommendation, d.flags, d.details::text AS details, d.vector
FROM decided AS g JOIN decisions AS d ON d.event_time_ms = g.event_time_ms AND d.source = g.source
    AND d.source_offset = g.source_offset AND d.client_id = g.client_id AND d.transaction_id = g.transaction_id
ORDER BY g.source, g.source_offset
"""
_ALERTS = """
SELECT client_id, sequence, transaction_id, alert_id::text AS alert_id, severity, risk_score FROM alerts
ORDER BY client_id, sequence
"""


@dataclass(slots=True)
class Snapshot:
    """Everything is keyed so that a difference can be named."""

    vectors: dict[str, bytes] = field(default_factory=dict)
    decisions: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    alerts: list[tuple[Any, ...]] = field(default_factory=list)
    state: dict[bytes, bytes] = field(default_factory=dict)
    markers: dict[int, int] = field(default_factory=dict)
    dead_letters: list[str] = field(default_factory=list)
    next_offsets: dict[int, int] = field(default_factory=dict)
    journal_entries: int = 0

    def differences(self, other: "Snapshot") -> dict[str, int]:
        """How many items differ, by kind; all zero for equal runs."""
        return {
            "decisions": _unequal(self.decisions, other.decisions),
            "vectors": _unequal(self.vectors, other.vectors),
            "alerts": len(set(self.alerts) ^ set(other.alerts)),
            "states": _unequal(self.state, other.state),
            "dead letters": len(set(self.dead_letters) ^ set(other.dead_letters)),
            "next offsets": _unequal(self.next_offsets, other.next_offsets),
        }


async def take(lane: Lane) -> Snapshot:
    """Read everything that a run left in Postgres, Redis and the dead-letter topic."""
    found = Snapshot()
    settings = lane.settings
    connection = await asyncpg.connect(settings.postgres_dsn)
    try:
        async with connection.transaction():
            async for row in connection.cursor(_DECISIONS, prefetch=5_000):
                key = f"{row['client_id']}/{row['transaction_id']}"
                assert key not in found.decisions, f"two decisions for {key}"
                found.vectors[key] = row["vector"]
                found.decisions[key] = tuple(row.values())[2:-1]
        found.alerts = [tuple(row.values()) for row in await connection.fetch(_ALERTS)]
        offsets = await connection.fetch("SELECT partition, next_offset FROM partition_offsets")
        found.next_offsets = {row["partition"]: row["next_offset"] for row in offsets}
    finally:
        await connection.close()
    await _take_state(settings, found)
    found.dead_letters = await _dead_letters(settings)
    return found


async def _take_state(settings: Settings, found: Snapshot) -> None:
    redis = Redis.from_url(settings.redis_url, protocol=2)
    try:
        store = RedisStateStore(redis, settings.redis_key_prefix, "")
        seen = await store.inspect()
        assert seen.address is not None, "Redis holds no state"
        keys = await store.keys(seen.address)
        for key, state in zip(keys, await store.states(seen.address, keys), strict=True):
            found.state[key] = compact(Entity(key[0]), state or b"")
        found.markers = seen.markers
        found.journal_entries = len(await store.journal(seen.address))
    finally:
        await redis.aclose()


async def read_log(settings: Settings, topic: str) -> list[Any]:
    """Every record of a topic, by partition and offset."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap_servers,
        isolation_level="read_committed",
        max_partition_fetch_bytes=8 * 2**20,
    )
    await consumer.start()
    try:
        places = [TopicPartition(topic, p) for p in sorted(await _partitions(consumer, topic))]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        records: list[Any] = []
        while any([await consumer.position(place) < ends[place] for place in places]):
            for part in (await consumer.getmany(timeout_ms=500)).values():
                records += part
        return sorted(records, key=lambda record: (record.partition, record.offset))
    finally:
        await consumer.stop()


async def _partitions(consumer: Any, topic: str) -> set[int]:
    await consumer._client.add_topic(topic)  # aiokafka by itself loads only subscribed topics
    return set(consumer.partitions_for_topic(topic) or ())


async def _dead_letters(settings: Settings) -> list[str]:
    """Digests of the originals with their reason and place; a letter sent twice after a crash counts once."""
    letters = set()
    for record in await read_log(settings, settings.topics.dead_letters):
        headers = {name: value for name, value in record.headers if name.startswith("__connect.errors")}
        place = (headers["__connect.errors.partition"], headers["__connect.errors.offset"])
        reason = headers["__connect.errors.exception.class.name"]
        body = b"\x00none" if record.value is None else record.value
        letters.add(f"{place} {reason!r} {hashlib.sha256(body).hexdigest()}")
    return sorted(letters)


def is_label(record: Any) -> bool:
    return any(name == LABEL_HEADER for name, _ in record.headers)


def _unequal(a: dict[Any, Any], b: dict[Any, Any]) -> int:
    return sum(a.get(key) != b.get(key) for key in a.keys() | b.keys())
