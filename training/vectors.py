"""A dataset through the kernel: the vectors that the stream would have computed, row by row."""

from collections.abc import Callable
from itertools import islice

import numpy as np

from contracts.errors import DataRefused
from contracts.label import ForwardedLabel
from features.catalogue import FEATURE_NAMES
from features.events import EventBuilder
from features.fold import OfflineFold
from features.money import Money
from scoring.model import Vectors
from training.datasets import Dataset
from training.labels import merged
from training.progress import SILENT, Progress

CHUNK_RECORDS = 10_000  # a step of the progress bar, about half a second


def _utc(_client: int) -> str:
    return "UTC"


def vectors_of(
    dataset: Dataset,
    money: Money | None = None,
    zone_of: Callable[[int], str] = _utc,
    progress: Progress = SILENT,
) -> Vectors:
    """float32 (n, features) in the order of the dataset's transactions, with labels counted when they were known.

    `money` is the stream's rate table, `zone_of` gives a client's time zone. Raises DataRefused for a currency
    without a rate.
    """
    money = money or Money()
    _check_currencies(dataset, money)
    vectors = np.empty((len(dataset.transactions), len(FEATURE_NAMES)), np.float32)
    fold = OfflineFold(EventBuilder(money, zone_of))
    records = merged(dataset.transactions, dataset.labels)
    done = 0
    with progress.stage("compute features", len(vectors)) as advance:
        while chunk := list(islice(records, CHUNK_RECORDS)):
            is_transaction = np.array([type(record) is not ForwardedLabel for record in chunk])
            rows = fold.fold(chunk).vectors[is_transaction]
            vectors[done : done + len(rows)] = rows
            done += len(rows)
            advance(done)
    return vectors


def _check_currencies(dataset: Dataset, money: Money) -> None:
    named = {t.currency or money.default for t in dataset.transactions}
    unknown = sorted(currency for currency in named if not money.knows(currency))
    if unknown:
        raise DataRefused(f"there is no exchange rate for {', '.join(unknown)}; add it to CURRENCY_RATES")
