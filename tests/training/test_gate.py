"""The gate: each check holds up to its bound and no further."""

from typing import Any

import pytest

from training.evaluation.bootstrap import Interval
from training.evaluation.result import Compared, Evaluation, Group, Lines
from training.gate import Limits, judge

CHAMPION = "champion v1"
NO_LINES = Lines(
    precision_recall=((), ()), roc=((), ()), calibration=((), ()), histogram_legitimate=(), histogram_fraud=()
)


def compared(name: str, value: float, difference: Interval | None = None) -> Compared:
    return Compared(name=name, about="", figures={"average_precision": Interval(value)}, difference=difference)


def group(name: str, recall: float, frauds: int = 50, dimension: str = "channel") -> Group:
    return Group(
        dimension=dimension, name=name, rows=1000, frauds=frauds, recall=recall, false_positive_rate=0.005,
        recall_at_flag=None, value_at_flag=None,
    )  # fmt: skip


def evaluation(**changes: Any) -> Evaluation:
    fields: dict[str, Any] = {
        "version": "v2", "data": {}, "rows": 5000, "frauds": 100, "days": 7.0, "fraud_value": 1.0, "time_from": "",
        "time_to": "", "blocks": "account", "replicates": 200, "seed": 0, "levels": {}, "calibration_error": 0.01,
        "brier": 0.01, "groups": (group("web", 0.7),), "cuts": (), "lines": NO_LINES,
        "compared": (
            compared("model v2", 0.80),
            compared(CHAMPION, 0.78, Interval(0.02, -0.005, 0.04)),
            compared("amount rule", 0.1, Interval(0.7, 0.6, 0.8)),
        ),
    }  # fmt: skip
    return Evaluation(**(fields | changes))


def failed(one: Evaluation, old: list[Group] | None = None, alerts: tuple[int, int | None] = (100, 100)) -> set[str]:
    checks = judge(one, CHAMPION, old if old is not None else [group("web", 0.7)], alerts, Limits())
    assert len({check.name for check in checks}) == len(checks)
    assert all(check.told for check in checks)
    return {check.name for check in checks if not check.passed}


def test_a_good_model_passes_everything() -> None:
    assert failed(evaluation()) == set()


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"frauds": 29}, "enough fraud to judge by"),
        ({"calibration_error": 0.021}, "calibration error"),
        (
            {"compared": (compared("model v2", 0.8), compared(CHAMPION, 0.8, Interval(0.0, -0.0101, 0.01)))},
            f"average precision against {CHAMPION}",
        ),
        ({"compared": (compared("model v2", 0.8),)}, f"average precision against {CHAMPION}"),
        ({"groups": (group("web", 0.64), group("pos", 0.9))}, "worst segment by channel"),
    ],
)
def test_each_check_by_itself(changes: dict[str, Any], name: str) -> None:
    assert failed(evaluation(**changes), [group("web", 0.7), group("pos", 0.7)]) == {name}


def test_small_segments_and_new_ones_say_nothing() -> None:
    groups = (group("web", 0.1, frauds=19), group("new", 0.1))
    assert failed(evaluation(groups=groups)) == set()


def test_alerts_may_grow_by_half() -> None:
    assert failed(evaluation(), alerts=(150, 100)) == set()
    assert failed(evaluation(), alerts=(151, 100)) == {"volume of alerts"}


def test_without_a_champion_the_amount_rule_is_to_be_beaten() -> None:
    assert all(check.passed for check in judge(evaluation(), None, [], (100, None), Limits()))
    beaten = evaluation(compared=(compared("model v2", 0.1), compared("amount rule", 0.1, Interval(0.0, -0.001, 0.1))))
    assert [c.name for c in judge(beaten, None, [], (1, None), Limits()) if not c.passed] == [
        "average precision against amount rule"
    ]
