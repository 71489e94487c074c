"""Fit XGBoost with early stopping; the same data, seed and thread count give the same bytes."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xgboost

from features.catalogue import FEATURE_NAMES
from scoring.model import Vectors

THREADS = 2  # part of what makes a run repeatable to the bit, so not taken from the machine
ROUNDS_MAX = 120  # predicting, explaining and the first start cost in proportion
PATIENCE_ROUNDS = 20
PARAMETERS: dict[str, str | int | float] = {
    "objective": "binary:logistic",
    "eval_metric": "aucpr",
    "tree_method": "hist",
    # Set, not fitted: with `hist` the value that XGBoost fits by itself since version 2 turned 0.639 average precision
    # into 0.563 on public card data. On the simulator's the two are equal within the noise of seeds.
    "base_score": 0.5,
    "max_depth": 6,
    "max_bin": 64,
    "eta": 0.2,
    "min_child_weight": 2.0,
    "subsample": 0.9,
    "colsample_bytree": 0.3,
    "lambda": 2.0,
}


class Fitted(NamedTuple):
    """The model as UBJ bytes, cut at its best round."""

    raw: bytes
    rounds: int
    parameters: dict[str, str | int | float]


def fit(
    train: tuple[Vectors, npt.NDArray[np.bool_]],
    validation: tuple[Vectors, npt.NDArray[np.bool_]],
    seed: int,
    on_round: Callable[[int], None] = lambda _: None,
) -> Fitted:
    """Fit on (vectors, fraud); stop when the average precision on `validation` no longer rises.

    `on_round` is told the number of rounds done.
    """
    parameters = PARAMETERS | {"seed": seed, "nthread": THREADS}
    matrices = {
        "train": xgboost.QuantileDMatrix(*_labelled(train), max_bin=int(PARAMETERS["max_bin"]), **_OPTIONS),
        "validation": xgboost.DMatrix(*_labelled(validation), **_OPTIONS),
    }
    stopping = xgboost.callback.EarlyStopping(rounds=PATIENCE_ROUNDS, maximize=True, save_best=True)
    booster = xgboost.train(
        parameters,
        matrices["train"],
        num_boost_round=ROUNDS_MAX,
        evals=[(matrices["validation"], "validation")],
        callbacks=[stopping, _Rounds(on_round)],
        verbose_eval=False,
    )
    return Fitted(bytes(booster.save_raw("ubj")), booster.num_boosted_rounds(), parameters)


_OPTIONS: dict[str, Any] = {"nthread": THREADS, "feature_names": list(FEATURE_NAMES)}


def _labelled(part: tuple[Vectors, npt.NDArray[np.bool_]]) -> tuple[Vectors, npt.NDArray[np.float32]]:
    return part[0], part[1].astype(np.float32)


class _Rounds(xgboost.callback.TrainingCallback):
    def __init__(self, told: Callable[[int], None]) -> None:
        super().__init__()
        self._told = told

    def after_iteration(self, model: xgboost.Booster, epoch: int, evals_log: object) -> bool:
        del model, evals_log
        self._told(epoch + 1)
        return False
