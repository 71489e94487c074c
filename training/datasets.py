"""Simulated transactions with what is known about them."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from contracts.label import Label
from contracts.transaction import Kind, Transaction
from training.progress import SILENT, Progress
from training.simulator.history import training_transactions
from training.simulator.labels import labels_of
from training.simulator.rows import SimulatedTransaction

_MONEY_BACK = (Kind.REFUND, Kind.REVERSAL)


@dataclass(frozen=True, slots=True)
class Dataset:
    """Transactions in log order; `fraud` and `typology` are the truth as known at the end, `labels` when it came."""

    transactions: list[Transaction]
    labels: list[Label]
    fraud: npt.NDArray[np.bool_]
    typology: list[str | None]
    description: dict[str, str | int | float] = field(default_factory=dict)

    @property
    def time_ms(self) -> npt.NDArray[np.int64]:
        return np.fromiter((t.event_time_ms for t in self.transactions), np.int64, len(self.transactions))

    @property
    def usable(self) -> npt.NDArray[np.bool_]:
        """Rows to learn from: money that comes back is counted in the features, but nobody steals by a refund here."""
        kept = (t.kind not in _MONEY_BACK for t in self.transactions)
        return np.fromiter(kept, np.bool_, len(self.transactions))


def simulated(transactions: int, seed: int, progress: Progress = SILENT) -> Dataset:
    """The simulator's history of `seed` for a first model, with labels as late as they come there."""
    told = []
    with progress.stage("simulate", transactions) as advance:
        for one in training_transactions(transactions, seed=seed):
            told.append(one)
            if len(told) % 1000 == 0:
                advance(len(told))
    return told_by_simulator(told, {"source": "simulator", "simulator_seed": seed})


def told_by_simulator(told: list[SimulatedTransaction], description: dict[str, str | int | float]) -> Dataset:
    """Simulated transactions in event-time order with the truth about them and the labels that come of it."""
    return Dataset(
        transactions=[one.transaction for one in told],
        labels=list(labels_of(told)),
        fraud=np.array([one.fraud for one in told], bool),
        typology=[one.typology for one in told],
        description=description,
    )
