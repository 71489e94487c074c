"""The Handbook's published week, by its protocol: `python -m bench.handbook --file F` (reads F, never copies it).

First the book's own features and settings out of our kernel: the proof that windows and delay are right. Then our
catalogue, with the recipe that `bench.handbook_search` chose on earlier weeks; nothing is chosen here.
"""

import argparse
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xgboost
from rich.console import Console
from rich.table import Table
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bench.harness import machine, write_result
from features.catalogue import FEATURE_NAMES
from features.columns import Rows
from scoring.model import booster_from
from training.column_fold import fold_columns
from training.columns import Columns, joined
from training.evaluation.bootstrap import REPLICATES, draws, interval
from training.evaluation.cards import daily_card_precision
from training.evaluation.ranking import Ranking
from training.fit import THREADS, fit_rounds, rows_of
from training.handbook import CARDS, PUBLISHED, day_of, rows_of_test, rows_of_training
from training.handbook_features import book_features, book_tables
from training.handbook_recipe import RECIPE, ROUNDS, ROUNDS_ONE_WEEK
from training.loaders.load import HANDBOOK_FORMAT, Loader
from training.loaders.options import LoadOptions

SEED = 7
TOLERANCE = 0.005
FIGURES = ("roc_auc", "average_precision", "card_precision_100")
BOOK = {
    "logistic regression": (0.871, 0.606, 0.291),
    "random forest": (0.867, 0.658, 0.287),
    "XGBoost": (0.862, 0.639, 0.273),
}
Floats = npt.NDArray[np.float64]


class Row(NamedTuple):
    """One line of the table: figure -> (value, low, high), and the published values where there are any."""

    name: str
    figures: dict[str, tuple[float, float, float]]
    published: tuple[float, ...] | None
    seconds: float


def chunks_of(file: Path) -> Iterator[Columns]:
    """Zero amounts are part of the published test, so they are kept."""
    return Loader(file, LoadOptions(HANDBOOK_FORMAT, keep_zero_amounts=True)).chunks()


def figures_of(score: Floats, columns: Columns, rows: Rows) -> dict[str, tuple[float, float, float]]:
    """With 95 % intervals: cards are drawn with replacement, for card precision days."""
    fraud, account = columns.fraud[rows], columns.account[rows]
    ranking = Ranking(score, fraud, np.ones(len(rows)))
    weighted = [ranking.counted(weight) for weight in draws(account, REPLICATES, SEED)]
    daily = np.array(daily_card_precision(score, fraud, account, day_of(columns, rows), CARDS))
    days = np.arange(len(daily), dtype=np.int64)
    samples = (
        np.array([one.roc_auc() for one in weighted]),
        np.array([one.average_precision() for one in weighted]),
        np.array([float(np.average(daily, weights=times)) for times in draws(days, REPLICATES, SEED)]),
    )
    values = ranking.counted().roc_auc(), ranking.counted().average_precision(), float(daily.mean())
    found = {}
    for name, value, sample in zip(FIGURES, values, samples, strict=True):
        one = interval(value, sample)
        found[name] = (round(one.value, 4), round(one.low or 0.0, 4), round(one.high or 0.0, 4))
    return found


def book_rows(file: Path) -> Iterator[Row]:
    """The book's three models on the book's features, with its settings."""
    columns, features = [], []
    for chunk, vectors in fold_columns(chunks_of(file), tables=book_tables()):
        columns.append(chunk)
        features.append(book_features(vectors, chunk.amount))
    whole, x = joined(columns), np.concatenate(features)
    train, test = rows_of_training(whole, PUBLISHED, all_history=False), rows_of_test(whole, PUBLISHED)
    models: dict[str, Any] = {
        "logistic regression": LogisticRegression(random_state=0),
        "random forest": RandomForestClassifier(random_state=0, n_jobs=THREADS),
        # XGBoost 1 as the book used it: since version 2 it fits `base_score` and grows with `hist` unless told not to
        "XGBoost": xgboost.XGBClassifier(random_state=0, base_score=0.5, tree_method="exact", n_jobs=THREADS),
    }
    for name, model in models.items():
        started = time.monotonic()
        piped = make_pipeline(StandardScaler(), model).fit(x[train], whole.fraud[train])
        score = piped.predict_proba(x[test])[:, 1].astype(np.float64)
        yield Row(f"book: {name}", figures_of(score, whole, test), BOOK[name], time.monotonic() - started)


def catalogue_rows(file: Path, timed: dict[str, float]) -> Iterator[Row]:
    """Our catalogue: with all history before the gap, and with the one week."""
    started = time.monotonic()
    columns, parts = [], []
    for chunk, vectors in fold_columns(chunks_of(file)):
        columns.append(chunk)
        parts.append(vectors)
    whole = joined(columns)
    timed["read and fold"] = time.monotonic() - started
    train = {all_: _gathered(parts, rows_of_training(whole, PUBLISHED, all_history=all_)) for all_ in (True, False)}
    test = rows_of_test(whole, PUBLISHED)
    unseen = xgboost.DMatrix(_gathered(parts, test), feature_names=list(FEATURE_NAMES))
    parts.clear()
    timed["read, fold and gather"] = time.monotonic() - started
    for name, all_, rounds in (("all history", True, ROUNDS), ("one week", False, ROUNDS_ONE_WEEK)):
        begun = time.monotonic()
        fraud = whole.fraud[rows_of_training(whole, PUBLISHED, all_history=all_)]
        fitted = fit_rounds((train.pop(all_), fraud), rounds, SEED, RECIPE)
        taken = time.monotonic() - begun
        score = booster_from(fitted.raw).predict(unseen, output_margin=True).astype(np.float64)
        yield Row(f"catalogue: {name}", figures_of(score, whole, test), None, taken)


def _gathered(parts: list[npt.NDArray[np.float32]], rows: Rows) -> npt.NDArray[np.float32]:
    """Rows of the whole out of its chunks."""
    starts = np.cumsum([0, *(len(part) for part in parts)])
    found = np.empty((len(rows), parts[0].shape[1]), np.float32)
    for part, start in zip(parts, starts, strict=False):
        mine = (rows >= start) & (rows < start + len(part))
        found[mine] = rows_of(part, rows[mine] - start)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--name", default="handbook")
    arguments = parser.parse_args()
    before, timed = machine(), dict[str, float]()
    rows = [*catalogue_rows(arguments.file, timed)]
    timed["read, fold, gather, train with all history"] = timed["read, fold and gather"] + rows[0].seconds
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    rows = [*book_rows(arguments.file), *rows]
    _show(rows)
    result = {
        "machine": before,
        "peak memory of reading, folding and training, MiB": peak_mib,
        "seconds": {name: round(value, 1) for name, value in timed.items()},
        "recipe": RECIPE.parameters | {"rounds": ROUNDS, "rounds with one week": ROUNDS_ONE_WEEK, "seed": SEED},
        "figures": [row._asdict() for row in rows],
        "reproduced within 0.005": all(_reproduced(row) for row in rows if row.published),
    }
    print(write_result(arguments.name, result))


def _reproduced(row: Row) -> bool:
    return all(
        abs(row.figures[name][0] - value) <= TOLERANCE
        for name, value in zip(FIGURES, row.published or (), strict=False)
    )


def _show(rows: list[Row]) -> None:
    table = Table("model", *FIGURES, "published")
    for row in rows:
        cells = [f"{value:.3f} ({low:.3f}-{high:.3f})" for value, low, high in row.figures.values()]
        table.add_row(row.name, *cells, " ".join(f"{value:.3f}" for value in row.published or ()))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
