"""What any model must beat, on the same rows and features: an amount rule, a logistic regression, a random forest.

All learn from at most ROWS_MAX of the training rows: every fraud that fits and an even spread of the rest. More rows do
not lift them on this kind of data, and a comparison should take seconds.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer
from threadpoolctl import threadpool_limits

from features.catalogue import FEATURE_INDEX
from scoring.model import Vectors

ROWS_MAX = 20_000
FRAUD_SHARE_MAX = 0.5  # of the sample, where fraud alone would fill it
TREES, LEAF_MIN = 100, 5
THREADS = 2  # as for XGBoost; a forest's result does not depend on it
MISSING = -1.0  # counts, sums and shares are never below 0, so a tree can part what is missing from what is 0

Scores = npt.NDArray[np.float64]
Predict = Callable[[Vectors], Scores]


class Baseline(NamedTuple):
    """`predict` gives each row of vectors (n, features) a number that rises with the suspicion."""

    name: str
    about: str
    predict: Predict


def amount_rule(position: int = FEATURE_INDEX["amount"]) -> Baseline:
    """The larger the amount, the more suspicious: what a limit does. `position`: the amount's column."""
    return Baseline("amount rule", "ranks by the amount alone", lambda v: v[:, position].astype(np.float64))


def fitted_baselines(vectors: Vectors, fraud: npt.NDArray[np.bool_], seed: int) -> list[Baseline]:
    """Logistic regression and random forest, fitted on a sample of vectors (n, features) and fraud (n,)."""
    rows = sample_rows(fraud, seed)
    table, truth = _filled(vectors[rows]), fraud[rows]
    about = f"scikit-learn, fitted on {len(rows):,} of the same training rows"
    ranks = QuantileTransformer(n_quantiles=100, random_state=seed)  # amounts and counts have very long tails
    logistic = make_pipeline(ranks, LogisticRegression(C=0.1, max_iter=500))
    with threadpool_limits(
        1
    ):  # two threads turn idly for each other: ten times as long where others need the processors
        logistic.fit(table, truth)
    forest = RandomForestClassifier(TREES, min_samples_leaf=LEAF_MIN, n_jobs=THREADS, random_state=seed)
    forest.fit(table, truth)
    return [
        Baseline("logistic regression", about, _probability(logistic)),
        Baseline("random forest", f"{about}, {TREES} trees", _probability(forest)),
    ]


def sample_rows(fraud: npt.NDArray[np.bool_], seed: int, rows_max: int = ROWS_MAX) -> npt.NDArray[np.intp]:
    """At most `rows_max` rows in order: as much fraud as fits into half of them, and others at random (seeded)."""
    if len(fraud) <= rows_max:
        return np.arange(len(fraud))
    random = np.random.default_rng(seed)
    frauds, others = np.flatnonzero(fraud), np.flatnonzero(~fraud)
    frauds = random.permutation(frauds)[: int(rows_max * FRAUD_SHARE_MAX)]
    others = random.permutation(others)[: rows_max - len(frauds)]
    return np.sort(np.concatenate([frauds, others]))


def _probability(model: object) -> Predict:
    def predict(vectors: Vectors) -> Scores:
        return np.asarray(model.predict_proba(_filled(vectors))[:, 1], np.float64)  # type: ignore[attr-defined]

    return predict


def _filled(vectors: Vectors) -> Vectors:
    filled: Vectors = np.nan_to_num(vectors, nan=MISSING, posinf=1e30, neginf=-1e30)
    return filled
