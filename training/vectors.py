"""A dataset through the kernel: the vectors that the stream would have computed, row by row."""

from itertools import islice

import numpy as np

from contracts.label import ForwardedLabel
from features.catalogue import FEATURE_NAMES
from features.events import EventBuilder
from features.fold import OfflineFold
from scoring.model import Vectors
from training.datasets import Dataset
from training.labels import merged
from training.progress import SILENT, Progress

CHUNK_RECORDS = 10_000  # a step of the progress bar, about half a second


def vectors_of(dataset: Dataset, builder: EventBuilder | None = None, progress: Progress = SILENT) -> Vectors:
    """float32 (n, features) in the order of the dataset's transactions, with labels counted when they were known."""
    vectors = np.empty((len(dataset.transactions), len(FEATURE_NAMES)), np.float32)
    fold = OfflineFold(builder)
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
