"""Labels on their way from `payments.labels.v1` into the transaction log.

A label is one row, and goes through these states:

    waiting    its transaction has no decision yet
    ready      joined with its transaction; to be written into the log
    forwarded  in the log: the forwarder's Kafka transaction is known to be committed
    unchanged  joined, but it changes no count (a first verdict "legitimate", or the verdict before): never written
    stale      a higher revision was known before it came

The forwarder takes a batch (`take`), writes what it gets into the log in one Kafka transaction together with its
consumer offsets, commits that, and then says so (`confirm`). If it dies

- before `take` commits: Kafka gives the labels again, nothing happened;
- between `take` and Kafka's commit: Kafka gives the labels again, and `take` returns those that are `ready` again;
- between Kafka's commit and `confirm`: the rows stay `ready`; `unconfirmed`, asked at the next start, returns those
  that the worker has not counted yet. A label may then stand in the log twice, and counts once: the worker asks
  `PostgresDecisionStore.labels_counted` before it counts, and `counted_labels` has the label as its primary key.

Revisions of one transaction never overtake each other: whatever returns revision n + 1 returns every revision before
it that is not confirmed, and before it.
"""

# ruff: noqa: S608 - statements are put together from constants only; every value is bound

from collections.abc import Sequence

import msgspec

from contracts.label import ForwardedLabel, Label
from storage.database import Connection, Pool, session
from storage.decisions import WITH_TRANSACTION
from storage.label_join import LabelKey, TransactionKey, Waiting, admit, join, known_at_ms
from storage.labelled_decisions import keep_verdicts
from storage.locks import LABEL_LOCK

SCAN_MAX = 20_000  # waiting labels looked at in one call; some tens of milliseconds
WAITING_LIMIT = 2_000  # labels joined in one call of take_waiting
UNCONFIRMED_LIMIT = 10_000  # labels returned by one call of unconfirmed

_LOCK = "SELECT pg_advisory_xact_lock($1)"
_HIGHEST = """
SELECT k.client_id, k.transaction_id, l.revision
FROM unnest($1::integer[], $2::text[]) AS k (client_id, transaction_id)
CROSS JOIN LATERAL (
    SELECT x.revision FROM labels AS x
    WHERE x.client_id = k.client_id AND x.transaction_id = k.transaction_id ORDER BY x.revision DESC LIMIT 1
) AS l
"""
_INSERT = """
INSERT INTO labels (client_id, transaction_id, revision, fraud, source, known_at_ms, state)
SELECT * FROM unnest(
    $1::integer[], $2::text[], $3::integer[], $4::boolean[], $5::text[], $6::bigint[], $7::text[]
)
ON CONFLICT DO NOTHING
"""
_JOINABLE = f"""
SELECT l.client_id, l.transaction_id, l.revision, l.fraud, l.known_at_ms, t.account, t.merchant_id, t.event_time_ms,
    p.fraud AS fraud_before, p.effective_ms AS effective_before_ms
FROM unnest($1::integer[], $2::text[]) AS k (client_id, transaction_id)
JOIN labels AS l ON l.client_id = k.client_id AND l.transaction_id = k.transaction_id AND l.state = 'waiting'
CROSS JOIN LATERAL (
    SELECT * FROM decided AS x WHERE x.client_id = l.client_id AND x.transaction_id = l.transaction_id LIMIT 1
) AS g
{WITH_TRANSACTION}
LEFT JOIN LATERAL (
    SELECT fraud, effective_ms FROM labels AS x
    WHERE x.client_id = l.client_id AND x.transaction_id = l.transaction_id
        AND x.state IN ('ready', 'forwarded', 'unchanged')
    ORDER BY x.revision DESC LIMIT 1
) AS p ON true
ORDER BY l.client_id, l.transaction_id, l.revision
"""
_JOIN = """
UPDATE labels AS l SET state = r.state, account = r.account, merchant_id = r.merchant_id,
    event_time_ms = r.event_time_ms, effective_ms = r.effective_ms, change = r.change
FROM unnest(
    $1::integer[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[],
    $9::smallint[]
) AS r (client_id, transaction_id, revision, state, account, merchant_id, event_time_ms, effective_ms, change)
WHERE l.client_id = r.client_id AND l.transaction_id = r.transaction_id AND l.revision = r.revision
"""
_FORWARDED_COLUMNS = """
l.client_id, l.transaction_id, l.revision, l.account, l.merchant_id, l.event_time_ms, l.effective_ms, l.change
"""
_READY = f"""
SELECT {_FORWARDED_COLUMNS}
FROM unnest($1::integer[], $2::text[]) AS k (client_id, transaction_id)
JOIN labels AS l ON l.client_id = k.client_id AND l.transaction_id = k.transaction_id AND l.state = 'ready'
ORDER BY l.client_id, l.transaction_id, l.revision
"""
_SCAN = """
SELECT l.client_id, l.transaction_id, l.revision, g.arrived
FROM (
    SELECT client_id, transaction_id, revision FROM labels
    WHERE state = 'waiting' AND (client_id, transaction_id, revision) > ($1, $2, $3)
    ORDER BY client_id, transaction_id, revision LIMIT $4
) AS l
LEFT JOIN LATERAL (
    SELECT true AS arrived FROM decided AS x
    WHERE x.client_id = l.client_id AND x.transaction_id = l.transaction_id LIMIT 1
) AS g ON true
ORDER BY l.client_id, l.transaction_id, l.revision
"""
_CONFIRM = """
UPDATE labels AS l SET state = 'forwarded'
FROM unnest($1::integer[], $2::text[], $3::integer[]) AS r (client_id, transaction_id, revision)
WHERE l.client_id = r.client_id AND l.transaction_id = r.transaction_id AND l.revision = r.revision
    AND l.state = 'ready'
"""
_CONFIRM_COUNTED = """
UPDATE labels AS l SET state = 'forwarded' FROM counted_labels AS c
WHERE l.state = 'ready' AND c.client_id = l.client_id AND c.transaction_id = l.transaction_id
    AND c.revision = l.revision
"""
_UNCONFIRMED = f"""
SELECT {_FORWARDED_COLUMNS} FROM labels AS l WHERE l.state = 'ready'
ORDER BY l.client_id, l.transaction_id, l.revision LIMIT $1
"""
_GIVEN = """
SELECT k.client_id, k.transaction_id, k.revision
FROM unnest($1::integer[], $2::text[], $3::integer[], $4::boolean[], $5::text[], $6::bigint[])
    AS k (client_id, transaction_id, revision, fraud, source, known_at_ms)
WHERE EXISTS (SELECT FROM label_outbox AS o WHERE (o.client_id, o.transaction_id, o.revision, o.fraud, o.source,
        o.known_at_ms) = (k.client_id, k.transaction_id, k.revision, k.fraud, k.source, k.known_at_ms))
    OR EXISTS (SELECT FROM labels AS l WHERE (l.client_id, l.transaction_id, l.revision, l.fraud, l.source,
        l.known_at_ms) = (k.client_id, k.transaction_id, k.revision, k.fraud, k.source, k.known_at_ms))
"""
_WRITTEN = """
SELECT l.client_id, l.transaction_id, l.revision
FROM unnest(
    $1::integer[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::smallint[]
) AS k (client_id, transaction_id, revision, account, merchant_id, event_time_ms, effective_ms, change)
JOIN labels AS l ON l.client_id = k.client_id AND l.transaction_id = k.transaction_id AND l.revision = k.revision
WHERE (l.account, l.merchant_id, l.event_time_ms, l.effective_ms, l.change)
    IS NOT DISTINCT FROM (k.account, k.merchant_id, k.event_time_ms, k.effective_ms, k.change)
"""
_DECIDED = """
SELECT k.client_id, k.transaction_id FROM unnest($1::integer[], $2::text[]) AS k (client_id, transaction_id)
WHERE EXISTS (SELECT 1 FROM decided AS x WHERE x.client_id = k.client_id AND x.transaction_id = k.transaction_id)
"""
_WAITING_COUNT = "SELECT count(*) FROM labels WHERE state = 'waiting'"
_BEFORE_ALL = (0, "", -1)  # client ids start at 1


class LabelRepository:
    """The forwarder's labels, see above. Every method raises StoreUnavailable; then it can be repeated.

    `currency_default` is that of a transaction that names none.
    """

    def __init__(self, pool: Pool, *, currency_default: str = "USD") -> None:
        self._pool = pool
        self._currency_default = currency_default
        self._scanned: tuple[int, str, int] = _BEFORE_ALL

    async def given(self, labels: Sequence[Label]) -> set[LabelKey]:
        """Those of the labels that were given over HTTP, so that they are in the outbox, or stored from it already."""
        if not labels:
            return set()
        columns = zip(
            *((la.client_id, la.transaction_id, la.revision, la.fraud, la.source, known_at_ms(la)) for la in labels),
            strict=True,
        )
        async with session(self._pool) as connection:
            return {tuple(record) for record in await connection.fetch(_GIVEN, *columns)}

    async def written(self, labels: Sequence[ForwardedLabel]) -> set[LabelKey]:
        """Those of the transaction log's labels that the forwarder has written there."""
        if not labels:
            return set()
        columns = zip(*map(msgspec.structs.astuple, labels), strict=True)
        async with session(self._pool) as connection:
            return {tuple(record) for record in await connection.fetch(_WRITTEN, *columns)}

    async def take(self, labels: Sequence[Label], label_delay_ms: int) -> list[ForwardedLabel]:
        """Store labels in their order of arrival; returns what is to be written into the log for these transactions.

        Repeats and stale revisions are dropped, those without a decision wait. Sorted by transaction and revision.
        """
        if not labels:
            return []
        keys = sorted({(label.client_id, label.transaction_id) for label in labels})
        async with session(self._pool) as connection, connection.transaction():
            await connection.execute(_LOCK, LABEL_LOCK)
            await _insert(connection, labels, await _highest(connection, keys))
            return await self._join(connection, keys, label_delay_ms)

    async def decided(self, keys: Sequence[TransactionKey]) -> set[TransactionKey]:
        """Those of these transactions that have a decision."""
        if not keys:
            return set()
        async with session(self._pool) as connection:
            return {(row[0], row[1]) for row in await connection.fetch(_DECIDED, *zip(*keys, strict=True))}

    async def take_waiting(self, label_delay_ms: int, limit: int = WAITING_LIMIT) -> list[ForwardedLabel]:
        """As `take`, for labels that waited and whose transaction has been decided since.

        One call looks at SCAN_MAX waiting labels and the next goes on behind them, so an empty list does not mean
        that none is due: call it again and again, with a pause after an empty one.
        """
        async with session(self._pool) as connection, connection.transaction():
            await connection.execute(_LOCK, LABEL_LOCK)
            keys = await self._arrived(connection, limit)
            return await self._join(connection, keys, label_delay_ms) if keys else []

    async def unconfirmed(self, limit: int = UNCONFIRMED_LIMIT) -> list[ForwardedLabel]:
        """Labels that may or may not be in the log: write and confirm them at the start, before anything else.

        Those that the worker has counted are confirmed here and not returned. Call again until it returns none.
        """
        async with session(self._pool) as connection, connection.transaction():
            await connection.execute(_LOCK, LABEL_LOCK)
            await connection.execute(_CONFIRM_COUNTED)
            return [ForwardedLabel(**dict(record)) for record in await connection.fetch(_UNCONFIRMED, limit)]

    async def confirm(self, labels: Sequence[ForwardedLabel]) -> None:
        """Say that these are in the log: after Kafka's commit, never before."""
        if not labels:
            return
        columns = zip(*((label.client_id, label.transaction_id, label.revision) for label in labels), strict=True)
        async with session(self._pool) as connection:
            await connection.execute(_CONFIRM, *columns)

    async def waiting_count(self) -> int:
        """How many labels wait for their transaction."""
        async with session(self._pool) as connection:
            number: int = await connection.fetchval(_WAITING_COUNT)
            return number

    async def _join(
        self, connection: Connection, keys: Sequence[TransactionKey], label_delay_ms: int
    ) -> list[ForwardedLabel]:
        """Join the waiting labels of these transactions; returns all of theirs that are ready."""
        columns = list(zip(*keys, strict=True))
        waiting = [Waiting(*record) for record in await connection.fetch(_JOINABLE, *columns)]
        if waiting:
            await connection.execute(_JOIN, *zip(*join(waiting, label_delay_ms), strict=True))
            joined = sorted({(label.client_id, label.transaction_id) for label in waiting})
            await keep_verdicts(connection, joined, self._currency_default)
        return [ForwardedLabel(**dict(record)) for record in await connection.fetch(_READY, *columns)]

    async def _arrived(self, connection: Connection, limit: int) -> list[TransactionKey]:
        records = await connection.fetch(_SCAN, *self._scanned, SCAN_MAX)
        arrived = [record for record in records if record["arrived"]]
        last = arrived[limit - 1] if len(arrived) > limit else None
        if last is None and len(records) == SCAN_MAX:
            last = records[-1]
        self._scanned = (last["client_id"], last["transaction_id"], last["revision"]) if last else _BEFORE_ALL
        return sorted({(record["client_id"], record["transaction_id"]) for record in arrived[:limit]})


async def _highest(connection: Connection, keys: Sequence[TransactionKey]) -> dict[TransactionKey, int]:
    records = await connection.fetch(_HIGHEST, *zip(*keys, strict=True))
    return {(record["client_id"], record["transaction_id"]): record["revision"] for record in records}


async def _insert(connection: Connection, labels: Sequence[Label], highest: dict[TransactionKey, int]) -> None:
    rows = [
        (label.client_id, label.transaction_id, label.revision, label.fraud, label.source, known_at_ms(label), state)
        for label, state in zip(labels, admit(labels, highest), strict=True)
    ]
    await connection.execute(_INSERT, *zip(*rows, strict=True))
