"""The decider of both shells: the served model and each client's policy, off the event loop."""

import asyncio
from collections.abc import Callable, Sequence

from contracts.decision import Decision
from contracts.transaction import Transaction
from features.fold import Folded
from features.plan import Entity
from scoring.decide import decide_batch
from scoring.model import Model
from scoring.overrides import Overrides
from scoring.policy import Policy

_SHARED = tuple(entity.name.lower() for entity in Entity if entity is not Entity.ACCOUNT)


class ModelDecider:
    """Scores a folded batch. `model` is asked once a batch, so that a promoted model takes over between batches."""

    def __init__(
        self, model: Callable[[], Model], policies: Callable[[int], Policy], overrides: Overrides | None = None
    ) -> None:
        self._model = model
        self._policies = policies
        self._overrides = overrides

    async def decide(self, transactions: Sequence[Transaction], folded: Folded, rows: Sequence[int]) -> list[Decision]:
        """One decision a transaction, in a thread: TreeSHAP of a batch with many alerts takes tens of milliseconds."""
        return await asyncio.to_thread(self._decide, transactions, folded, rows)

    def _decide(self, transactions: Sequence[Transaction], folded: Folded, rows: Sequence[int]) -> list[Decision]:
        everything = len(rows) == len(folded.vectors)
        vectors = folded.vectors if everything else folded.vectors[list(rows)]
        flags = folded.flags if everything else folded.flags[list(rows)]
        states = states_seen(folded, rows)
        return decide_batch(self._model(), transactions, vectors, flags, states, self._policies, self._overrides)


def states_seen(folded: Folded, rows: Sequence[int]) -> list[dict[str, int]]:
    """For each row the shared entities' states that it saw: entity -> events they held before."""
    seen = folded.seen[list(rows), 1:].tolist()
    return [{name: count for name, count in zip(_SHARED, counts, strict=True) if count >= 0} for counts in seen]
