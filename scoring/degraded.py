"""Decisions by declared policy, where a part that scoring needs is away: by the amount alone, marked as such."""

from collections.abc import Sequence

from contracts.decision import Decision, Recommendation
from contracts.transaction import Transaction
from features.catalogue import CATALOGUE_HASH
from scoring.policy import LEVEL_OF, Policy

STATE, MODEL, TIME = "state", "model", "time"  # what may be missing: Redis, a model, the rest of the deadline
DECIDED_BY = "policy"
NO_MODEL = "none"  # the model version of a decision without one
SCORES_END = 100.0


def decide_degraded(
    transaction: Transaction, policy: Policy, amount_base: float, missing: Sequence[str], *, vector: bytes = b""
) -> Decision:
    """The decision on `amount_base`, the amount in units of the base currency. `missing` says what was away.

    The score stands for the level: it is where the level begins under the policy, and the probability follows from
    it, so that nobody takes it for a measurement; `degraded` says so.
    """
    recommendation, score = _verdict(policy, amount_base)
    return Decision(
        client_id=transaction.client_id,
        transaction_id=transaction.transaction_id,
        account=transaction.account,
        event_time_ms=transaction.event_time_ms,
        risk_score=score,
        risk_level=LEVEL_OF[recommendation],
        recommendation=recommendation,
        probability=score / SCORES_END,
        signals={},
        model_version=NO_MODEL,
        catalogue_hash=CATALOGUE_HASH,
        policy_version=policy.version,
        decided_by=DECIDED_BY,
        degraded=True,
        missing=tuple(missing),
        vector=vector,
    )


def _verdict(policy: Policy, amount_base: float) -> tuple[Recommendation, float]:
    if amount_base < policy.limits.approve_below:
        return Recommendation.APPROVE, 0.0
    if amount_base < policy.limits.review_below:
        return Recommendation.REVIEW, policy.review
    return Recommendation.DECLINE, policy.decline
