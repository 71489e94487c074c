"""Counting what was decided without the state, once the state is back (source DEGRADED).

Its numbers are committed in their order, so it is read like a partition of the log: from the marker on. Each part is
published, then counted by the same script as everything else; the marker in Redis moves with the states, so that two
processes that count at once cannot count twice. The decisions themselves are stored long before, and stand.
"""

from contracts.errors import OffsetGap, StateLost, StoreUnavailable
from contracts.journal import DEGRADED, JournalEntry, Outcome, Position, encode_entry
from features.fold import fold_batch
from features.redis_store.protocol import Applied, Apply, StateAddress
from pipeline.claims import claims_of
from pipeline.durability import Pipeline, writes_of
from pipeline.repair import ALL_TIMES, transaction_of
from pipeline.takeover import finish_journal

PART_MAX = 200  # transactions a script: some 1,000 entities, a few milliseconds of Redis
ATTEMPTS_MAX = 20  # of one part against accounts that move; the next turn goes on


async def count_degraded(pipeline: Pipeline, address: StateAddress) -> int:
    """Count all that is stored under DEGRADED and not counted; returns how many. Safe beside others that do it.

    Raises StateLost, StoreUnavailable, and OffsetGap if Postgres knows less than Redis. It stops early at a transaction
    that another source has counted and not stored yet: once that is stored, its place is there
    (`storage.kept_decisions`), and the next turn passes it over.
    """
    left = await pipeline.state.journal(address, DEGRADED)  # counted by somebody who died before dropping it
    await finish_journal(left, address, pipeline.state, pipeline.store, pipeline.publisher)
    counted, attempts = 0, 0
    while attempts < ATTEMPTS_MAX:
        part = await _count_part(pipeline, address)
        if part is None:
            return counted
        counted, attempts = counted + part, 0 if part else attempts + 1
    return counted


async def _count_part(pipeline: Pipeline, address: StateAddress) -> int | None:
    """Count the next part: how many, 0 if it has to be looked at again, None if there is nothing to do now."""
    # The tick is read before Postgres is asked, so that the claims cover whatever is counted from then on.
    before = await pipeline.state.read(address, DEGRADED, [])
    marker = -1 if before.marker is None else before.marker
    outcomes = await _next_outcomes(pipeline, marker)
    if not outcomes:
        _refuse_gap(marker, await pipeline.store.next_offset(DEGRADED) or 0)
        return None
    keys = [(outcome.decision.client_id, outcome.decision.transaction_id) for outcome in outcomes]
    await pipeline.publisher.publish(*await pipeline.store.outputs(keys))
    batch = pipeline.builder.batch([transaction_of(outcome) for outcome in outcomes])
    read = await pipeline.state.read(address, DEGRADED, batch.keys)
    accounts, shared = writes_of(batch, read, fold_batch(batch, read.states))
    stop = outcomes[-1].offset + 1
    entry = JournalEntry(DEGRADED, marker + 1, stop, address.epoch, tuple(outcomes))
    claims = claims_of(entry)
    result = await pipeline.state.apply(
        address,
        Apply(
            source=DEGRADED,
            marker_read=before.marker,
            marker=stop - 1,
            tick=before.tick,
            entry=encode_entry(entry),
            accounts=accounts,
            shared=shared,
            claims=claims,
        ),
    )
    if isinstance(result, Applied):
        await pipeline.state.drop(address, [(f"{DEGRADED}:{result.marker}", claims)])
        return len(outcomes)
    if result.why == "epoch":
        raise StateLost("the state was rebuilt, or Redis was restarted, while degraded decisions were counted")
    if result.why == "claimed":
        raise StoreUnavailable("a transaction that was decided without the state is being counted by another source")
    return 0


def _refuse_gap(marker: int, stored: int) -> None:
    """Numbers that were given once must not be given again: what has them would never be counted."""
    if marker >= stored:
        raise OffsetGap(
            f"Redis counted degraded decisions up to {marker}, but Postgres stores them up to {stored - 1}:"
            " was Postgres restored from a backup? Run `riskstream rebuild-state`"
        )


async def _next_outcomes(pipeline: Pipeline, marker: int) -> list[Outcome]:
    async for chunk in pipeline.store.outcomes_after(Position(DEGRADED, marker), ALL_TIMES):
        return chunk[:PART_MAX]
    return []
