"""Champion and challenger compared on the same transactions, by hand-made figures and through the real database."""

import numpy as np
import pytest

from contracts.errors import DataRefused
from scoring.policy import Policy
from training.models_live import LiveComparison, Pairs, compare

DAY = 86_400_000
POLICY = Policy(50, 75, 90)
OLD, NEW = ("v1", POLICY), ("v2", POLICY)


def pairs(rows: list[tuple[float, float, int, bool | None]]) -> Pairs:
    """(champion's score, challenger's score, day, label)."""
    decided, score, day, label = zip(*rows, strict=True)
    return Pairs(
        probability=np.array(score) / 100,
        score=np.array(score, float),
        decided_probability=np.array(decided) / 100,
        decided_score=np.array(decided, float),
        time_ms=np.array(day, np.int64) * DAY,
        labelled=np.array([one is not None for one in label]),
        fraud=np.array([bool(one) for one in label]),
    )


ROWS = [
    (95.0, 95.0, 0, True),
    (10.0, 80.0, 1, True),
    (80.0, 10.0, 2, None),
    (60.0, 10.0, 3, False),
    (10.0, 10.0, 4, None),
    (10.0, 95.0, 20, None),
]


def test_volumes_count_every_row_and_quality_the_mature_ones() -> None:
    found: LiveComparison = compare(pairs(ROWS), 3, OLD, NEW, 7 * DAY)
    assert (found.rows, found.left_out, found.mature_rows, found.labels, found.frauds) == (6, 3, 5, 3, 2)
    assert (found.champion.reviews, found.champion.alerts, found.champion.declines) == (1, 2, 1)
    assert (found.challenger.reviews, found.challenger.alerts, found.challenger.declines) == (0, 3, 2)
    assert (found.alerts_of_both, found.alerts_of_champion_only, found.alerts_of_challenger_only) == (1, 1, 2)
    assert (found.frauds_of_champion_only, found.frauds_of_challenger_only) == (0, 1)
    assert found.agreement == pytest.approx(2 / 6, abs=1e-6)
    assert found.champion.precision_at_flag == found.champion.recall_at_flag == 0.5
    assert found.challenger.average_precision == found.challenger.recall_at_flag == 1.0
    assert found.score_psi > 0


def test_quality_is_left_open_where_no_fraud_is_known() -> None:
    found = compare(pairs([row for row in ROWS if not row[3]]), 0, OLD, NEW, 7 * DAY)
    assert found.champion.average_precision is None
    assert found.challenger.precision_at_flag is None
    assert found.champion.alerts == 1


def test_a_model_against_itself_shows_no_difference() -> None:
    found = compare(pairs([(a, a, d, label) for a, _, d, label in ROWS]), 0, OLD, ("v1", POLICY), 0)
    assert found.agreement == 1.0
    assert found.score_psi == 0.0
    assert found.champion == found.challenger


def test_nothing_to_compare_is_said() -> None:
    empty = pairs(ROWS[:1])
    nothing = Pairs(*(getattr(empty, name)[:0] for name in empty.__struct_fields__))
    with pytest.raises(DataRefused, match="scored nothing"):
        compare(nothing, 0, OLD, NEW, 0)
