"""The search on a small history: seeded, within its budget, on validation folds only."""

from dataclasses import replace

import numpy as np
import pytest

from contracts.errors import DataRefused
from training import tune as tuning
from training.creditcard.history import RECIPE, history_of_cards
from training.creditcard.synthetic import synthetic_rows
from training.history import History
from training.periods import Periods, Wanted, split
from training.tune import Budget, budget_of, tune

SEED = 5


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tested does not depend on how long a trial may go on."""
    monkeypatch.setattr(tuning, "ROUNDS_MAX", 30)


@pytest.fixture(scope="module")
def history() -> History:
    return history_of_cards(synthetic_rows(1, rows=30_000), {"source": "synthetic"})


@pytest.fixture(scope="module")
def periods(history: History) -> Periods:
    return split(history.time_ms, history.fraud, wanted=Wanted(folds=2), delay_ms=0)


def test_finds_nothing_worse_than_it_started_with(history: History, periods: Periods) -> None:
    found = tune(history, periods, RECIPE, Budget(trials=4), SEED)
    assert len(found.trials) == 4
    start = found.trials[0]
    assert start.parameters["max_depth"] == RECIPE.parameters["max_depth"]
    assert start.value is not None
    best = max(trial.value for trial in found.trials if trial.value is not None)
    assert best >= start.value
    chosen = next(trial for trial in found.trials if trial.value == best)
    assert found.recipe.parameters | chosen.parameters == found.recipe.parameters


def test_a_number_of_trials_is_repeatable(history: History, periods: Periods) -> None:
    one, again = (tune(history, periods, RECIPE, Budget(trials=3), SEED) for _ in range(2))
    assert one == again


def test_the_test_period_is_not_looked_at(history: History, periods: Periods) -> None:
    spoilt = history.vectors.copy()
    spoilt[periods.test] = np.nan
    flipped = history.fraud.copy()
    flipped[periods.test] = ~flipped[periods.test]
    other = replace(history, vectors=spoilt, fraud=flipped)
    one, blind = (tune(each, periods, RECIPE, Budget(trials=2), SEED) for each in (history, other))
    assert one == blind


def test_a_time_that_is_over_still_tries_the_start(history: History, periods: Periods) -> None:
    found = tune(history, periods, RECIPE, Budget(seconds=0.01), SEED)
    assert len(found.trials) == 1
    assert found.trials[0].value is not None


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("90s", Budget(seconds=90)),
        ("20m", Budget(seconds=1200)),
        ("1.5h", Budget(seconds=5400)),
        ("40", Budget(trials=40)),
    ],
)
def test_budgets(text: str, budget: Budget) -> None:
    assert budget_of(text) == budget


@pytest.mark.parametrize("text", ["", "0", "0m", "soon", "-3", "1.5", "20 minutes"])
def test_what_is_no_budget_is_refused(text: str) -> None:
    with pytest.raises(DataRefused):
        budget_of(text)
