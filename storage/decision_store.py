"""The durability order's Postgres: one batch in one transaction, stored once (DESIGN section 3, step 5)."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager

from contracts.decision import Alert, Decision
from contracts.errors import DecisionConflict, PartitionLost, StateLost
from contracts.journal import CALLS, DEGRADED, CountedLabel, JournalEntry, Outcome, Position, Stored
from storage import alerts, decisions, entry_rows, kept_decisions, replay, rollups
from storage.call_store import store_at_once
from storage.database import Connection, Pool, session
from storage.decision_contexts import DecisionContexts
from storage.entry_rows import Counted
from storage.label_join import LabelKey
from storage.partitions import MonthlyPartitions
from storage.state_epoch import StateEpoch
from storage.transactions import StoredTransaction, of_keys

TransactionKey = tuple[int, str]  # (client id, transaction id)

_DECIDED = """
SELECT k.client_id, k.transaction_id, g.source, g.source_offset
FROM unnest($1::integer[], $2::text[]) AS k (client_id, transaction_id)
CROSS JOIN LATERAL (
    SELECT source, source_offset FROM decided AS x
    WHERE x.client_id = k.client_id AND x.transaction_id = k.transaction_id LIMIT 1
) AS g
"""
_LABELS_COUNTED = """
SELECT k.client_id, k.transaction_id, k.revision
FROM unnest($1::integer[], $2::text[], $3::integer[]) AS k (client_id, transaction_id, revision)
CROSS JOIN LATERAL (
    SELECT FROM counted_labels AS x
    WHERE x.client_id = k.client_id AND x.transaction_id = k.transaction_id AND x.revision = k.revision LIMIT 1
) AS g
"""
_EPOCH_HELD = "SELECT epoch FROM state_epoch FOR SHARE"
_ADVANCE = """
UPDATE partition_offsets SET next_offset = $4 WHERE topic = $1 AND partition = $2 AND next_offset = $3
"""
_NEXT_OFFSET = "SELECT next_offset FROM partition_offsets WHERE topic = $1 AND partition = $2"
_START = """
INSERT INTO partition_offsets (topic, partition, next_offset) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""
# The row stays locked until the commit: numbers are committed in their order, without gaps.
_NEXT_NUMBERS = """
INSERT INTO partition_offsets AS p (topic, partition, next_offset) VALUES ($1, $2, $3)
ON CONFLICT (topic, partition) DO UPDATE SET next_offset = p.next_offset + excluded.next_offset
RETURNING next_offset
"""
# Ordered and limited, so that each look is one step into an index, however large the table is.
_SOURCES = """
SELECT s.source
FROM (SELECT $2::integer AS source UNION SELECT partition FROM partition_offsets WHERE topic = $1) AS s
LEFT JOIN LATERAL (
    SELECT true AS found FROM transactions AS x WHERE x.source = s.source ORDER BY x.source_offset LIMIT 1
) AS t ON true
LEFT JOIN LATERAL (
    SELECT true AS found FROM counted_labels AS x WHERE x.source = s.source ORDER BY x.source_offset LIMIT 1
) AS l ON true
WHERE s.source <> $2 OR t.found OR l.found
ORDER BY s.source
"""
_EVENT_TIME_MAX = "SELECT max(event_time_ms) FROM decided"


class PostgresDecisionStore:
    """`pipeline.protocols.DecisionStore` on Postgres. Every method raises StoreUnavailable; then it can be repeated.

    `topic` is the transaction log; `currency_default` stands in an alert whose transaction names none; `inserting` (by
    default `pool`) is for calls that raise no alert.
    """

    def __init__(
        self, pool: Pool, topic: str, *, currency_default: str = "USD", inserting: "Pool | None" = None
    ) -> None:
        self._pool = pool
        self._inserting = inserting or pool
        self._topic = topic
        self._currency_default = currency_default
        self._partitions = MonthlyPartitions(pool)
        self._contexts = DecisionContexts(pool)
        self._epoch = StateEpoch(pool)

    async def decided(self, keys: Sequence[TransactionKey]) -> dict[TransactionKey, Position]:
        """Those of `keys` that have a stored decision, with the place each one came from."""
        if not keys:
            return {}
        async with session(self._pool) as connection:
            return await _decided(connection, keys)

    async def labels_counted(self, keys: Sequence[LabelKey]) -> set[LabelKey]:
        """Those of `keys` that are stored as counted: a label forwarded twice is not counted again."""
        if not keys:
            return set()
        async with session(self._pool) as connection:
            records = await connection.fetch(_LABELS_COUNTED, *zip(*keys, strict=True))
        return {(r["client_id"], r["transaction_id"], r["revision"]) for r in records}

    async def store(self, entry: JournalEntry) -> Stored:
        """Store a batch in one transaction; returns what is stored of it, with the alerts' sequence numbers.

        An entry that is stored already is left as it is, and what is stored of it is returned again. A transaction
        that was decided without the state in between keeps that decision, and is counted here from now on
        (`storage.kept_decisions`).
        Raises StateLost if the state epoch has risen since the entry was counted, PartitionLost if the source's next
        offset lies before the entry's `start` or inside it (or was never recorded), and DecisionConflict if another
        source counted one of the transactions, or a label was counted, in between. Then nothing is stored.
        """
        counted = entry_rows.counted_of(entry)
        context_ids = await self._contexts.ids_of(outcome.decision for outcome in entry.outcomes)
        await self._partitions.ensure([outcome.decision.event_time_ms for outcome in entry.outcomes])
        if entry.source == CALLS and entry.outcomes:
            raised = await store_at_once(
                self._pool, self._inserting, entry, counted, context_ids, self._currency_default
            )
            if raised is not None:
                return Stored([outcome.decision for outcome in entry.outcomes], raised)
        async with session(self._pool) as connection, connection.transaction():
            # 1. The epoch first, held until the commit: whoever raises it waits for this transaction, and what
            #    is counted under the old one cannot slip in behind the repair's reading.
            epoch = await connection.fetchval(_EPOCH_HELD)
            if epoch > entry.epoch:
                return await self._stored_before(connection, entry, epoch)
            # 2. The offset by compare-and-set: its row lock makes two stores of one partition wait for each other.
            #    A call has no order; its guard rows do the same.
            if entry.source != CALLS and not await self._advance(connection, entry):
                return await _as_stored(connection, entry)
            # 3. The guard, before anything that would double.
            first = await entry_rows.insert_guard(connection, entry.source, entry.outcomes) if entry.outcomes else []
            taken = [each for each, is_first in zip(counted, first, strict=True) if not is_first]
            if taken and await _is_stored_call(connection, entry):
                return await _as_stored(connection, entry)
            kept = await kept_decisions.take_over(connection, entry.source, taken, self._currency_default)
            # 4. What grows.
            fresh = [each for each, is_first in zip(counted, first, strict=True) if is_first]
            contexts = [number for number, is_first in zip(context_ids, first, strict=True) if is_first]
            await self._insert(connection, entry.source, fresh, contexts)
            if entry.labels:
                await self._insert_labels(connection, entry)
            # 5. The alerts' numbers last: from here to the commit their clients' counters are locked, so that
            #    numbers are committed in their order, and a transaction that fails leaves no gap.
            raised = await alerts.insert(connection, fresh, self._currency_default)
        return _merged(entry, raised, kept)

    async def store_degraded(self, outcomes: Sequence[Outcome]) -> Stored:
        """Store decisions that were made without the state, under the next numbers of DEGRADED, in one transaction.

        Returns what was stored; a transaction that was decided before is left out. They are counted later, in the
        order of their numbers. Raises StoreUnavailable.
        """
        counted = entry_rows.counted_of_outcomes(outcomes)
        context_ids = await self._contexts.ids_of(outcome.decision for outcome in outcomes)
        await self._partitions.ensure([outcome.decision.event_time_ms for outcome in outcomes])
        async with session(self._pool) as connection, connection.transaction():
            stop = await connection.fetchval(_NEXT_NUMBERS, self._topic, DEGRADED, len(outcomes))
            counted = entry_rows.renumbered(counted, stop - len(outcomes))
            first = await entry_rows.insert_guard(connection, DEGRADED, [each.outcome for each in counted])
            fresh = [each for each, is_first in zip(counted, first, strict=True) if is_first]
            contexts = [number for number, is_first in zip(context_ids, first, strict=True) if is_first]
            await self._insert(connection, DEGRADED, fresh, contexts)
            raised = await alerts.insert(connection, fresh, self._currency_default)
        return Stored([each.outcome.decision for each in fresh], raised)

    async def stored(self, keys: Sequence[TransactionKey]) -> dict[TransactionKey, StoredTransaction]:
        """Those of `keys` that are decided, with all that is kept of them."""
        async with session(self._pool) as connection:
            return await of_keys(connection, keys)

    async def outputs(self, keys: Sequence[TransactionKey]) -> tuple[list[Decision], list[Alert]]:
        """Stored decisions (without vectors) and alerts of these transactions, to publish them again."""
        async with session(self._pool) as connection:
            found = await decisions.of_transactions(connection, keys)
            return found, await alerts.of_transactions(connection, keys)

    async def next_offset(self, partition: int) -> int | None:
        """The first offset of the partition that is not stored, or None if it was never seen."""
        async with session(self._pool) as connection:
            offset: int | None = await connection.fetchval(_NEXT_OFFSET, self._topic, partition)
            return offset

    async def start_partition(self, partition: int, offset: int) -> None:
        """Record where an unseen partition begins; does nothing if it was seen."""
        async with session(self._pool) as connection:
            await connection.execute(_START, self._topic, partition, offset)

    async def epoch(self) -> int:
        """The state epoch, 1 at first."""
        return await self._epoch.epoch()

    async def raise_epoch(self) -> int:
        """Raise the epoch by one: from here on no batch counted under the old one can be stored."""
        return await self._epoch.raise_epoch()

    def repair_lock(self) -> AbstractAsyncContextManager[None]:
        """Held by the one process that repairs or rebuilds the state; the others wait for it."""
        return self._epoch.repair_lock()

    async def sources(self) -> list[int]:
        """Every source with stored transactions, labels or a next offset, CALLS first."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_SOURCES, self._topic, CALLS)
        return [record["source"] for record in records]

    def outcomes_after(self, position: Position, event_time_ms_min: int) -> AsyncIterator[list[Outcome]]:
        """Stored transactions of one source behind `position`, in order, in chunks, without vectors."""
        return replay.outcomes_after(self._pool, position, event_time_ms_min)

    def labels_after(self, position: Position, event_time_ms_min: int) -> AsyncIterator[list[CountedLabel]]:
        """Stored label records of one source behind `position`, in order, in chunks."""
        return replay.labels_after(self._pool, position, event_time_ms_min)

    async def event_time_ms_max(self) -> int | None:
        """The newest stored event time, or None."""
        async with session(self._pool) as connection:
            newest: int | None = await connection.fetchval(_EVENT_TIME_MAX)
            return newest

    async def _advance(self, connection: Connection, entry: JournalEntry) -> bool:
        """Move the next offset; False if the entry is stored already."""
        status = await connection.execute(_ADVANCE, self._topic, entry.source, entry.start, entry.stop)
        if status == "UPDATE 1":
            return True
        found = await connection.fetchval(_NEXT_OFFSET, self._topic, entry.source)
        if found is not None and found >= entry.stop and await _all_decided_here(connection, entry):
            return False
        raise PartitionLost(
            f"partition {entry.source} is stored up to offset {found}, and the batch is [{entry.start}, {entry.stop}):"
            " another worker owns it; rejoin"
        )

    async def _stored_before(self, connection: Connection, entry: JournalEntry, epoch: int) -> Stored:
        """What is stored of an entry that was stored before the epoch rose; raises StateLost for any other."""
        found = (
            entry.stop if entry.source == CALLS else await connection.fetchval(_NEXT_OFFSET, self._topic, entry.source)
        )
        if found is None or found < entry.stop or not await _all_decided_here(connection, entry):
            raise StateLost(f"counted under epoch {entry.epoch}, and the state was repaired for epoch {epoch}")
        return await _as_stored(connection, entry)

    async def _insert(
        self, connection: Connection, source: int, counted: Sequence[Counted], context_ids: Sequence[int]
    ) -> None:
        if not counted:
            return
        await entry_rows.insert_transactions(connection, source, counted)
        await decisions.insert(connection, source, [each.outcome for each in counted], context_ids)
        await rollups.count_decisions(connection, counted, context_ids, self._currency_default)

    async def _insert_labels(self, connection: Connection, entry: JournalEntry) -> None:
        counted_before = await entry_rows.insert_counted_labels(connection, entry.source, entry.labels)
        if counted_before:
            raise DecisionConflict(
                f"{len(counted_before)} labels of the batch were counted before", tuple(counted_before)
            )


async def _is_stored_call(connection: Connection, entry: JournalEntry) -> bool:
    """Whether a guard that was there before is the call's own: calls are stored all together or not at all."""
    return entry.source == CALLS and await _all_decided_here(connection, entry)


async def _as_stored(connection: Connection, entry: JournalEntry) -> Stored:
    keys = _keys(entry)
    found = await decisions.of_transactions(connection, keys)
    pairs = zip(entry.outcomes, found, strict=True)
    kept = {(d.client_id, d.transaction_id) for o, d in pairs if d.degraded and d.missing != o.decision.missing}
    return Stored(found, await alerts.of_transactions(connection, keys), frozenset(kept))


def _merged(entry: JournalEntry, raised: list[Alert], kept: Stored) -> Stored:
    """What was inserted and what was kept, in the order of the entry."""
    if not kept.kept:
        return Stored([outcome.decision for outcome in entry.outcomes], raised)
    earlier = {(d.client_id, d.transaction_id): d for d in kept.decisions}
    by_key = {(a.client_id, a.transaction_id): a for a in (*raised, *kept.alerts)}
    keys = _keys(entry)
    return Stored(
        [earlier.get(key, outcome.decision) for key, outcome in zip(keys, entry.outcomes, strict=True)],
        [by_key[key] for key in keys if key in by_key],
        kept.kept,
    )


async def _decided(connection: Connection, keys: Sequence[TransactionKey]) -> dict[TransactionKey, Position]:
    records = await connection.fetch(_DECIDED, *zip(*keys, strict=True))
    return {(r["client_id"], r["transaction_id"]): Position(r["source"], r["source_offset"]) for r in records}


async def _all_decided_here(connection: Connection, entry: JournalEntry) -> bool:
    """Whether every outcome of the entry is stored as coming from its own place."""
    if not entry.outcomes:
        return True
    places = await _decided(connection, _keys(entry))
    return all(
        places.get(key) == (entry.source, offset) for key, offset in zip(_keys(entry), _offsets(entry), strict=True)
    )


def _keys(entry: JournalEntry) -> list[TransactionKey]:
    return [(outcome.decision.client_id, outcome.decision.transaction_id) for outcome in entry.outcomes]


def _offsets(entry: JournalEntry) -> list[int]:
    return [outcome.offset for outcome in entry.outcomes]
