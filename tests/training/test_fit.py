"""Fitting: equal bytes, bounded rounds, risk that only rises where it may only rise."""

import numpy as np
import pytest

from scoring.model import booster_from
from training import fit as fitting
from training.fit import Recipe, fit, fit_rounds, matrices, rows_of

NAMES = ("rising", "noise", "helpful")
RECIPE = Recipe(rounds_max=60, patience_rounds=8, features=NAMES, monotone=frozenset({"rising"}))


def data(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Fraud rises with the first column on the whole, but falls within its upper half; a tenth is missing."""
    random = np.random.default_rng(seed)
    table = random.random((rows, 3)).astype(np.float32)
    chance = np.where(table[:, 0] < 0.5, table[:, 0], 0.9 - table[:, 0] / 2) * 0.5 + 0.3 * (table[:, 2] > 0.8)
    fraud = random.random(rows) < chance
    table[random.random(table.shape) < 0.1] = np.nan
    return table, fraud


def test_equal_data_and_seed_give_equal_bytes() -> None:
    one, again, other = (fit(matrices(data(3000, 1), data(1000, 2), RECIPE), seed, RECIPE) for seed in (1, 1, 2))
    assert one == again
    assert one.raw != other.raw
    assert one.average_precision > data(1000, 2)[1].mean()


def test_pieces_are_only_a_way_to_hand_over(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fit_rounds(data(3000, 1), 10, 1, RECIPE)
    monkeypatch.setattr(fitting, "BATCH_ROWS", 700)
    pieces = fit_rounds(data(3000, 1), 10, 1, RECIPE)
    table = data(500, 3)[0]
    one, other = (booster_from(made.raw).inplace_predict(table) for made in (whole, pieces))
    assert np.corrcoef(one, other)[0, 1] > 0.98  # the bins of pieces may differ by a hair


def test_risk_only_rises_where_the_recipe_says_so() -> None:
    train = data(6000, 1)
    bound = booster_from(fit_rounds(train, 40, 1, RECIPE).raw)
    free = booster_from(fit_rounds(train, 40, 1, Recipe(features=NAMES, monotone=frozenset())).raw)
    table = np.tile(data(50, 4)[0][:, None, :], (1, 40, 1)).astype(np.float32)
    table[:, :, 0] = np.linspace(0, 1, 40)
    steps = [
        np.diff(booster.inplace_predict(table.reshape(-1, 3)).reshape(50, 40), axis=1) for booster in (bound, free)
    ]
    assert (steps[0] >= -1e-6).all()
    assert (steps[1] < -0.01).any()


def test_it_stops_when_validation_no_longer_rises_and_tells_every_round() -> None:
    told: list[int] = []
    random = np.random.default_rng(5)
    noise = random.random((2000, 3)).astype(np.float32), random.random(2000) < 0.2
    made = fit(matrices(noise, data(500, 2), RECIPE), 1, RECIPE, lambda done, _: told.append(done))
    assert made.rounds < RECIPE.rounds_max
    assert told == list(range(1, len(told) + 1))
    assert made.rounds <= len(told) <= made.rounds + RECIPE.patience_rounds


def test_neighbouring_rows_are_not_copied() -> None:
    table = data(100, 1)[0]
    assert np.shares_memory(rows_of(table, np.arange(10, 50)), table)
    picked = rows_of(table, np.array([3, 7, 9]))
    assert np.array_equal(picked, table[[3, 7, 9]], equal_nan=True)
    assert len(rows_of(table, np.arange(0))) == 0


def test_a_manifests_parameters_say_everything() -> None:
    made = fit_rounds(data(500, 1), 5, seed=9, recipe=RECIPE)
    assert made.parameters["seed"] == 9
    assert made.parameters["monotone_constraints"] == "(1,0,0)"
    assert made.rounds == 5
