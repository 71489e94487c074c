"""The decider of both shells: the served model and each client's policy, off the event loop."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from contracts.decision import Decision
from contracts.errors import ModelRefused
from contracts.transaction import Transaction
from features.fold import Folded
from features.plan import Entity
from pipeline.protocols import Decider
from scoring.degraded import MODEL, decide_degraded
from scoring.policy import Policy

if TYPE_CHECKING:
    from scoring.model import Model
    from scoring.overrides import Overrides

_ENTITIES = tuple(entity.name.lower() for entity in Entity)


class ModelDecider:
    """Scores a folded batch. `model` is asked once a batch, so that a promoted model takes over between batches.

    With `explain_all` every decision gets its reasons. `threads`: where it runs; None: the event loop's own. Batches of
    at most `here_max` rows are scored where they are: a thread that has to win the interpreter's lock back after each
    of XGBoost's calls takes three times as long as the work, and holds up the loop for as long (record 0055).
    """

    def __init__(
        self,
        model: Callable[[], "Model"],
        policies: Callable[[int], Policy],
        overrides: "Overrides | None" = None,
        *,
        explain_all: bool = False,
        threads: Executor | None = None,
        here_max: int = 0,
    ) -> None:
        self._model = model
        self._policies = policies
        self._overrides = overrides
        self._explain_all = explain_all
        self._threads = threads
        self._here_max = here_max

    async def decide(self, transactions: Sequence[Transaction], folded: Folded, rows: Sequence[int]) -> list[Decision]:
        """One decision a transaction; in a thread, where TreeSHAP of many alerts may take tens of milliseconds."""
        if len(rows) <= self._here_max:
            return self.decide_now(transactions, folded, rows)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self.decide_now, transactions, folded, rows)

    def decide_now(self, transactions: Sequence[Transaction], folded: Folded, rows: Sequence[int]) -> list[Decision]:
        """The same, here."""
        from scoring.decide import decide_batch  # with XGBoost, which a gateway imports when it has a model

        everything = len(rows) == len(folded.vectors)
        vectors = folded.vectors if everything else folded.vectors[list(rows)]
        flags = folded.flags if everything else folded.flags[list(rows)]
        states = states_seen(folded, rows)
        return decide_batch(
            self._model(), transactions, vectors, flags, states, self._policies, self._overrides,
            explain_all=self._explain_all,
        )  # fmt: skip


class CallDecider:
    """The decider of calls: by the model with reasons; without a model by declared policy, marked as degraded.

    `amount_base`: a transaction's amount in units of the base currency.
    """

    def __init__(
        self, decider: Decider, policies: Callable[[int], Policy], amount_base: Callable[[Transaction], float]
    ) -> None:
        self._decider = decider
        self._policies = policies
        self._amount_base = amount_base

    async def decide(self, transactions: Sequence[Transaction], folded: Folded, rows: Sequence[int]) -> list[Decision]:
        try:
            return await self._decider.decide(transactions, folded, rows)
        except ModelRefused:
            return [self._without_model(t, folded, row) for t, row in zip(transactions, rows, strict=True)]

    def _without_model(self, transaction: Transaction, folded: Folded, row: int) -> Decision:
        """It is counted like any other, so its vector is kept: it can be scored later."""
        vector = folded.vectors[row].astype("<f4").tobytes()
        policy = self._policies(transaction.client_id)
        return decide_degraded(transaction, policy, self._amount_base(transaction), (MODEL,), vector=vector)


def states_seen(folded: Folded, rows: Sequence[int]) -> list[dict[str, int]]:
    """For each row the states that it saw: entity -> events they held before. Replay knows by them what to compare."""
    seen = folded.seen[list(rows)].tolist()
    return [{name: count for name, count in zip(_ENTITIES, counts, strict=True) if count >= 0} for counts in seen]
