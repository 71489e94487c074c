"""Where a history comes from: the simulator, or files of labelled transactions."""

from dataclasses import replace
from pathlib import Path

from features.money import Money
from training.column_fold import fold_columns
from training.columns import columns_with_labels
from training.datasets import Dataset, from_files, simulated
from training.history import History, gathered
from training.progress import SILENT, Progress


def simulated_history(transactions: int, seed: int, money: Money | None = None, progress: Progress = SILENT) -> History:
    """The simulator's history of `seed` for a first model."""
    return history_from_dataset(simulated(transactions, seed, progress), money, progress)


def files_history(data: Path, labels: Path, money: Money | None = None, progress: Progress = SILENT) -> History:
    """Transactions and labels of two JSON lines files. Raises DataRefused."""
    return history_from_dataset(from_files(data, labels, progress), money, progress)


def history_from_dataset(dataset: Dataset, money: Money | None = None, progress: Progress = SILENT) -> History:
    """A dataset through the kernel; its truth counts, labels say only when it was told."""
    columns = columns_with_labels(dataset.transactions, dataset.labels, dataset.typology)
    columns = replace(columns, fraud=dataset.fraud)
    money = money or Money()
    with progress.stage("compute features", len(columns)) as advance:
        return gathered(fold_columns([columns], money), dataset.description, money.base, advance)
