"""Decisions: levels from the score as shown, reasons for alerts, overrides in their order, nothing from the batch."""

import numpy as np
import pytest

from contracts.decision import Decision, Recommendation, RiskLevel
from contracts.transaction import Transaction
from features.catalogue import CATALOGUE_HASH
from scoring.decide import decide_batch, vector_of
from scoring.manifest import Curve
from scoring.model import Model, Vectors
from scoring.policy import LEVEL_OF, Policy
from tests.scoring import small_model
from tests.scoring.transactions import transaction

ROWS = 400


def decide(model: Model, rows: slice = slice(None), **options: object) -> list[Decision]:
    transactions = [transaction(i, client_id=1 + i % 2) for i in range(ROWS)][rows]
    table = small_model.vectors(ROWS, seed=21)[rows]
    flags = np.arange(ROWS)[rows] % 8
    states = [{"device": i} for i in range(ROWS)][rows]
    policies = {1: Policy(), 2: Policy(20, 30, 40)}
    return decide_batch(model, transactions, table, flags, states, policies.__getitem__, **options)  # type: ignore[arg-type]


def test_a_decision_keeps_what_reproduces_it(model: Model) -> None:
    decisions = decide(model)
    table = small_model.vectors(ROWS, seed=21)
    for i, decision in enumerate(decisions):
        assert decision.transaction_id == f"t{i}"
        assert (decision.model_version, decision.catalogue_hash) == (model.version, CATALOGUE_HASH)
        assert vector_of(decision).tobytes() == table[i : i + 1].tobytes()
        assert decision.probability == model.predict(vector_of(decision))[0]
        assert decision.risk_score == round(decision.risk_score, 1)
        assert (decision.flags, decision.states) == (i % 8, {"device": i})
        assert decision.decided_by == "model"


def test_each_client_has_its_own_thresholds(model: Model) -> None:
    decisions = decide(model)
    for decision in decisions:
        policy = Policy() if decision.client_id == 1 else Policy(20, 30, 40)
        assert decision.risk_level is policy.level(decision.risk_score)
        assert decision.risk_level is LEVEL_OF[decision.recommendation]
        assert decision.policy_version == policy.version
    assert {d.recommendation for d in decisions} == set(Recommendation)


def test_alerts_and_only_alerts_have_reasons(model: Model) -> None:
    assert all((len(d.reasons) == 5) == d.raises_alert for d in decide(model))
    assert all(len(d.reasons) == 5 for d in decide(model, explain_all=True))


def test_a_decision_does_not_depend_on_its_batch(model: Model) -> None:
    assert decide(model) == [decide(model, slice(i, i + 1))[0] for i in range(ROWS)]
    assert decide(model, slice(0, 0)) == []


def test_the_level_is_that_of_the_score_as_shown(raw_model: bytes) -> None:
    for probability, score, level in ((0.7495, 75.0, RiskLevel.HIGH), (0.7494, 74.9, RiskLevel.MEDIUM)):
        flat = Curve((-50.0, 50.0), (probability, probability))
        model = Model(small_model.booster(500), small_model.manifest_of(raw_model, calibration=flat))
        decisions = [d for d in decide(model) if d.client_id == 1]
        assert {(d.risk_score, d.risk_level) for d in decisions} == {(score, level)}


def test_the_score_curve_bends_the_score_but_not_the_probability(raw_model: bytes, model: Model) -> None:
    bent = Curve((0.0, 0.1, 1.0), (0.0, 75.0, 100.0))
    booster = small_model.booster()
    bending = Model(booster, small_model.manifest_of(raw_model, score=bent))
    for a, b in zip(decide(model), decide(bending), strict=True):
        assert a.probability == b.probability
        assert b.risk_score >= a.risk_score
        assert (b.risk_score >= 75.0) == (round(np.interp(a.probability, bent.x, bent.y), 1) >= 75.0)


class ByNumber:
    """Blocks t1-t3, allows t2-t5, has a rule for t3-t7: where they overlap the order shows."""

    def blocked(self, transaction: Transaction) -> str | None:
        return "stolen-phones" if transaction.transaction_id in ("t1", "t2", "t3") else None

    def allowed(self, transaction: Transaction) -> str | None:
        return "payroll" if transaction.transaction_id in ("t2", "t3", "t4", "t5") else None

    def ruled(self, transaction: Transaction, vector: Vectors, risk_score: float) -> tuple[str, Recommendation] | None:
        assert vector.ndim == 1
        assert 0 <= risk_score <= 100
        named = transaction.transaction_id in ("t3", "t4", "t5", "t6", "t7")
        return ("night-review", Recommendation.REVIEW) if named else None


@pytest.mark.parametrize(
    ("number", "decided_by", "recommendation"),
    [
        (1, "block:stolen-phones", Recommendation.DECLINE),
        (2, "block:stolen-phones", Recommendation.DECLINE),
        (3, "block:stolen-phones", Recommendation.DECLINE),
        (4, "allow:payroll", Recommendation.APPROVE),
        (5, "allow:payroll", Recommendation.APPROVE),
        (6, "rule:night-review", Recommendation.REVIEW),
        (7, "rule:night-review", Recommendation.REVIEW),
    ],
)
def test_block_before_allow_before_rules_before_model(
    model: Model, number: int, decided_by: str, recommendation: Recommendation
) -> None:
    decision = decide(model, overrides=ByNumber())[number]
    assert (decision.decided_by, decision.recommendation) == (decided_by, recommendation)
    assert decision.risk_level is LEVEL_OF[recommendation]
    assert bool(decision.reasons) == decision.raises_alert
    assert decision.risk_score == decide(model)[number].risk_score


def test_without_an_entry_the_model_decides(model: Model) -> None:
    assert decide(model, slice(8, None), overrides=ByNumber()) == decide(model, slice(8, None))
