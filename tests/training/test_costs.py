from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import DataRefused
from training.costs import Costs, cheapest_points, read_costs
from training.thresholds import Choice, score_curve, within_budget

COSTS = Costs(review=1, flag=5, decline_legitimate=20, review_recovers=0.2, flag_recovers=0.8)
rows = st.lists(
    st.tuples(st.integers(0, 9).map(lambda tenths: tenths / 10), st.booleans(), st.integers(1, 90)),
    min_size=1,
    max_size=12,
)


def cost_of(points: list[float], probability: np.ndarray, fraud: np.ndarray, amount: np.ndarray) -> float:
    """What these points would have cost, row by row."""
    total = 0.0
    review, flag, decline = points
    for p, f, a in zip(probability.tolist(), fraud.tolist(), amount.tolist(), strict=True):
        lost = a if f else 0.0
        if p >= decline:
            total += 0 if f else COSTS.decline_legitimate
        elif p >= flag:
            total += COSTS.flag + lost * (1 - COSTS.flag_recovers)
        elif p >= review:
            total += COSTS.review + lost * (1 - COSTS.review_recovers)
        else:
            total += lost
    return total


@given(rows)
@settings(deadline=None)
def test_no_other_points_are_cheaper(table: list[tuple[float, bool, int]]) -> None:
    probability, fraud, amount = (np.array(column) for column in zip(*table, strict=True))
    amount = amount.astype(np.float64)
    found = cheapest_points(probability, fraud, amount, COSTS)
    assert found == sorted(found)
    candidates = [*np.unique(probability).tolist(), 1.0]
    cheapest = min(
        cost_of(list(points), probability, fraud, amount) for points in combinations_with_replacement(candidates, 3)
    )
    assert cost_of(found, probability, fraud, amount) == pytest.approx(cheapest)


@given(rows, st.integers(0, 12))
def test_a_budget_is_kept_and_used(table: list[tuple[float, bool, int]], alerts: int) -> None:
    probability = np.array([row[0] for row in table])
    point = within_budget(probability, alerts)
    assert (probability >= point).sum() <= alerts or point == 1.0
    lower = probability[probability < point]
    if len(lower):
        assert (probability >= lower.max()).sum() > alerts


def test_a_budget_moves_the_flag_point() -> None:
    random = np.random.default_rng(1)
    probability = random.beta(0.2, 8, 20_000)
    fraud = random.random(20_000) < probability
    curve = score_curve(probability, fraud, days=10, choice=Choice(alerts_a_day=30))
    assert ((np.interp(probability, curve.x, curve.y) >= 75).sum()) == 300
    assert curve.complaint(0, 100) is None


def test_costs_move_all_points() -> None:
    random = np.random.default_rng(1)
    probability = random.beta(0.2, 8, 20_000)
    fraud, amount = random.random(20_000) < probability, random.gamma(2, 100, 20_000)
    cheap = score_curve(probability, fraud, amount, choice=Choice(Costs(review=0.01, flag=0.02)))
    dear = score_curve(probability, fraud, amount, choice=Choice(Costs(review=50, flag=100)))
    assert all(a < b for a, b in zip(cheap.x[1:3], dear.x[1:3], strict=True))


def test_reads_a_table(tmp_path: Path) -> None:
    path = tmp_path / "costs.toml"
    path.write_text("flag = 12\nflag_recovers = 0.5\n")
    assert read_costs(path) == Costs(flag=12.0, flag_recovers=0.5)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("flag = -1", "flag must be 0 or more"),
        ("flag = inf", "flag must be 0 or more"),
        ("flag_recovers = 2", "flag_recovers is a share"),
        ("flags = 2", "flags"),
        ("flag =", "not a cost table"),
        ("flag = 'much'", "flag"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "costs.toml"
    path.write_text(text)
    with pytest.raises(DataRefused, match=sentence):
        read_costs(path)


def test_a_missing_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match="cannot be read"):
        read_costs(tmp_path / "none.toml")
