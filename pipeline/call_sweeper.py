"""What calls leave behind: entries whose gateway died or could not publish, and decisions made without the state."""

from typing import NamedTuple

from contracts.journal import CALLS
from pipeline.degraded import count_degraded
from pipeline.durability import Pipeline
from pipeline.takeover import finish_journal

SWEEP_MAX = 2_000  # entries a sweep; after a long absence of Kafka the next sweeps go on


class Swept(NamedTuple):
    """What a sweep did: calls finished, degraded decisions counted."""

    finished: int
    counted: int


class CallSweeper:
    """Finishes calls that are counted but not stored or published, and counts those stored under DEGRADED.

    An entry that is seen in two sweeps is nobody's: a call lives for milliseconds. Several processes may sweep.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._seen: set[str] = set()

    async def sweep(self) -> Swept:
        """Raises StateLost and StoreUnavailable; the next sweep goes on."""
        state, pipeline = self._pipeline.state, self._pipeline
        address = await state.address()
        fields = await state.journal_fields(address, CALLS)
        orphans = [field for field in fields if field in self._seen][:SWEEP_MAX]
        self._seen = set(fields)
        records = await state.journal_entries(address, orphans)
        finished = await finish_journal(records, address, state, pipeline.store, pipeline.publisher)
        return Swept(finished, await count_degraded(pipeline, address))
