"""What training starts from: vectors of labelled transactions, and what is known about each of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from features.plan import PLAN
from scoring.model import Vectors
from scoring.schema import STREAM, Schema
from training.columns import Columns, joined
from training.evaluation.column_outcomes import outcomes_of
from training.evaluation.outcomes import Outcomes
from training.fit import Recipe, rows_of
from training.reasons import Reasons, in_words

Description = dict[str, str | int | float]  # of the data, for the manifest
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class History:
    """n transactions in log order, arrays of shape (n,), and their vectors, float32 (n, features of the schema).

    `usable`: rows to learn from; the others were counted in the features only. `label_known_ms`: from when a row's
    verdict may be learned from. `outcomes` gives what evaluation wants to know of some rows; amounts are in `currency`.
    `recipe`: how to fit on data of this kind, unless somebody says otherwise.
    """

    schema: Schema
    vectors: Vectors
    fraud: npt.NDArray[np.bool_]
    time_ms: npt.NDArray[np.int64]
    usable: npt.NDArray[np.bool_]
    label_known_ms: npt.NDArray[np.int64]
    label_delay_ms: int
    outcomes: Callable[[Rows], Outcomes]
    reasons: Reasons
    currency: str
    description: Description
    recipe: Recipe = field(default_factory=Recipe)

    def __len__(self) -> int:
        return len(self.fraud)


def gathered(
    chunks: Iterable[tuple[Columns, Vectors]],
    description: Description,
    currency: str,
    rows: Callable[[int], None] = lambda _done: None,
) -> History:
    """Chunks of columns with their vectors, as `fold_columns` gives them, as one history; `rows` is told how many."""
    columns, vectors, done = [], [], 0
    for chunk, made in chunks:
        columns.append(chunk)
        vectors.append(made)
        done += len(made)
        rows(done)
    return history_of(joined(columns), _stacked(vectors), description, currency)


def _stacked(chunks: list[Vectors]) -> Vectors:
    """One below the other. Each chunk is let go when it is copied: memory holds the whole once, not twice."""
    if len(chunks) == 1:
        return chunks[0]
    whole = np.empty((sum(len(chunk) for chunk in chunks), chunks[0].shape[1]), np.float32)
    start = 0
    chunks.reverse()
    while chunks:
        chunk = chunks.pop()
        whole[start : start + len(chunk)] = chunk
        start += len(chunk)
    return whole


def history_of(columns: Columns, vectors: Vectors, description: Description, currency: str) -> History:
    """Columns with vectors that are computed already."""
    return History(
        schema=STREAM,
        vectors=vectors,
        fraud=columns.fraud,
        time_ms=columns.time_ms,
        usable=columns.usable,
        label_known_ms=columns.label_known_ms,
        label_delay_ms=PLAN.label_delay,
        outcomes=lambda rows: outcomes_of(columns.take(rows), rows_of(vectors, rows)),
        reasons=in_words(currency),
        currency=currency,
        description=description,
    )
