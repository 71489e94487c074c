"""Taking a partition: finish what the predecessor counted, then find where to go on."""

from collections.abc import Sequence

from contracts.errors import OffsetGap, StateLost
from contracts.journal import CALLS, DEGRADED, JournalEntry, decode_entry, numbered
from features.redis_store.protocol import JournalRecord, StateAddress, StateStore
from pipeline.claims import claims_of
from pipeline.durability import Source
from pipeline.protocols import DecisionStore, Publisher

ENTRIES_AT_ONCE = 100  # published together; a call's entry holds one decision or a few


async def take_partition(
    number: int,
    committed: int | None,
    beginning: int,
    address: StateAddress,
    state: StateStore,
    store: DecisionStore,
    publisher: Publisher,
) -> tuple[Source, int]:
    """Finish the partition's journal; returns the source and the offset to read from.

    `committed` is Kafka's committed offset (None: never), `beginning` the log's first offset. Reading starts at the
    lowest of Kafka's offset, Postgres' next offset and marker + 1. Raises StateLost if Redis lies behind Postgres,
    OffsetGap if the log no longer holds that offset or Postgres lies behind Redis. A predecessor that does not know yet
    may still count and store: hence the order of the looks, and the second look at the marker.
    """
    counted = (await state.read(address, number, [])).marker
    await finish_journal(await state.journal(address, number), address, state, store, publisher)
    stored = await store.next_offset(number)
    marker = (await state.read(address, number, [])).marker  # StateLost here: Redis was restarted between the looks
    if counted is not None and counted + 1 > (stored or 0):  # it was in the journal just read, or it is nowhere
        raise OffsetGap(_behind(number, counted, stored or 0))
    if stored is None:
        await store.start_partition(number, beginning)  # Postgres owns the offsets: what it never saw is unread
        stored = beginning
    if stored > (beginning if marker is None else marker + 1):
        raise StateLost(f"Redis holds partition {number} up to {marker}, Postgres up to {stored - 1}")
    if stored < beginning:
        raise OffsetGap(
            f"partition {number} has to be read from offset {stored}, but the log begins at {beginning}: records were"
            " deleted before they were decided. Nothing was skipped; restore them or raise the topic's retention"
        )
    # Never committed: what is stored may not be published, and where Redis lost the journal only the log knows.
    start = beginning if committed is None else max(beginning, min(stored, committed))
    return Source(number, address, stored, stored if marker is None else 0), start


async def finish_journal(
    records: Sequence[JournalRecord],
    address: StateAddress,
    state: StateStore,
    store: DecisionStore,
    publisher: Publisher,
) -> int:
    """Store, publish and drop entries that were counted; returns how many. Safe to do twice, and beside their owner.

    What was counted of DEGRADED was stored and published before, and is only dropped.
    """
    for lo in range(0, len(records), ENTRIES_AT_ONCE):
        part = [(record, entry_of(record, address)) for record in records[lo : lo + ENTRIES_AT_ONCE]]
        stored = [await store.store(entry) for record, entry in part if record.source != DEGRADED]
        decisions = [decision for each in stored for decision in each.decisions]
        if decisions:
            await publisher.publish(decisions, [alert for each in stored for alert in each.alerts])
        await state.drop(address, [(record.field, claims_of(entry)) for record, entry in part])
    return len(records)


def entry_of(record: JournalRecord, address: StateAddress) -> JournalEntry:
    """The entry of a journal record; it survived into this epoch, so it may be stored under it."""
    entry = decode_entry(record.entry)
    if record.source == CALLS:
        entry = numbered(entry, record.marker)
    return entry if entry.epoch == address.epoch else _with_epoch(entry, address.epoch)


def _with_epoch(entry: JournalEntry, epoch: int) -> JournalEntry:
    return JournalEntry(entry.source, entry.start, entry.stop, epoch, entry.outcomes, entry.labels)


def _behind(number: int, marker: int, stored: int) -> str:
    return (
        f"Redis counted partition {number} up to offset {marker}, but Postgres stores it up to {stored - 1} and the"
        " journal is gone: was Postgres restored from a backup? Run `riskstream rebuild-state`, then start again"
    )
