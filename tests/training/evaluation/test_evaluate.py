"""A whole evaluation of a small real model, and what it must say."""

from itertools import pairwise

import numpy as np
import pytest
from msgspec import structs

from contracts.errors import DataRefused
from features.catalogue import FEATURE_INDEX
from scoring.model import Model, booster_from
from tests.scoring import small_model
from tests.training.evaluation.periods import period
from training.baselines import amount_rule, fitted_baselines, sample_rows
from training.evaluation import table
from training.evaluation.evaluate import Settings, evaluate
from training.evaluation.groups import TYPOLOGY, _ordered, threshold_at
from training.evaluation.lines import lines_of
from training.evaluation.moments import moment_text, period_text
from training.evaluation.outcomes import AMOUNT_BANDS, DAY_MS, Outcomes, amount_bands
from training.evaluation.result import Evaluation, as_json, decode

ROWS = 3000
HOW = Settings(replicates=20, seed=3)
BANDS = amount_bands(np.array([0.0, *AMOUNT_BANDS])).tolist()


def data() -> tuple[np.ndarray, Outcomes]:
    vectors = small_model.vectors(ROWS, seed=5)
    _, outcomes = period(ROWS)
    filled = np.nan_to_num(vectors)
    fraud = filled[:, FEATURE_INDEX["account_count_5m"]] + filled[:, FEATURE_INDEX["device_count_1h"]] > 18
    typology = np.where(fraud, "card_testing", "")
    return vectors, Outcomes(
        fraud, outcomes.time_ms, outcomes.amount, outcomes.account, outcomes.transaction, typology, outcomes.segments
    )


@pytest.fixture(scope="module")
def model() -> Model:
    raw = bytes(small_model.booster().save_raw("ubj"))
    return Model(booster_from(raw), small_model.manifest_of(raw))


@pytest.fixture(scope="module")
def evaluation(model: Model) -> Evaluation:
    vectors, outcomes = data()
    rivals = [amount_rule(), *fitted_baselines(vectors, outcomes.fraud, 1)]
    return evaluate(model, vectors, outcomes, rivals=rivals, how=HOW)


def test_the_model_beats_the_amount_rule_and_says_by_how_much(evaluation: Evaluation) -> None:
    own, rule, *_ = evaluation.compared
    assert own.figures["average_precision"].value > rule.figures["average_precision"].value
    assert own.difference is None
    assert rule.difference is not None
    assert rule.difference.low is not None
    assert rule.difference.low > 0
    assert [one.name for one in evaluation.compared[2:]] == ["logistic regression", "random forest"]


def test_intervals_hold_their_figures(evaluation: Evaluation) -> None:
    for one in evaluation.compared:
        for name, figure in one.figures.items():
            assert 0 <= figure.value <= 1, name
            assert figure.low is not None
            assert figure.high is not None
            assert figure.low - 0.02 <= figure.value <= figure.high + 0.02, name


def test_a_segment_sums_to_the_whole(evaluation: Evaluation) -> None:
    for dimension in ("amount", "channel"):
        parts = [group for group in evaluation.groups if group.dimension == dimension]
        assert sum(part.rows for part in parts) == ROWS
        assert sum(part.frauds for part in parts) == evaluation.frauds
    kinds = [group for group in evaluation.groups if group.dimension == TYPOLOGY]
    assert [(kind.name, kind.frauds) for kind in kinds] == [("card_testing", evaluation.frauds)]


def test_a_higher_threshold_alerts_less(evaluation: Evaluation) -> None:
    for lower, higher in pairwise(evaluation.cuts):
        assert lower.alerts_a_day >= higher.alerts_a_day
        assert lower.recall >= higher.recall


def test_histograms_hold_every_row(evaluation: Evaluation) -> None:
    assert sum(evaluation.lines.histogram_legitimate) == ROWS - evaluation.frauds
    assert sum(evaluation.lines.histogram_fraud) == evaluation.frauds


def test_the_same_again_is_the_same(model: Model, evaluation: Evaluation) -> None:
    vectors, outcomes = data()
    rivals = [amount_rule(), *fitted_baselines(vectors, outcomes.fraud, 1)]
    assert evaluate(model, vectors, outcomes, rivals=rivals, how=HOW) == evaluation
    assert decode(as_json(evaluation)) == evaluation


def test_tables_are_rectangular(evaluation: Evaluation) -> None:
    tables = [table.comparison(evaluation), table.transposed(table.comparison(evaluation)), table.levels(evaluation)]
    tables += [table.groups(evaluation, name) for name in table.dimensions(evaluation)]
    for one in tables:
        assert one.rows
        assert all(len(row) == len(one.headings) for row in one.rows)


def test_a_period_without_fraud_is_refused(model: Model) -> None:
    vectors, outcomes = data()
    honest = np.flatnonzero(~outcomes.fraud)
    with pytest.raises(DataRefused, match="needs fraud"):
        evaluate(model, vectors[honest], outcomes.at(honest))


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.5])
def test_the_review_threshold_keeps_its_rate(rate: float) -> None:
    score, outcomes = period()
    threshold = threshold_at(score, outcomes.fraud, rate)
    assert (score[~outcomes.fraud] >= threshold).mean() <= rate


def test_a_sample_keeps_fraud_and_is_bounded() -> None:
    fraud = np.zeros(10_000, bool)
    fraud[::100] = True
    rows = sample_rows(fraud, seed=1, rows_max=1000)
    assert len(rows) == 1000
    assert fraud[rows].sum() == 100
    assert len(sample_rows(~fraud, seed=1, rows_max=1000)) <= 1000
    assert sample_rows(fraud, 1, 20_000).tolist() == list(range(10_000))


def test_bands_of_numbers_stand_in_their_order(evaluation: Evaluation) -> None:
    names = [group.name for group in evaluation.groups if group.dimension == "amount"]
    assert len(names) > 2
    assert names == [name for name in BANDS if name in names]


@pytest.mark.parametrize(
    ("names", "ordered"),
    [
        (["1,000 and more", "10 to 50", "under 10", "500 to 1,000"],
         ["under 10", "10 to 50", "500 to 1,000", "1,000 and more"]),
        (["18 to 24", "00 to 06", "12 to 18", "06 to 12"], ["00 to 06", "06 to 12", "12 to 18", "18 to 24"]),
        (["web", "app", "atm"], ["web", "app", "atm"]),  # the largest first, as they come
        (["5411", "shop", "5812"], ["5411", "shop", "5812"]),
    ],
)  # fmt: skip
def test_natural_order(names: list[str], ordered: list[str]) -> None:
    assert _ordered(names) == ordered


def test_a_level_that_nothing_reaches_is_warned_about(evaluation: Evaluation) -> None:
    def warned(review: float, flag: float, decline: float) -> list[str]:
        shares = {"share_at_review": review, "share_at_flag": flag, "share_at_decline": decline}
        told = table.empty_bands(structs.replace(evaluation, levels=evaluation.levels | shares))
        return [level for warning in told for level in ("MEDIUM", "HIGH", "CRITICAL") if f"level {level} " in warning]

    assert warned(0.03, 0.02, 0.01) == []
    assert warned(0.02, 0.02, 0.01) == ["MEDIUM"]
    assert warned(0.02, 0.01, 0.01) == ["HIGH"]
    assert warned(0.02, 0.01, 0.0) == ["CRITICAL"]
    assert warned(0.0, 0.0, 0.0) == ["MEDIUM", "HIGH", "CRITICAL"]


def test_a_calibrated_model_lies_on_the_line_even_where_rows_are_few() -> None:
    for seed in range(20):
        random = np.random.default_rng(seed)
        probability = random.beta(0.05, 4.0, 6000)
        fraud = random.random(6000) < probability
        predicted, observed = lines_of(probability, probability * 100, fraud).calibration
        assert list(predicted) == sorted(predicted)
        for mean, share in zip(predicted, observed, strict=True):
            assert share == pytest.approx(mean, rel=2, abs=0.02)
            assert share > 0


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (0, 2 * DAY_MS - 1, "day 1 to day 2 (counted from the first row)"),
        (1_767_225_600_000, 1_767_225_600_000 + DAY_MS, "2026-01-01 to 2026-01-02"),
    ],
)
def test_days_without_a_date_are_no_days_of_1970(first: int, last: int, expected: str) -> None:
    assert period_text(moment_text(first), moment_text(last)) == expected
