"""Rows of the credit-card format as a history that `training.train` takes like any other."""

from pathlib import Path

import numpy as np

from scoring.schema import CREDIT_CARD
from training.creditcard.synthetic import synthetic_rows
from training.creditcard.table import CardRows, read_card_rows
from training.evaluation.outcomes import Outcomes, amount_bands
from training.fit import PARAMETERS, Recipe, rows_of
from training.history import History
from training.progress import SILENT, Progress
from training.reasons import in_numbers

PERIODS_OF_DAY = ("00 to 06", "06 to 12", "12 to 18", "18 to 24")
RECIPE = Recipe(
    parameters=PARAMETERS | {"eval_metric": "aucpr", "max_depth": 4, "colsample_bytree": 0.6, "max_bin": 256},
    features=CREDIT_CARD.features,
    monotone=frozenset(),
)


def credit_card_history(path: Path | None, seed: int, progress: Progress = SILENT) -> History:
    """The rows of a file, or made-up ones without a path. Raises DataRefused."""
    with progress.stage("read" if path else "make up rows", 1):
        rows = read_card_rows(path) if path else synthetic_rows(seed)
    source: dict[str, str | int | float] = {"source": "file", "data": path.name} if path else {"source": "synthetic"}
    if not rows.has_time:
        source["order"] = "that of the file, which has no column Time"
    return history_of_cards(rows, source)


def history_of_cards(rows: CardRows, description: dict[str, str | int | float]) -> History:
    """No account and no label delay are known: every row stands for itself, and its verdict is known at once."""
    time_ms = (rows.seconds * 1000).astype(np.int64)
    return History(
        schema=CREDIT_CARD,
        vectors=rows.vectors,
        fraud=rows.fraud,
        time_ms=time_ms,
        usable=np.ones(len(time_ms), bool),
        label_known_ms=time_ms,
        label_delay_ms=0,
        outcomes=lambda chosen: _outcomes(rows, time_ms, chosen),
        reasons=in_numbers(CREDIT_CARD.features),
        currency="units",
        description=description,
        recipe=RECIPE,
    )


def _outcomes(rows: CardRows, time_ms: np.ndarray, chosen: np.ndarray) -> Outcomes:
    amount = rows_of(rows.vectors, chosen)[:, CREDIT_CARD.features.index(CREDIT_CARD.amount)].astype(np.float64)
    segments = {"amount": amount_bands(amount)}
    if rows.has_time:
        hours = (rows.seconds[chosen] // 3600 % 24).astype(np.int64)
        segments["hours since the first row"] = np.array(PERIODS_OF_DAY)[hours // 6]
    return Outcomes(
        fraud=rows.fraud[chosen],
        time_ms=time_ms[chosen],
        amount=amount,
        account=chosen.astype(np.int64),
        transaction=np.char.add("row ", (chosen + 1).astype(str)),
        typology=rows.kind[chosen],
        segments=segments,
    )
