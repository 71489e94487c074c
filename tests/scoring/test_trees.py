"""The trees as arrays against XGBoost itself: the same margins bit for bit, the same TreeSHAP values."""

import numpy as np
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import trees as trees_module
from scoring.model import FEW_ROWS, Model
from scoring.trees import Trees, trees_of
from tests.scoring import small_model

FEATURES = 6


def fitted(seed: int, **parameters: object) -> xgboost.Booster:
    """A booster over a few features that come again and again on every path, with missing values."""
    chance = np.random.default_rng(seed)
    rows = chance.integers(-3, 4, size=(400, FEATURES)).astype(np.float32)
    rows[chance.random(rows.shape) < 0.2] = np.nan
    fraud = (np.nan_to_num(rows).sum(axis=1) + chance.normal(size=len(rows)) > 1).astype(np.float32)
    chosen = {"objective": "binary:logistic", "max_depth": 5, "nthread": 1, "seed": seed} | parameters
    return xgboost.train(chosen, xgboost.DMatrix(rows, fraud, nthread=1), num_boost_round=12)


def rows_of(seed: int, count: int = 200) -> np.ndarray:
    chance = np.random.default_rng(seed)
    rows = chance.integers(-4, 5, size=(count, FEATURES)).astype(np.float32) + chance.choice(
        np.array([0, 0.5], np.float32), size=(count, FEATURES)
    )
    rows[chance.random(rows.shape) < 0.3] = np.nan
    return rows


def made(booster: xgboost.Booster) -> Trees:
    found = trees_of(booster)
    assert found is not None
    return found


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), depth=st.integers(1, 7), base=st.sampled_from([0.5, 0.01, None]))
def test_equals_xgboost(seed: int, depth: int, base: float | None) -> None:
    booster = fitted(seed, max_depth=depth, **({} if base is None else {"base_score": base}))
    found, rows = made(booster), rows_of(seed + 1)
    theirs = booster.inplace_predict(rows, predict_type="margin", validate_features=False)
    assert np.array_equal(found.margins(rows), theirs)
    shap = booster.predict(xgboost.DMatrix(rows, nthread=1), pred_contribs=True)
    assert found.contributions(rows) == pytest.approx(shap, abs=2e-5)


def test_a_forest_a_round_equals_xgboost_too() -> None:
    booster = fitted(3, num_parallel_tree=4, subsample=0.7)
    rows = rows_of(4)
    theirs = booster.inplace_predict(rows, predict_type="margin", validate_features=False)
    assert np.array_equal(made(booster).margins(rows), theirs)


def test_contributions_sum_to_the_margin(model: Model) -> None:
    rows = small_model.vectors(300, seed=5)
    assert model.contributions(rows).sum(axis=1) == pytest.approx(model.margin(rows), abs=1e-4)


def test_a_model_gives_a_row_the_same_bits_in_few_rows_and_in_many(model: Model) -> None:
    rows = small_model.vectors(FEW_ROWS + 50, seed=6)
    one_by_one = np.concatenate([model.margin(rows[i : i + 1]) for i in range(len(rows))])
    assert np.array_equal(one_by_one, model.margin(rows))


def test_what_the_arrays_do_not_hold_is_left_to_xgboost(monkeypatch: pytest.MonkeyPatch) -> None:
    booster = fitted(7)
    assert trees_of(fitted(7, booster="dart")) is None
    monkeypatch.setattr(trees_module, "PATH_MAX", 2)
    assert trees_of(booster) is None
    monkeypatch.setattr(trees_module, "PATH_MAX", 10)
    monkeypatch.setattr(trees_module, "CASES_MAX", 100)
    assert trees_of(booster) is None


def test_a_model_without_arrays_explains_by_xgboost(
    model: Model, raw_model: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trees_module, "CASES_MAX", 0)
    slow = Model(small_model.booster(), small_model.manifest_of(raw_model))
    rows = small_model.vectors(20, seed=8)
    assert np.array_equal(slow.margin(rows), model.margin(rows))
    assert slow.contributions(rows) == pytest.approx(model.contributions(rows), abs=1e-4)
