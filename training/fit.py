"""Fit XGBoost with early stopping; the same data, seed and thread count give the same bytes.

Fraud is rare, and rows are not weighted for it. On the simulator's validation period (mean of three seeds) full weights
(`scale_pos_weight`) turned an average precision of 0.798 into 0.739, their square root into 0.781: a few noisy frauds
then outweigh everything. What weights are for, another threshold, comes from calibration and the score curve.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.catalogue import FEATURE_NAMES, MONOTONE
from scoring.boosting import xgboost
from scoring.model import Vectors

Truth = npt.NDArray[np.bool_]
Labelled = tuple[Vectors, Truth]  # vectors (n, features) and fraud (n,)
Parameters = dict[str, str | int | float]

THREADS = 2  # part of what makes a run repeatable to the bit, so not taken from the machine
BATCH_ROWS = 100_000  # handed to XGBoost at once: 90 MB, instead of a second copy of all vectors
PARAMETERS: Parameters = {
    "objective": "binary:logistic",
    "eval_metric": "aucpr",
    "tree_method": "hist",
    # Set, not fitted: with `hist` the value that XGBoost fits by itself since version 2 turned 0.639 average precision
    # into 0.563 on public card data, and 0.798 into 0.780 on the simulator's validation period.
    "base_score": 0.5,
    "max_depth": 6,
    # By few bins the largest amounts, often nearly all fraud, share one with usual ones: 64 instead of 1,024 turned an
    # average precision of 0.759 into 0.737 on public card data (decision 0031).
    "max_bin": 1024,
    "eta": 0.1,
    "min_child_weight": 2.0,
    "subsample": 0.9,
    "colsample_bytree": 0.3,
    "lambda": 2.0,
}


QUICK_BINS = 64  # as good as more on the simulator, and a quarter faster


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to fit. `features` names the columns, `monotone` those of them along which risk may only rise."""

    parameters: Parameters = field(default_factory=lambda: dict(PARAMETERS))
    rounds_max: int = 240  # predicting, explaining and the first start cost in proportion
    patience_rounds: int = 30
    features: tuple[str, ...] = FEATURE_NAMES
    monotone: frozenset[str] = MONOTONE

    def complete(self, seed: int) -> Parameters:
        """Everything that XGBoost is told, as the manifest keeps it."""
        told = self.parameters | {"seed": seed, "nthread": THREADS}
        if self.monotone:
            told["monotone_constraints"] = f"({','.join(str(int(name in self.monotone)) for name in self.features)})"
        return told


class Matrices(NamedTuple):
    """Binned training and validation data: a byte a value, made once for any number of fits."""

    train: xgboost.QuantileDMatrix
    validation: xgboost.QuantileDMatrix


class Fitted(NamedTuple):
    """The model as UBJ bytes, cut at its best round; `average_precision` on the validation rows, if there were any."""

    raw: bytes
    rounds: int
    parameters: Parameters
    average_precision: float = 0.0


def matrices(train: Labelled, validation: Labelled, recipe: Recipe | None = None) -> Matrices:
    """The two as XGBoost takes them; validation rows are put into the bins of the training rows."""
    recipe = recipe or Recipe()
    binned = _binned(train, recipe)
    return Matrices(binned, _binned(validation, recipe, binned))


def fit(
    data: Matrices,
    seed: int,
    recipe: Recipe | None = None,
    on_round: Callable[[int, float], None] = lambda _done, _average_precision: None,
) -> Fitted:
    """Fit; stop when the average precision on the validation rows no longer rises.

    `on_round` is told the number of rounds done and that average precision; what it raises ends the fit.
    """
    recipe = recipe or Recipe()
    parameters = recipe.complete(seed)
    stopping = xgboost.callback.EarlyStopping(rounds=recipe.patience_rounds, maximize=True, save_best=True)
    booster = xgboost.train(
        parameters,
        data.train,
        num_boost_round=recipe.rounds_max,
        evals=[(data.validation, "validation")],
        callbacks=[stopping, _Rounds(on_round)],
        verbose_eval=False,
    )
    best = float(booster.attr("best_score") or 0.0)
    return Fitted(bytes(booster.save_raw("ubj")), booster.num_boosted_rounds(), parameters, best)


def fit_rounds(
    train: Labelled,
    rounds: int,
    seed: int,
    recipe: Recipe | None = None,
    on_round: Callable[[int, float], None] = lambda _done, _average_precision: None,
) -> Fitted:
    """Fit so many rounds, with nothing held back: the final fit, once validation has said how many."""
    recipe = recipe or Recipe()
    parameters = recipe.complete(seed)
    booster = xgboost.train(
        parameters,
        _binned(train, recipe),
        num_boost_round=rounds,
        callbacks=[_Rounds(on_round)],
        verbose_eval=False,
    )
    return Fitted(bytes(booster.save_raw("ubj")), booster.num_boosted_rounds(), parameters)


def rows_of(vectors: Vectors, rows: npt.NDArray[np.intp]) -> Vectors:
    """These rows; without a copy where they follow each other."""
    if len(rows) and rows[-1] - rows[0] == len(rows) - 1:
        return vectors[rows[0] : rows[-1] + 1]
    return vectors[rows]


class _Batches(xgboost.DataIter):
    """Hands arrays over in pieces, so that XGBoost never holds a copy of the whole."""

    def __init__(self, labelled: Labelled, features: tuple[str, ...]) -> None:
        super().__init__()
        self._vectors, self._truth = labelled
        self._features = list(features)
        self._next = 0

    def next(self, input_data: Callable[..., Any]) -> bool:
        start, end = self._next, min(self._next + BATCH_ROWS, len(self._truth))
        if start >= end:
            return False
        label = self._truth[start:end].astype(np.float32)
        input_data(data=self._vectors[start:end], label=label, feature_names=self._features)
        self._next = end
        return True

    def reset(self) -> None:
        self._next = 0


def _binned(labelled: Labelled, recipe: Recipe, like: xgboost.QuantileDMatrix | None = None) -> xgboost.QuantileDMatrix:
    bins = int(recipe.parameters.get("max_bin", 256))
    batches = _Batches(labelled, recipe.features)
    return xgboost.QuantileDMatrix(batches, max_bin=bins, ref=like, nthread=THREADS, missing=np.nan)


class _Rounds(xgboost.callback.TrainingCallback):
    def __init__(self, told: Callable[[int, float], None]) -> None:
        super().__init__()
        self._told = told

    def after_iteration(self, model: xgboost.Booster, epoch: int, evals_log: dict[str, Any]) -> bool:
        del model
        history = evals_log.get("validation", {}).get("aucpr", [0.0])
        self._told(epoch + 1, float(history[-1]))
        return False
