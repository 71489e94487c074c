"""Labels that analysts and institutions give over HTTP, on their way to `payments.labels.v1`.

A transactional outbox: a label is stored together with the decision that it comes from, so accepting one needs no
Kafka. A publisher takes what is not published yet, writes it to the topic, and marks it when Kafka has acknowledged.
If it dies in between, the label is published again, and the forwarder drops the repeat by its revision.

An institution that publishes to the topic itself may take a revision in the moment between our numbering and our
publishing. The forwarder then keeps its label and drops ours; `settle` notices, and gives ours the next number.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import msgspec

from contracts.anomaly import is_file_row_id
from contracts.label import Label
from contracts.transaction import EPOCH
from storage.database import Connection, Pool, session
from storage.label_join import known_at_ms
from storage.locks import LABEL_OUTBOX_LOCK

BATCH_MAX = 1_000  # labels published at once; the transaction stays open until Kafka has acknowledged them
REVISION_MAX = 2**31 - 1  # contracts.label
SETTLED_MAX = 5_000  # rows a turn

# One writer a client: revisions of a transaction follow each other, and get their places in the outbox in that order.
_LOCK = "SELECT pg_advisory_xact_lock($1, $2)"
_LAST = """
SELECT k.transaction_id, l.revision, l.fraud, l.source
FROM unnest($2::text[]) AS k (transaction_id)
CROSS JOIN LATERAL (
    SELECT revision, fraud, source FROM (
        SELECT x.revision, x.fraud, x.source FROM label_outbox AS x
        WHERE x.client_id = $1 AND x.transaction_id = k.transaction_id
        UNION ALL
        SELECT x.revision, x.fraud, x.source FROM labels AS x
        WHERE x.client_id = $1 AND x.transaction_id = k.transaction_id
    ) AS y
    ORDER BY revision DESC LIMIT 1
) AS l
"""
_INSERT = """
INSERT INTO label_outbox (client_id, transaction_id, revision, fraud, source, known_at_ms)
SELECT * FROM unnest($1::integer[], $2::text[], $3::integer[], $4::boolean[], $5::text[], $6::bigint[])
"""
# What is known of an uploaded file's row is nobody's business but the client's: no stream counts it, so it is stored at
# once, as a label that changes no count.
_KEEP_OF_FILES = """
INSERT INTO labels (client_id, transaction_id, revision, fraud, source, known_at_ms, state, account, event_time_ms,
    effective_ms, change)
SELECT r.client_id, r.transaction_id, r.revision, r.fraud, r.source, r.known_at_ms, 'unchanged',
    coalesce(n.account, ''), coalesce(n.event_time_ms, r.known_at_ms), r.known_at_ms, 0
FROM unnest($1::integer[], $2::text[], $3::integer[], $4::boolean[], $5::text[], $6::bigint[])
    AS r (client_id, transaction_id, revision, fraud, source, known_at_ms)
LEFT JOIN LATERAL (
    SELECT x.account, x.event_time_ms FROM anomalies AS x
    WHERE x.client_id = r.client_id AND x.subject = r.transaction_id ORDER BY x.found_at DESC LIMIT 1
) AS n ON true
ON CONFLICT DO NOTHING
"""
_TAKE = """
SELECT outbox_id, client_id, transaction_id, revision, fraud, source, known_at_ms FROM label_outbox
WHERE published_at IS NULL ORDER BY outbox_id LIMIT $1 FOR UPDATE SKIP LOCKED
"""
_MARK = "UPDATE label_outbox SET published_at = now() WHERE outbox_id = ANY ($1::bigint[])"
# A published row has done its duty once the forwarder has stored the label.
_PRUNE = """
DELETE FROM label_outbox WHERE outbox_id = ANY (ARRAY(
    SELECT o.outbox_id FROM label_outbox AS o
    JOIN labels AS l ON l.client_id = o.client_id AND l.transaction_id = o.transaction_id AND l.revision = o.revision
        AND l.fraud = o.fraud AND l.source = o.source AND l.known_at_ms = o.known_at_ms
    WHERE o.published_at IS NOT NULL ORDER BY o.published_at LIMIT $1
))
"""
_OUTRUN = """
SELECT o.outbox_id, o.client_id, o.transaction_id, o.revision FROM label_outbox AS o
JOIN labels AS l ON l.client_id = o.client_id AND l.transaction_id = o.transaction_id AND l.revision = o.revision
WHERE o.published_at IS NOT NULL
    AND (l.fraud, l.source, l.known_at_ms) IS DISTINCT FROM (o.fraud, o.source, o.known_at_ms)
ORDER BY o.outbox_id LIMIT $1
"""
_RENUMBER = """
UPDATE label_outbox SET revision = $3, published_at = NULL WHERE outbox_id = $1 AND revision = $2
"""
_DROP = "DELETE FROM label_outbox WHERE outbox_id = $1"
# The decision that wrote the label knows it by its number.
_RENUMBER_DECIDED = """
UPDATE decided_alerts AS p SET revision = $4 FROM alerts AS a
WHERE a.client_id = $1 AND a.transaction_id = $2 AND p.alert_id = a.alert_id AND p.client_id = $1 AND p.revision = $3
"""


class LastLabel(msgspec.Struct, frozen=True):
    """The label that is known last of a transaction, wherever it came from."""

    revision: int
    fraud: bool
    source: str


async def last_labels(connection: Connection, client_id: int, transaction_ids: Sequence[str]) -> dict[str, LastLabel]:
    """The last label of each of these transactions that has one. Locks the client's outbox: `write` may follow."""
    await connection.execute(_LOCK, LABEL_OUTBOX_LOCK, client_id)
    records = await connection.fetch(_LAST, client_id, transaction_ids)
    return {r["transaction_id"]: LastLabel(r["revision"], r["fraud"], r["source"]) for r in records}


async def write(connection: Connection, labels: Sequence[Label]) -> None:
    """Put labels with their revisions into the outbox; `last_labels` came first, in the same transaction."""
    for of_files, statement in ((False, _INSERT), (True, _KEEP_OF_FILES)):
        rows = [
            (la.client_id, la.transaction_id, la.revision, la.fraud, la.source, known_at_ms(la))
            for la in labels
            if is_file_row_id(la.transaction_id) is of_files
        ]
        if rows:
            await connection.execute(statement, *zip(*rows, strict=True))


class LabelOutbox:
    """The publisher's side. Several publishers may run. Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def taken(self, limit: int = BATCH_MAX) -> AsyncIterator[list[Label]]:
        """Labels to publish, in the order in which they were written; marked as published if the block ends well."""
        async with session(self._pool) as connection, connection.transaction():
            records = await connection.fetch(_TAKE, limit)
            yield [
                Label(
                    transaction_id=r["transaction_id"],
                    fraud=r["fraud"],
                    known_at=_at(r["known_at_ms"]),
                    client_id=r["client_id"],
                    source=r["source"],
                    revision=r["revision"],
                )
                for r in records
            ]
            if records:
                await connection.execute(_MARK, [r["outbox_id"] for r in records])

    async def settle(self) -> None:
        """Remove what the forwarder has stored as a label, and number anew what was outrun."""
        async with session(self._pool) as connection:
            await connection.execute(_PRUNE, SETTLED_MAX)
            outrun = await connection.fetch(_OUTRUN, SETTLED_MAX)
            for row in outrun:
                async with connection.transaction():
                    await _renumber(connection, *row)


async def _renumber(connection: Connection, outbox_id: int, client_id: int, transaction_id: str, revision: int) -> None:
    last = (await last_labels(connection, client_id, [transaction_id]))[transaction_id]
    if last.revision >= REVISION_MAX:
        await connection.execute(_DROP, outbox_id)  # no number is left, so theirs stands
        return
    number = last.revision + 1
    if await connection.execute(_RENUMBER, outbox_id, revision, number) == "UPDATE 1":
        await connection.execute(_RENUMBER_DECIDED, client_id, transaction_id, revision, number)


def _at(time_ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=time_ms)
