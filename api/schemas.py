"""What the HTTP answers look like. The feed and the topics carry the same fields (docs/asyncapi.yaml)."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from contracts.decision import Recommendation, RiskLevel


class Answer(BaseModel):
    """Base of all answers: read from our own structs, never changed."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class ErrorOut(BaseModel):
    """One fault of a request: its place, such as `body.amount`, and what is wrong there."""

    where: str
    why: str


class ProblemOut(BaseModel):
    """An RFC 9457 problem document, `application/problem+json`."""

    type: Annotated[str, Field(description="Stable name of the kind of problem")]
    title: str
    status: int
    detail: str
    errors: Annotated[
        list[ErrorOut] | None, Field(description="Of a 422: every fault that was found, the first 20")
    ] = None
    request_id: Annotated[str, Field(description="Finds the request in the log; also in X-Request-ID")]


class ReasonOut(Answer):
    """One contribution to the score, in log-odds; `value` and `norm` in the feature's unit."""

    feature: str
    value: float | None
    norm: float | None
    contribution: float
    text: str


class AlertOut(Answer):
    """One alert. `sequence` is the client's own, without gaps, in the order in which alerts were stored."""

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
    reasons: tuple[ReasonOut, ...]
    merchant_id: str | None
    device_id: str | None
    location: str | None
    status: str


class AlertPage(Answer):
    """Newest first. `next_cursor` is null on the last page."""

    items: list[AlertOut]
    next_cursor: str | None


class DecisionOut(Answer):
    """The decision, with what explains and reproduces it. `features` are in catalogue order; null is missing."""

    risk_score: float
    risk_level: RiskLevel
    recommendation: Recommendation
    probability: float
    decided_by: str
    degraded: bool
    missing: tuple[str, ...]
    signals: dict[str, float]
    reasons: tuple[ReasonOut, ...]
    flags: list[str]
    states: dict[str, int]
    model_version: str
    catalogue_hash: str
    policy_version: str
    features: dict[str, float | None]


class PositionOut(Answer):
    """Where it came from: a partition and offset of the transaction log, or -1 and the number of the call."""

    source: int
    offset: int


class TransactionOut(Answer):
    """A stored transaction as it was received, with its one decision."""

    transaction_id: str
    client_id: int
    account: str
    event_time_ms: int
    decided_at_ms: int
    received: Annotated[
        Any, Field(description="The original message; unknown and personal fields are masked without the scope `admin`")
    ]
    position: PositionOut
    decision: DecisionOut
    alert_id: str | None


class WorkerOut(Answer):
    """One worker's last report. `lag` is the records of its partitions that are not stored yet."""

    worker_id: str
    started_at: datetime
    reported_at: datetime
    state: str
    partitions: tuple[int, ...]
    decided_total: int
    alerts_total: int
    dead_letters_total: int
    per_second: float
    lag: int
    batch_size: float
    latency_ms_p50: float
    latency_ms_p99: float


class StreamTotals(Answer):
    """All workers together, of all clients; latencies are the slowest worker's, null without workers."""

    workers: int
    per_second: float
    lag: int
    latency_ms_p50: float | None
    latency_ms_p99: float | None
    decided_total: int
    alerts_total: int
    dead_letters_total: int


class StreamOut(Answer):
    """The stream's health, from what workers reported in the last seconds."""

    totals: StreamTotals
    workers: list[WorkerOut]


class TicketOut(Answer):
    """For the `ticket` of the feed's hello; single use."""

    ticket: str
    expires_in_s: int


class SessionOut(Answer):
    """Who is signed in. `expires_at` is null for an API key."""

    client_id: int
    client_name: str
    via: str
    scopes: list[str]
    expires_at: str | None
