"""What the gateway answers, typed. Fields that a newer gateway adds are passed over."""

import msgspec

from contracts.case import Verdict
from contracts.decision import Alert, Reason, Recommendation, RiskLevel
from riskstream_client.errors import ProblemDocument, ProblemError


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """The decision on one transaction. `probability` is None where it was `degraded`: decided without the model."""

    transaction_id: str
    risk_score: float
    risk_level: RiskLevel
    recommendation: Recommendation
    signals: dict[str, float] = {}
    reasons: tuple[Reason, ...] = ()
    probability: float | None = None
    model_version: str = ""
    policy_version: str = ""
    decided_by: str = "model"
    degraded: bool = False
    missing: tuple[str, ...] = ()
    repeated: bool = False
    dry_run: bool = False
    notes: tuple[str, ...] = ()
    alert_id: str | None = None
    processing_time_ms: float = 0.0


class WorkedAlert(Alert, frozen=True, kw_only=True):
    """An alert with the work on it: who holds its case, the verdict that stands, the version of its status."""

    version: int
    assignee: str | None = None
    claimed_until_ms: int | None = None
    verdict: Verdict | None = None


class CaseDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict on an alert, or on a whole case (`alert_id` None)."""

    decision_id: int
    case_id: str
    alert_id: str | None
    verdict: Verdict
    reason: str
    actor: str
    decided_at_ms: int
    undo_until_ms: int


class AlertPage(msgspec.Struct, frozen=True):
    items: list[WorkedAlert]
    next_cursor: str | None


class BatchItem(msgspec.Struct, frozen=True):
    """One item of a batch: its decision, or the problem that it met."""

    decision: Score | None = None
    problem: ProblemDocument | None = None


class Batch(msgspec.Struct, frozen=True):
    items: list[BatchItem]


class Tokens(msgspec.Struct, frozen=True):
    """An access token, and what brings the next one."""

    access_token: str
    refresh_token: str


class FeedAlert(msgspec.Struct, frozen=True, tag="alert"):
    """An alert of the feed. `seq` is where to resume from."""

    seq: int
    alert: Alert


class FeedGap(msgspec.Struct, frozen=True, tag="gap"):
    """Alerts that the gateway no longer keeps: those from `missing_from` to `seq`, both included."""

    seq: int
    missing_from: int


Scored = Score | ProblemError
