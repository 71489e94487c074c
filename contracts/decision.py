"""Decisions and alerts: what Riskstream says about a transaction."""

from enum import StrEnum
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec


class RiskLevel(StrEnum):
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


class Recommendation(StrEnum):
    APPROVE = "APPROVE"
    REVIEW = "REVIEW"
    FLAG = "FLAG"
    DECLINE = "DECLINE"


class Reason(msgspec.Struct, frozen=True, gc=False):
    """One contribution to the score. `contribution` is in log-odds; `value` and `norm` in the feature's unit."""

    feature: str
    value: float | None
    norm: float | None
    contribution: float
    text: str


class Decision(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The verdict on one transaction, with what is needed to explain and reproduce it.

    `vector` is the float32 feature vector, little-endian, in catalogue order; it is stored, not published.
    `states` names the states that were seen: entity kind -> events they held.
    `flags` is a bit mask of `features.catalogue.Flag`.
    """

    client_id: int
    transaction_id: str
    account: str
    event_time_ms: int
    risk_score: float
    risk_level: RiskLevel
    recommendation: Recommendation
    probability: float
    signals: dict[str, float]
    model_version: str
    catalogue_hash: str
    policy_version: str
    decided_by: str = "model"
    flags: int = 0
    states: dict[str, int] = {}
    reasons: tuple[Reason, ...] = ()
    degraded: bool = False
    missing: tuple[str, ...] = ()
    vector: bytes = b""

    @property
    def raises_alert(self) -> bool:
        return self.recommendation in (Recommendation.FLAG, Recommendation.DECLINE)


class Alert(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One alert. `sequence` is the client's own, without gaps, in commit order; it is given when stored.

    `case_id` names the case that it belongs to, with the account's other alerts of a day; given when stored, too.
    """

    alert_id: str
    client_id: int
    sequence: int
    transaction_id: str
    account: str
    event_time_ms: int
    created_at_ms: int
    amount: float
    currency: str
    severity: RiskLevel
    recommendation: Recommendation
    risk_score: float
    signals: dict[str, float]
    reasons: tuple[Reason, ...]
    merchant_id: str | None = None
    device_id: str | None = None
    location: str | None = None
    status: str = "OPEN"
    case_id: str | None = None


def alert_id_of(client_id: int, transaction_id: str) -> str:
    """The alert's id, a function of its transaction, so that a repeat cannot make a second one."""
    return str(uuid5(UUID(int=NAMESPACE_OID.int ^ client_id), transaction_id))
