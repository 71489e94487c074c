"""What the skew replay reads and keeps: records of sampled accounts in a source's order, its states, what it found."""

# ruff: noqa: S608 - statements are put together from constants only; every value is bound

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from contracts.label import ForwardedLabel
from storage.database import Connection, Pool, session
from storage.decisions import Details

SAMPLE_OF = 1024  # accounts are sampled in so many parts
_SAMPLED = f"(hashtext(account) & {SAMPLE_OF - 1}) < $4"

# The page's end goes by the source's offsets, whoever is sampled, so that nothing is looked at twice; it ends before
# the first row that is not settled.
_STOP = """
SELECT max(source_offset) + 1 FROM (
    SELECT source_offset FROM (
        (SELECT source_offset FROM transactions WHERE source = $1 AND source_offset >= $2
         ORDER BY source_offset LIMIT $3)
        UNION ALL
        (SELECT source_offset FROM counted_labels WHERE source = $1 AND source_offset >= $2
         ORDER BY source_offset LIMIT $3)
    ) AS both_kinds ORDER BY source_offset LIMIT $3
) AS page
WHERE $4::double precision IS NULL OR source_offset < coalesce((
    SELECT source_offset FROM decisions
    WHERE source = $1 AND source_offset >= $2 AND source_offset < $2 + $3
        AND decided_at > now() - make_interval(secs => $4)
    ORDER BY source_offset LIMIT 1), 9223372036854775807)
"""
_TRANSACTIONS = f"""
SELECT t.client_id, t.source_offset, t.body, d.vector, d.details, d.degraded, c.catalogue_hash
FROM (
    SELECT * FROM transactions WHERE source = $1 AND source_offset >= $2 AND source_offset < $3 AND {_SAMPLED}
) AS t
CROSS JOIN LATERAL (
    SELECT * FROM decisions AS x
    WHERE x.event_time_ms = t.event_time_ms AND x.source = t.source AND x.source_offset = t.source_offset
        AND x.client_id = t.client_id AND x.transaction_id = t.transaction_id
    LIMIT 1
) AS d
JOIN decision_contexts AS c ON c.context_id = d.context_id
ORDER BY t.source_offset
"""
_LABELS = f"""
SELECT source_offset, client_id, transaction_id, revision, account, merchant_id, event_time_ms, effective_ms, change
FROM counted_labels WHERE source = $1 AND source_offset >= $2 AND source_offset < $3 AND {_SAMPLED}
ORDER BY source_offset
"""
_STATES = "SELECT key, state FROM replay_states WHERE name = $1 AND source = $2 AND key = ANY ($3)"
_KEEP_STATES = """
INSERT INTO replay_states (name, source, key, state, event_time_ms)
SELECT $1, $2, * FROM unnest($3::bytea[], $4::bytea[], $5::bigint[])
ON CONFLICT (name, source, key) DO UPDATE
SET state = excluded.state, event_time_ms = greatest(replay_states.event_time_ms, excluded.event_time_ms)
"""
_KEEP_MISMATCHES = """
INSERT INTO feature_mismatches (client_id, transaction_id, event_time_ms, features)
SELECT * FROM unnest($1::integer[], $2::text[], $3::bigint[], $4::jsonb[]) ON CONFLICT DO NOTHING
"""
_FORGET = "DELETE FROM replay_states WHERE name <> $1"
_LABEL_FIELDS = ForwardedLabel.__struct_fields__
_details = msgspec.json.Decoder(Details).decode


class ServedRow(NamedTuple):
    """A stored transaction at its place; the vector is empty where it was not served by this catalogue."""

    offset: int
    client_id: int
    body: bytes
    vector: bytes
    states: Mapping[str, int]


class MismatchRow(NamedTuple):
    client_id: int
    transaction_id: str
    event_time_ms: int
    features: dict[str, tuple[float, float]]


class ReplayRows:
    """All but `forget_others` work on a connection of the caller's transaction."""

    def __init__(self, pool: Pool, catalogue_hash: str, share: float) -> None:
        """`share` of the accounts is read, 0 to 1; the same accounts at every call."""
        self._pool = pool
        self._catalogue_hash = catalogue_hash
        self._sampled = max(1, round(share * SAMPLE_OF))

    async def stop(
        self, connection: Connection, source: int, start: int, limit: int, settled_after_s: float | None
    ) -> int | None:
        """Where a page of at most `limit` records ends; None if there is nothing at `start` or behind it."""
        stop: int | None = await connection.fetchval(_STOP, source, start, limit, settled_after_s)
        return stop

    async def transactions(self, connection: Connection, source: int, start: int, stop: int) -> list[ServedRow]:
        """The sampled ones with offsets in [start, stop), in order."""
        records = await connection.fetch(_TRANSACTIONS, source, start, stop, self._sampled)
        return [
            ServedRow(
                record["source_offset"],
                record["client_id"],
                record["body"],
                record["vector"] if record["catalogue_hash"] == self._catalogue_hash else b"",
                _details(record["details"]).states,
            )
            for record in records
        ]

    async def labels(
        self, connection: Connection, source: int, start: int, stop: int
    ) -> list[tuple[int, ForwardedLabel]]:
        """(offset, label) of the sampled ones, in order."""
        records = await connection.fetch(_LABELS, source, start, stop, self._sampled)
        return [
            (record["source_offset"], ForwardedLabel(**{name: record[name] for name in _LABEL_FIELDS}))
            for record in records
        ]

    async def states(self, connection: Connection, name: str, source: int, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The replay's states, as they were kept."""
        records = await connection.fetch(_STATES, name, source, keys)
        return {record["key"]: record["state"] for record in records}

    async def keep_states(
        self, connection: Connection, name: str, source: int, states: Mapping[bytes, bytes], newest: Mapping[bytes, int]
    ) -> None:
        if states:
            columns = zip(*((key, state, newest[key]) for key, state in states.items()), strict=True)
            await connection.execute(_KEEP_STATES, name, source, *columns)

    async def keep_mismatches(self, connection: Connection, found: Sequence[MismatchRow]) -> None:
        if found:
            rows = ((m.client_id, m.transaction_id, m.event_time_ms, _document(m.features)) for m in found)
            await connection.execute(_KEEP_MISMATCHES, *zip(*rows, strict=True))

    async def forget_others(self, name: str) -> None:
        """Forget states kept under other names: of another catalogue or rate table."""
        async with session(self._pool) as connection:
            await connection.execute(_FORGET, name)


def _document(features: dict[str, tuple[float, float]]) -> bytes:
    return msgspec.json.encode(features)  # NaN becomes null
