"""What the dashboard's and the analytics' answers look like. Times are event times in UTC, shares lie in 0 to 1."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, JsonValue

from api.schemas import Answer

Count = Annotated[int, Field(ge=0)]
Share = Annotated[float | None, Field(description="0 to 1; null where there is nothing to divide by")]
_FROM, _TO = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


class Spanned(Answer):
    """Covers event times from `from` on and before `to`: whole hours or days, so perhaps a little more than asked."""

    start: Annotated[datetime, Field(serialization_alias="from")]
    stop: Annotated[datetime, Field(serialization_alias="to")]


def _example(**values: JsonValue) -> ConfigDict:
    example: dict[str, JsonValue] = {"from": _FROM, "to": _TO, **values}
    return ConfigDict(json_schema_extra={"examples": [example]})


class Money(Answer):
    """Totals are in `currency_base`; amounts in a currency without a rate are in none of them."""

    currency_base: str
    currencies_without_rate: list[str]


class DashboardMetricsOut(Spanned, Money):
    """Everything that was decided in the period. An alert is a decision to flag or to decline."""

    model_config = _example(
        currency_base="USD", currencies_without_rate=[], transactions=1000, amount=51234.5, degraded=0, alerts=12,
        alert_rate=0.012, amount_alerted=8200.0, by_risk_level={"LOW": 950, "MEDIUM": 38, "HIGH": 9, "CRITICAL": 3},
        by_recommendation={"APPROVE": 950, "REVIEW": 38, "FLAG": 9, "DECLINE": 3}, by_kind={"payment": 1000},
        alerts_by_status={"OPEN": 12}, labelled=4, fraud=3, value_saved=4100.0,
    )  # fmt: skip

    transactions: Count
    amount: float
    degraded: Count
    alerts: Count
    alert_rate: Share
    amount_alerted: float
    by_risk_level: dict[str, int]
    by_recommendation: dict[str, int]
    by_kind: dict[str, int]
    alerts_by_status: dict[str, int]
    labelled: Count
    fraud: Annotated[int, Field(ge=0, description="Labelled as fraud")]
    value_saved: Annotated[float, Field(description="Amount of fraud that was flagged or declined")]


class TrendPoint(Answer):
    start: datetime
    transactions: Count
    alerts: Count
    alert_rate: Share
    amount_alerted: float
    by_severity: dict[str, int]


class AlertsTrendOut(Spanned, Money):
    """One point an hour or day, also for those in which nothing happened, oldest first."""

    model_config = _example(
        currency_base="USD", currencies_without_rate=[], bucket="day",
        items=[{"start": _FROM, "transactions": 1000, "alerts": 12, "alert_rate": 0.012, "amount_alerted": 8200.0,
                "by_severity": {"HIGH": 9, "CRITICAL": 3}}],
    )  # fmt: skip

    bucket: str
    items: list[TrendPoint]


class SeverityCount(Answer):
    severity: str
    alerts: Count
    share: Share
    by_status: dict[str, int]


class SeverityDistributionOut(Spanned):
    """Alerts by severity, the most severe first, and by the status that they have now."""

    model_config = _example(
        alerts=3, items=[{"severity": "CRITICAL", "alerts": 3, "share": 1.0, "by_status": {"OPEN": 3}}]
    )

    alerts: Count
    items: list[SeverityCount]


class VolumePoint(Answer):
    start: datetime
    alerts: Count
    amount: float
    by_severity: dict[str, int]
    by_recommendation: dict[str, int]


class AlertVolumeOut(Spanned, Money):
    """One point an hour or day, also for those without alerts, oldest first."""

    model_config = _example(
        currency_base="USD", currencies_without_rate=[], bucket="day", alerts=3,
        items=[{"start": _FROM, "alerts": 3, "amount": 900.0, "by_severity": {"CRITICAL": 3},
                "by_recommendation": {"DECLINE": 3}}],
    )  # fmt: skip

    bucket: str
    alerts: Count
    items: list[VolumePoint]


class ConfusionOut(Answer):
    """Positive is a decision to flag or to decline; true is what the label's last revision says."""

    true_positive: Count
    false_positive: Count
    true_negative: Count
    false_negative: Count


class PerformanceOut(ConfusionOut):
    """`value_saved` is the amount of fraud that was flagged, `value_missed` of fraud that was not."""

    decisions: Count
    precision: Share
    recall: Share
    false_positive_rate: Share
    f1: Share
    value_saved: float
    value_missed: float


class ModelPerformanceOut(PerformanceOut):
    model_version: str


_MATRIX: dict[str, JsonValue] = {"true_positive": 8, "false_positive": 2, "true_negative": 980, "false_negative": 10}


class AnalyticsMetricsOut(Spanned, Money):
    """How well flags met fraud, in all and by the model version that decided."""

    model_config = _example(
        currency_base="USD", currencies_without_rate=[], unlabelled="exclude", items=[],
        total=_MATRIX | {"decisions": 1000, "precision": 0.8, "recall": 0.444, "false_positive_rate": 0.002,
                         "f1": 0.571, "value_saved": 4100.0, "value_missed": 900.0},
    )  # fmt: skip

    unlabelled: str
    total: PerformanceOut
    items: list[ModelPerformanceOut]


class ConfusionMatrixOut(Spanned, ConfusionOut):
    """The four counts, of all model versions or of the one asked for."""

    model_config = _example(**_MATRIX, unlabelled="exclude", model_version=None)

    unlabelled: str
    model_version: str | None


class ScoreBucket(Answer):
    """Scores from `score` on and before `score` + 1; the last bucket is 100 itself."""

    score: Annotated[int, Field(ge=0, le=100)]
    decisions: Count


class ScoreDistributionOut(Spanned):
    """Risk scores of the decisions, in 101 buckets. Those made in degraded mode have no model's score: left out."""

    model_config = _example(decisions=3, degraded=0, model_version=None, items=[{"score": 0, "decisions": 3}])

    decisions: Count
    degraded: Annotated[int, Field(ge=0, description="Decisions in degraded mode, in no bucket")]
    model_version: str | None
    items: list[ScoreBucket]


class BinOut(Answer):
    """Values above the bin before and up to `up_to`, null: above the last edge; `missing`: the value was not there."""

    up_to: float | None
    missing: bool
    expected: float
    actual: float


class ShiftOut(Answer):
    """`level`: none below 0.1, notable below 0.25, else large; null where there is nothing to compare."""

    name: str
    psi: Annotated[float | None, Field(description="Population stability index against training")]
    level: str | None


class ScoreShiftOut(ShiftOut):
    bins: list[BinOut]


class DriftOut(Spanned):
    """How far the period lies from what the model was made of. Features are compared by whole days (UTC).

    `sampled` vectors were looked at, evenly over time; they stand for `represented` decisions.
    """

    model_config = _example(
        model_version="20260101-120000", decisions=1000, sampled=1000, represented=1000,
        score={"name": "score", "psi": 0.02, "level": "none", "bins": []},
        features=[{"name": "amount", "psi": 0.12, "level": "notable"}],
    )  # fmt: skip

    model_version: str
    decisions: Count
    sampled: Count
    represented: Count
    score: ScoreShiftOut
    features: list[ShiftOut]


class LiveOut(Answer):
    """The last minute, by the time at which decisions were published. Counts are scaled up from the `sampled` share.

    Latency runs from the payment's own time to its published decision; null where no payment was live.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"available": True, "reported_at": _FROM, "window_s": 60.0, "sampled": 1.0, "transactions": 1200.0,
                 "alerts": 14.0, "transactions_per_second": 20.0, "alerts_per_second": 0.23, "latency_ms_p50": 12.0,
                 "latency_ms_p99": 48.0, "score_edges": [0.95], "scores": [1100.0, 100.0, 0.0], "score_psi": 0.02,
                 "model_version": "20260101-120000"}
            ]
        }
    )  # fmt: skip

    available: Annotated[bool, Field(description="Whether the live statistics have reported in the last seconds")]
    reported_at: datetime | None
    window_s: float
    sampled: Annotated[float | None, Field(description="Share of the decisions that was looked at")]
    transactions: float
    alerts: float
    transactions_per_second: float
    alerts_per_second: float
    latency_ms_p50: float | None
    latency_ms_p99: float | None
    score_edges: tuple[float, ...]
    scores: Annotated[tuple[float, ...], Field(description="One more than edges, and the missing last")]
    score_psi: float | None
    model_version: str | None
