"""A challenger's scores beside what was decided, stored once a decision, and both together for comparison."""

# ruff: noqa: S608 - statements are put together from constants only; every value is bound

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import NamedTuple

from storage.database import Pool, session
from storage.followers import Follower, settled_after_s

CHUNK = 10_000  # pairs a fetch; about a megabyte

_ADD_MODEL = "INSERT INTO shadow_models (version) VALUES ($1) ON CONFLICT DO NOTHING"
_FIND_MODEL = "SELECT model_id FROM shadow_models WHERE version = $1"
# The decisions from an offset on that can be scored again: complete vectors of this catalogue. The page ends before
# the first that is not settled.
_PAGE = """
WITH page AS MATERIALIZED (
    SELECT d.client_id, d.transaction_id, d.event_time_ms, d.source_offset, {vector}, d.decided_at,
        NOT d.degraded AND length(d.vector) = $4 AND c.catalogue_hash = $5 AS usable
    FROM decisions AS d JOIN decision_contexts AS c ON c.context_id = d.context_id
    WHERE d.source = $1 AND d.source_offset >= $2
    ORDER BY d.source_offset, d.client_id, d.transaction_id LIMIT $3
), settled AS (
    SELECT * FROM page WHERE source_offset < coalesce(
        (SELECT min(source_offset) FROM page WHERE decided_at > now() - make_interval(secs => $6)), 9223372036854775807)
)
"""
_VECTORS = f"""{_PAGE.format(vector="d.vector")}
SELECT count(*) AS found, max(source_offset) AS last, count(*) FILTER (WHERE usable) AS usable,
    string_agg(vector, ''::bytea ORDER BY source_offset, client_id, transaction_id) FILTER (WHERE usable) AS vectors
FROM settled
"""
# The same page again, in the same snapshot: only the scores travel back, not the ids.
_STORE = f"""{_PAGE.format(vector="NULL")}
INSERT INTO shadow_scores (
    model_id, client_id, transaction_id, event_time_ms, source, source_offset, probability, risk_score
)
SELECT $7, r.client_id, r.transaction_id, r.event_time_ms, $1, r.source_offset, s.probability, s.risk_score
FROM (
    SELECT *, row_number() OVER (ORDER BY source_offset, client_id, transaction_id) AS place
    FROM settled WHERE usable
) AS r
JOIN unnest($8::double precision[], $9::double precision[]) WITH ORDINALITY AS s (probability, risk_score, place)
    ON s.place = r.place
"""
_PAIRS = """
SELECT s.probability, s.risk_score, d.probability AS decided_probability, d.risk_score AS decided_score,
    d.recommendation, c.model_version, s.event_time_ms, l.fraud
FROM shadow_scores AS s
CROSS JOIN LATERAL (
    SELECT * FROM decisions AS x WHERE x.event_time_ms = s.event_time_ms AND x.source = s.source
        AND x.source_offset = s.source_offset AND x.client_id = s.client_id AND x.transaction_id = s.transaction_id
    LIMIT 1
) AS d
JOIN decision_contexts AS c ON c.context_id = d.context_id
LEFT JOIN labelled_decisions AS l ON l.client_id = s.client_id AND l.transaction_id = s.transaction_id
WHERE s.model_id = $1 AND s.event_time_ms >= $2 AND s.event_time_ms < $3
"""
_NEWEST = "SELECT max(event_time_ms) FROM shadow_scores WHERE model_id = $1"

# Packed vectors of so many rows -> their probabilities and risk scores.
Scorer = Callable[[bytes, int], Awaitable[tuple[Sequence[float], Sequence[float]]]]


class Vectors(NamedTuple):
    """Which stored vectors a model can read: so many bytes long, and of this catalogue."""

    width_bytes: int
    catalogue_hash: str


class Page(NamedTuple):
    """How many decisions a page held, and how many of them could be scored."""

    found: int
    scored: int


class Pair(NamedTuple):
    """What both said about one transaction; `fraud` is its last label, None while there is none."""

    probability: float
    risk_score: float
    decided_probability: float
    decided_score: float
    recommendation: str
    decided_version: str
    event_time_ms: int
    fraud: bool | None


class ShadowScores:
    """Every method raises StoreUnavailable; then it can be repeated."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def model_id(self, version: str) -> int:
        """The version's number; given at its first time."""
        async with session(self._pool) as connection:
            await connection.execute(_ADD_MODEL, version)
            number: int = await connection.fetchval(_FIND_MODEL, version)
            return number

    async def find_model(self, version: str) -> int | None:
        """The version's number, None if it never ran in shadow."""
        async with session(self._pool) as connection:
            number: int | None = await connection.fetchval(_FIND_MODEL, version)
            return number

    async def score_page(
        self, follower: Follower, source: int, model_id: int, vectors: Vectors, score: Scorer, limit: int
    ) -> Page:
        """Take a source's next page of at most `limit` decisions, let `score` look at it, store that, and move on.

        All in one transaction, which sees one state of the tables. An empty page: nothing is there, or another
        process is at it.
        """
        async with session(self._pool) as connection, connection.transaction(isolation="repeatable_read"):
            start = await follower.lock(connection, source)
            if start is None:
                return Page(0, 0)
            page = (source, start, limit, *vectors, settled_after_s(source))
            found, last, usable, packed = await connection.fetchrow(_VECTORS, *page)  # type: ignore[misc]
            if usable:
                await connection.execute(_STORE, *page, model_id, *await score(packed, usable))
            if found:
                await follower.advance(connection, source, last + 1)
            return Page(found, usable)

    async def newest_ms(self, model_id: int) -> int | None:
        """The newest event time that the model has scored, None if it has scored nothing."""
        async with session(self._pool) as connection:
            newest: int | None = await connection.fetchval(_NEWEST, model_id)
            return newest

    async def pairs(self, model_id: int, start_ms: int, stop_ms: int) -> AsyncIterator[list[Pair]]:
        """What both said of event times in [start, stop), with the labels so far; in chunks of at most CHUNK."""
        async with session(self._pool) as connection, connection.transaction(readonly=True):
            cursor = await connection.cursor(_PAIRS, model_id, start_ms, stop_ms)
            while records := await cursor.fetch(CHUNK):
                yield [Pair(*record) for record in records]
