"""Histograms of the features that decisions were made from, by client, day and model, and how far they are taken.

They are taken from stored vectors, so that the hot path does nothing for them: all of them at a quiet rate, a sample of
known share at a high one (`represented` is what the `sampled` ones stand for). A source's position moves in the
transaction that adds what lies before it, so nothing counts twice.
"""

from typing import NamedTuple

import msgspec

from contracts.journal import CALLS
from storage.database import Pool, session
from storage.locks import DRIFT_LOCK

_TRY_LOCK = "SELECT pg_try_advisory_xact_lock($1)"
_POSITIONS = "SELECT source, next_offset FROM drift_positions"
# Sources below 0 are calls; their numbers end where the newest stored one does.
_STOPS = """
SELECT partition AS source, next_offset FROM partition_offsets WHERE topic = $1
UNION ALL
SELECT $2, max(source_offset) + 1 FROM decisions WHERE source = $2 HAVING max(source_offset) IS NOT NULL
"""
_VECTORS = """
SELECT d.client_id, d.event_time_ms, d.vector, c.model_version, c.catalogue_hash
FROM decisions AS d JOIN decision_contexts AS c ON c.context_id = d.context_id
WHERE d.source = $1 AND d.source_offset >= $2 AND d.source_offset < $3 AND NOT d.degraded AND length(d.vector) > 0
LIMIT $4
"""
_FIND = """
SELECT sampled, represented, counts FROM feature_histograms
WHERE client_id = $1 AND day_ms = $2 AND model_version = $3
"""
_SET = """
INSERT INTO feature_histograms (client_id, day_ms, model_version, sampled, represented, counts)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (client_id, day_ms, model_version)
DO UPDATE SET sampled = excluded.sampled, represented = excluded.represented, counts = excluded.counts
"""
_MOVE = """
INSERT INTO drift_positions AS p (source, next_offset) VALUES ($1, $3)
ON CONFLICT (source) DO UPDATE SET next_offset = excluded.next_offset WHERE p.next_offset = $2
"""
_BETWEEN = """
SELECT sampled, represented, counts FROM feature_histograms
WHERE client_id = $1 AND day_ms >= $2 AND day_ms < $3 AND model_version = $4 ORDER BY day_ms
"""

_LATELY = """
SELECT model_version, sampled, represented, counts FROM feature_histograms
WHERE day_ms >= (SELECT max(day_ms) FROM feature_histograms) - $1 ORDER BY model_version LIMIT $2
"""
LATELY_MS = 86_400_000  # the newest day and the one before
LATELY_ROWS_MAX = 2_000  # some 10 kB each

Counts = dict[str, list[int]]  # feature -> its bins' counts, the missing last

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Counts).decode


class Vector(NamedTuple):
    """A stored decision's vector, float32 little-endian in the order of its catalogue."""

    client_id: int
    event_time_ms: int
    vector: bytes
    model_version: str
    catalogue_hash: str


class Histogram(msgspec.Struct, frozen=True):
    """Counts of a sample, and of how many decisions it is one."""

    sampled: int = 0
    represented: int = 0
    counts: Counts = {}

    def __add__(self, other: "Histogram") -> "Histogram":
        """Features whose bins changed in between start anew with `other`."""
        counts = dict(self.counts)
        for name, added in other.counts.items():
            before = counts.get(name, ())
            counts[name] = [a + b for a, b in zip(before, added, strict=True)] if len(before) == len(added) else added
        return Histogram(self.sampled + other.sampled, self.represented + other.represented, counts)


HistogramKey = tuple[int, int, str]  # client id, start of the day in milliseconds (UTC), model version


class FeatureHistogramRepository:
    """Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def positions(self, topic: str) -> dict[int, tuple[int | None, int]]:
        """By source: up to where it was taken (None: never), and up to where there is something."""
        async with session(self._pool) as connection:
            taken = {record["source"]: record["next_offset"] for record in await connection.fetch(_POSITIONS)}
            stops = await connection.fetch(_STOPS, topic, CALLS)
        return {record["source"]: (taken.get(record["source"]), record["next_offset"]) for record in stops}

    async def vectors(self, source: int, start: int, stop: int) -> list[Vector]:
        """The vectors at the source's offsets from `start` on and before `stop`, of decisions that had their state."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_VECTORS, source, start, stop, stop - start)
        return [Vector(*record) for record in records]

    async def add(self, source: int, start: int | None, stop: int, found: dict[HistogramKey, Histogram]) -> bool:
        """Add histograms and move the source on from `start` to `stop`; False if another process did so before."""
        async with session(self._pool) as connection, connection.transaction():
            if not await connection.fetchval(_TRY_LOCK, DRIFT_LOCK):
                return False
            if await connection.execute(_MOVE, source, -1 if start is None else start, stop) == "INSERT 0 0":
                return False
            for key, added in sorted(found.items()):
                record = await connection.fetchrow(_FIND, *key)
                before = Histogram(record[0], record[1], _decode(record[2])) if record else Histogram()
                now = before + added
                await connection.execute(_SET, *key, now.sampled, now.represented, _encode(now.counts))
        return True

    async def between(self, client_id: int, start_ms: int, stop_ms: int, model_version: str) -> Histogram:
        """The days from `start_ms` on and before `stop_ms`, together."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_BETWEEN, client_id, start_ms, stop_ms, model_version)
        total = Histogram()
        for sampled, represented, counts in records:
            total += Histogram(sampled, represented, _decode(counts))
        return total

    async def lately(self) -> dict[str, Histogram]:
        """The newest day and the one before, of all clients, by model version."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_LATELY, LATELY_MS, LATELY_ROWS_MAX)
        total: dict[str, Histogram] = {}
        for version, sampled, represented, counts in records:
            total[version] = total.get(version, Histogram()) + Histogram(sampled, represented, _decode(counts))
        return total
