"""Each detector on rows with one planted anomaly of its kind: it stands first, and the reason names it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.detectors import registry
from analysis.detectors.protocol import Detector
from analysis.detectors.registry import detector
from analysis.rows import SCHEMA
from analysis.run import Outcome, analyse
from analysis.strategy import Strategy
from tests.analysis.rows_of import DAY_MS, HOUR_MS, MONDAY_MS, Cut, habits, written

Planted = tuple[list[dict[str, Any]], dict[str, Any], str]  # rows, the detector's configuration, words of the reason
DAY = MONDAY_MS + 100 * DAY_MS  # a Wednesday, when every account has a past
ODD = "odd"


def _one(**changes: Any) -> list[dict[str, Any]]:
    usual = {"account": "a1", "time_ms": DAY + 11 * HOUR_MS, "amount": 50.27, "counterparty": "c1", "category": "k1"}
    return [*habits(), usual | {"transaction_id": ODD} | changes]


def _large() -> Planted:
    return _one(amount=3_000), {}, "above"


def _night() -> Planted:
    return _one(time_ms=DAY + 3 * HOUR_MS), {"rows_min": 20}, "At 03 h on a working day"


def _large_at_night() -> Planted:
    return _one(time_ms=DAY + 3 * HOUR_MS, amount=2_000), {}, "at 03 h, in the night"


def _again() -> Planted:
    first = {"account": "a1", "time_ms": DAY, "amount": 77.7, "counterparty": "c1"}
    second, third = first | {"time_ms": DAY + HOUR_MS}, first | {"time_ms": DAY + 6 * HOUR_MS, "transaction_id": ODD}
    return [*habits(), first, second, third], {}, "3rd time in a row, 5.0 hours after"


def _split() -> Planted:
    parts = [{"account": "a1", "time_ms": DAY + i * HOUR_MS, "amount": 900 + i, "counterparty": "c9"} for i in range(3)]
    parts[-1]["transaction_id"] = ODD
    return [*habits(), *parts], {}, "3 payments just under 1,000"


def _round() -> Planted:
    return _one(amount=5_000), {}, "3 zeros"


def _booked_back() -> Planted:
    return _one(time_ms=MONDAY_MS + DAY_MS), {}, "days later"


def _over_limit() -> Planted:
    return _one(amount=200), {"limits": {"a1": 150}}, "the limit set for it, 150.00"


def _moved_apart() -> Planted:
    """Two accounts whose daily totals rise and fall together, but for one day."""
    rows = []
    for day in range(60):
        level = 100 + 50 * np.sin(day) + 20 * (day % 3)
        at = MONDAY_MS + day * DAY_MS + HOUR_MS
        rows += [{"account": account, "time_ms": at, "amount": level} for account in ("a1", "a2")]
    rows[-11] |= {"amount": 2_000, "transaction_id": ODD}
    return rows, {}, "usually moves with"


def _large_day() -> Planted:
    rows = [{"account": "a1", "time_ms": MONDAY_MS + day * DAY_MS, "amount": 100 + day % 7} for day in range(90)]
    return (
        [*rows, {"account": "a1", "time_ms": DAY - 30 * DAY_MS, "amount": 900, "transaction_id": ODD}],
        {},
        "expected",
    )


def _made_up() -> Planted:
    """Amounts that follow the law, and an account whose amounts mostly begin with 7."""
    chance = np.random.default_rng(3)
    rows = [{"account": "a1", "time_ms": DAY, "amount": float(10 ** chance.uniform(0, 4))} for _ in range(10_000)]
    rows += [{"account": "a2", "time_ms": DAY, "amount": 700 + i / 100, "transaction_id": ODD} for i in range(150)]
    return rows, {}, "begin with 7"


def _unlike_peers() -> Planted:
    chance = np.random.default_rng(2)
    rows = [
        {"account": f"a{i % 20}", "time_ms": DAY + i, "amount": float(chance.lognormal(3, 0.2)), "category": "food"}
        for i in range(400)
    ]
    return (
        [*rows, {"account": "b", "time_ms": DAY, "amount": 900, "category": "food", "transaction_id": ODD}],
        {},
        "accounts",
    )


def _odd_as_a_whole() -> Planted:
    return _one(amount=2_500, time_ms=DAY + 3 * HOUR_MS, counterparty="c77"), {}, "Unlike most rows"


PLANTED: dict[str, Callable[[], Planted]] = {
    "z_score": _large,
    "robust_z_score": _large,
    "moving_average": _large,
    "own_past": _large,
    "related_accounts": _moved_apart,
    "seasonal": _large_day,
    "benford": _made_up,
    "peer_group": _unlike_peers,
    "weekend_night": _large_at_night,
    "booking_period": _booked_back,
    "account_limit": _over_limit,
    "time_pattern": _night,
    "round_amount": _round,
    "duplicate": _again,
    "split_payment": _split,
    "isolation_forest": _odd_as_a_whole,
    "autoencoder": _odd_as_a_whole,
    "clustering": _odd_as_a_whole,
    "outlier_ensemble": _odd_as_a_whole,
}


def test_every_detector_of_ours_is_tried_here() -> None:
    assert set(PLANTED) == set(registry.OURS)


@pytest.mark.parametrize("name", PLANTED)
def test_the_planted_row_stands_first_with_its_reason(name: str, tmp_path: Path) -> None:
    rows, config, words = PLANTED[name]()
    source = written(tmp_path / "rows.parquet", rows)
    outcome = analyse(source, _alone(name, config), folder=tmp_path)
    first = outcome.anomalies[0]
    (record,) = source.records([first.place])
    assert record["transaction_id"] == ODD
    assert words in first.reasons[name]
    assert first.shares == {name: first.score}


@pytest.mark.parametrize("name", PLANTED)
def test_results_do_not_depend_on_how_rows_are_cut(name: str, tmp_path: Path) -> None:
    rows, config, _ = PLANTED[name]()
    source = written(tmp_path / "rows.parquet", rows)
    strategy = _alone(name, config)
    whole, again, cut = (analyse(s, strategy, folder=tmp_path) for s in (source, source, Cut(source, 37)))
    assert np.array_equal(whole.scores, again.scores)
    if detector(name).kind != "ml":  # what is drawn for the sample depends on the chunks
        np.testing.assert_allclose(whole.scores, cut.scores, atol=0.5)
    assert _places(cut)[0] == _places(whole)[0]


@pytest.mark.parametrize("name", PLANTED)
def test_rows_with_nothing_in_them_are_no_error(name: str, tmp_path: Path) -> None:
    empty = written(tmp_path / "bare.parquet", [{"amount": 0}] * 3)
    assert analyse(empty, _alone(name, {}), folder=tmp_path).anomalies == []
    nothing = written(tmp_path / "none.parquet", [])
    assert analyse(nothing, _alone(name, {}), folder=tmp_path).rows == 0


@pytest.mark.parametrize("name", PLANTED)
def test_the_catalogue_describes_it(name: str) -> None:
    found = detector(name)
    assert isinstance(found(found.config_type(), _setting()), Detector)
    assert found.name == name
    assert found.summary.endswith(".")
    assert found.limits
    for field in found.config_type.model_fields.values():
        assert field.description
        assert not field.is_required()


def _alone(name: str, config: dict[str, Any]) -> Strategy:
    return Strategy.model_validate({"name": name, "detectors": [{"detector": name, "config": config}], "threshold": 1})


def _places(outcome: Outcome) -> list[int]:
    return [anomaly.place for anomaly in outcome.anomalies]


def _setting() -> Any:
    from analysis.detectors.protocol import Setting

    return Setting()


def test_the_schema_is_what_the_tests_write() -> None:
    assert {"row", "account", "time_ms", "amount_minor"} <= set(SCHEMA.names)
