"""Labelled transactions as they are made here: the simulator's, as columns and as a history."""

from dataclasses import replace

from features.money import Money
from training.column_fold import fold_columns
from training.columns import Columns, columns_with_labels
from training.datasets import Dataset, simulated
from training.history import Description, History, gathered
from training.progress import SILENT, Progress


def simulated_columns(transactions: int, seed: int, progress: Progress = SILENT) -> tuple[Columns, Description]:
    """The simulator's history of `seed` for a first model, and what the manifest says of it."""
    dataset = simulated(transactions, seed, progress)
    return columns_from_dataset(dataset), dataset.description


def history_from_dataset(dataset: Dataset, money: Money | None = None) -> History:
    """A dataset through the kernel."""
    money = money or Money()
    chunks = fold_columns([columns_from_dataset(dataset)], money)
    return gathered(chunks, dataset.description, money.base)


def columns_from_dataset(dataset: Dataset) -> Columns:
    """A dataset's truth counts; its labels say only when it was told."""
    columns = columns_with_labels(dataset.transactions, dataset.labels, dataset.typology)
    return replace(columns, fraud=dataset.fraud)
