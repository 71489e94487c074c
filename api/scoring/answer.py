"""What a caller reads: the decision in the words of the API."""

from typing import Annotated, Any, Literal

import msgspec
from pydantic import ConfigDict, Field

from api.schemas import Answer, ProblemOut, ReasonOut
from contracts.decision import Decision, Reason, Recommendation, RiskLevel, alert_id_of

EXAMPLE: dict[str, Any] = {
    "transaction_id": "pay-7f3a",
    "risk_score": 93.1,
    "risk_level": "CRITICAL",
    "recommendation": "DECLINE",
    "signals": {"velocity": 0.91, "amount_anomaly": 0.4, "device_new": 1.0, "location_change": 0.0},
    "reasons": [
        {
            "feature": "account_count_5m",
            "value": 9.0,
            "norm": 1.0,
            "contribution": 1.52,
            "text": "9 payments in 5 minutes; this account's usual is 1",
        }
    ],
    "probability": 0.874,
    "model_version": "2026-01-05-1200",
    "policy_version": "4f1c9a02",
    "decided_by": "model",
    "degraded": False,
    "missing": [],
    "repeated": False,
    "dry_run": False,
    "notes": [],
    "alert_id": "0b9f1c2e-7a53-5c6f-9f0e-2d7f6f8f1a11",
    "processing_time_ms": 5.2,
}


class ScoreOut(Answer):
    """The decision on one transaction."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    transaction_id: str
    risk_score: Annotated[float, Field(ge=0, le=100, description="Where `degraded`: the beginning of the level")]
    risk_level: RiskLevel
    recommendation: Recommendation
    signals: dict[str, float]
    reasons: tuple[ReasonOut, ...]
    probability: Annotated[float | None, Field(description="Calibrated probability of fraud; null where `degraded`")]
    model_version: str
    policy_version: str
    decided_by: str
    degraded: Annotated[bool, Field(description="Decided by declared policy, because something was missing")]
    missing: Annotated[tuple[Literal["state", "model", "time"], ...], Field(description="What was missing")]
    repeated: Annotated[bool, Field(description="This is the stored decision: the id was decided before")]
    dry_run: bool
    notes: Annotated[tuple[str, ...], Field(description="Of a dry run: fields and places that are not known")]
    alert_id: Annotated[str | None, Field(description="The alert that it raised")]
    processing_time_ms: float


class BatchItemOut(Answer):
    """One item's decision, or why it has none; exactly one of the two is there."""

    decision: ScoreOut | None
    problem: ProblemOut | None


class BatchOut(Answer):
    """One answer for each transaction, in their order."""

    items: list[BatchItemOut]


class Scored(msgspec.Struct, frozen=True):
    """As `ScoreOut`, for the hot path: encoded without pydantic."""

    transaction_id: str
    risk_score: float
    risk_level: RiskLevel
    recommendation: Recommendation
    signals: dict[str, float]
    reasons: tuple[Reason, ...]
    probability: float | None
    model_version: str
    policy_version: str
    decided_by: str
    degraded: bool
    missing: tuple[str, ...]
    repeated: bool
    dry_run: bool
    notes: tuple[str, ...]
    alert_id: str | None
    processing_time_ms: float


def scored(
    decision: Decision,
    seconds: float,
    *,
    repeated: bool = False,
    dry_run: bool = False,
    notes: tuple[str, ...] = (),
) -> Scored:
    raised = decision.raises_alert and not dry_run
    return Scored(
        transaction_id=decision.transaction_id,
        risk_score=decision.risk_score,
        risk_level=decision.risk_level,
        recommendation=decision.recommendation,
        signals=decision.signals,
        reasons=decision.reasons,
        probability=None if decision.degraded else decision.probability,
        model_version=decision.model_version,
        policy_version=decision.policy_version,
        decided_by=decision.decided_by,
        degraded=decision.degraded,
        missing=decision.missing,
        repeated=repeated,
        dry_run=dry_run,
        notes=notes,
        alert_id=alert_id_of(decision.client_id, decision.transaction_id) if raised else None,
        processing_time_ms=round(1000 * seconds, 1),
    )
