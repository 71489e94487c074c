"""The dashboard: what was decided lately, and what happens at this moment."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from fastapi import APIRouter

from api.analytics.amounts import BaseCurrency
from api.analytics.answers import (
    AlertsTrendOut,
    DashboardMetricsOut,
    LiveOut,
    SeverityCount,
    SeverityDistributionOut,
    TrendPoint,
)
from api.analytics.live import live_answer
from api.analytics.performance import FLAGGED
from api.analytics.periods import Bucket, From, To, moment, period_of
from api.analytics.series import buckets_of
from api.auth import Reader
from api.parts import PartsOf
from contracts.decision import RiskLevel
from storage.analytics import AlertCount, AnalyticsRepository, VolumeAt
from storage.live_statistics import LiveStatisticsRepository

DEFAULT_SPAN = timedelta(days=1)
LIVE_FRESH_S = 5.0  # reports come every second

router = APIRouter(prefix="/v1/dashboard", tags=["dashboard"])


@router.get("/metrics", summary="What was decided")
async def dashboard_metrics(caller: Reader, parts: PartsOf, start: From = None, stop: To = None) -> DashboardMetricsOut:
    """Transactions, alerts, amounts and labels of the period; the last 24 hours if none is given."""
    period = period_of(start, stop, DEFAULT_SPAN)
    base = BaseCurrency(parts.settings)
    async with parts.database.client(caller.client_id) as pool:
        repository = AnalyticsRepository(pool)
        volumes = await repository.volume(caller.client_id, period)
        alerts = await repository.alerts(caller.client_id, period)
        labels = await repository.labels(caller.client_id, period)
    decisions = sum(each.decisions for each in volumes)
    alerted = [each for each in volumes if each.recommendation in FLAGGED]
    raised = sum(each.decisions for each in alerted)
    fraud = [each for each in labels if each.fraud]
    return DashboardMetricsOut(
        start=moment(period.start_ms),
        stop=moment(period.stop_ms),
        currency_base=base.code,
        currencies_without_rate=base.without_rate(each.currency for each in volumes),
        transactions=decisions,
        amount=base.total((each.currency, each.amount) for each in volumes),
        degraded=sum(each.decisions for each in volumes if each.degraded),
        alerts=raised,
        alert_rate=raised / decisions if decisions else None,
        amount_alerted=base.total((each.currency, each.amount) for each in alerted),
        by_risk_level=_summed((each.risk_level, each.decisions) for each in volumes),
        by_recommendation=_summed((each.recommendation, each.decisions) for each in volumes),
        by_kind=_summed((each.kind, each.decisions) for each in volumes),
        alerts_by_status=_summed((each.status, each.alerts) for each in alerts),
        labelled=sum(each.decisions for each in labels),
        fraud=sum(each.decisions for each in fraud),
        value_saved=base.total((each.currency, each.amount) for each in fraud if each.recommendation in FLAGGED),
    )


@router.get("/alerts-trend", summary="Alerts over time")
async def alerts_trend(
    caller: Reader, parts: PartsOf, start: From = None, stop: To = None, bucket: Bucket = Bucket.HOUR
) -> AlertsTrendOut:
    """Transactions and alerts by hour or day; the last 24 hours if no period is given."""
    period = period_of(start, stop, DEFAULT_SPAN, bucket=bucket)
    base = BaseCurrency(parts.settings)
    async with parts.database.client(caller.client_id) as pool:
        volumes = await AnalyticsRepository(pool).volume_series(caller.client_id, period, bucket.ms)
    return AlertsTrendOut(
        start=moment(period.start_ms),
        stop=moment(period.stop_ms),
        currency_base=base.code,
        currencies_without_rate=base.without_rate(each.currency for each in volumes),
        bucket=bucket,
        items=[_point(at, found, base) for at, found in buckets_of(volumes, period, bucket.ms)],
    )


@router.get("/severity-distribution", summary="Alerts by severity")
async def severity_distribution(
    caller: Reader, parts: PartsOf, start: From = None, stop: To = None
) -> SeverityDistributionOut:
    """Alerts by severity and status; of the last 24 hours if no period is given."""
    period = period_of(start, stop, DEFAULT_SPAN)
    async with parts.database.client(caller.client_id) as pool:
        alerts = await AnalyticsRepository(pool).alerts(caller.client_id, period)
    total = sum(each.alerts for each in alerts)
    return SeverityDistributionOut(
        start=moment(period.start_ms),
        stop=moment(period.stop_ms),
        alerts=total,
        items=[_severity(level, alerts, total) for level in reversed(RiskLevel) if _has(level, alerts)],
    )


@router.get("/live", summary="What happens at this moment")
async def live_dashboard(caller: Reader, parts: PartsOf) -> LiveOut:
    """Rates, latency and scores of the last minute, a second old; `available` is false while nobody reports them."""
    async with parts.database.client(caller.client_id) as pool:
        reports = await LiveStatisticsRepository(pool).fresh(caller.client_id, LIVE_FRESH_S)
    return live_answer(reports)


def _point(at: datetime, volumes: list[VolumeAt], base: BaseCurrency) -> TrendPoint:
    alerted = [each for each in volumes if each.recommendation in FLAGGED]
    decisions, alerts = sum(each.decisions for each in volumes), sum(each.decisions for each in alerted)
    return TrendPoint(
        start=at,
        transactions=decisions,
        alerts=alerts,
        alert_rate=alerts / decisions if decisions else None,
        amount_alerted=base.total((each.currency, each.amount) for each in alerted),
        by_severity=_summed((each.risk_level, each.decisions) for each in alerted),
    )


def _severity(level: RiskLevel, alerts: list[AlertCount], total: int) -> SeverityCount:
    of_level = [each for each in alerts if each.severity == level]
    number = sum(each.alerts for each in of_level)
    return SeverityCount(
        severity=level,
        alerts=number,
        share=number / total if total else None,
        by_status={each.status: each.alerts for each in of_level},
    )


def _has(level: RiskLevel, alerts: list[AlertCount]) -> bool:
    """HIGH and CRITICAL are always shown; a rule can raise an alert of another level."""
    return level in (RiskLevel.HIGH, RiskLevel.CRITICAL) or any(each.severity == level for each in alerts)


def _summed(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for name, number in counts:
        total[name] += number
    return dict(total)
