"""Analytics: how much was flagged, how well, on which scores, and how far the payments have moved from training."""

import asyncio
import time
from collections import Counter
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from api.analytics.amounts import BaseCurrency
from api.analytics.answers import (
    AlertVolumeOut,
    AnalyticsMetricsOut,
    BinOut,
    ConfusionMatrixOut,
    DriftOut,
    ModelPerformanceOut,
    PerformanceOut,
    ScoreBucket,
    ScoreDistributionOut,
    ScoreShiftOut,
    ShiftOut,
    VolumePoint,
)
from api.analytics.performance import (
    FLAGGED,
    Confusion,
    Unlabelled,
    confusion_by_model,
    total_of,
    with_labelled,
)
from api.analytics.periods import Bucket, From, ModelVersion, To, moment, period_of
from api.analytics.series import buckets_of
from api.auth import Reader
from api.openapi import errors
from api.parts import Parts, PartsOf
from api.problems import NOT_FOUND, Problem
from features.plan import PLAN
from scoring.references import reference_of
from scoring.shifts import bins_of, score_counts, shift_of, shifts_of
from storage.analytics import AnalyticsRepository, Period, VolumeAt
from storage.feature_histograms import FeatureHistogramRepository
from storage.rollups import BUCKET_MAX, DAY_MS, HOUR_MS

DEFAULT_SPAN = timedelta(days=30)
DRIFT_SPAN = timedelta(days=7)

TreatUnlabelled = Annotated[
    Unlabelled,
    Query(description="`exclude`: only labelled decisions; `legitimate`: those without a label after the label delay"),
]

router = APIRouter(prefix="/v1/analytics", tags=["analytics"])


@router.get("/metrics", summary="How well flags met fraud")
async def analytics_metrics(
    caller: Reader,
    parts: PartsOf,
    start: From = None,
    stop: To = None,
    model_version: ModelVersion = None,
    unlabelled: TreatUnlabelled = Unlabelled.EXCLUDE,
) -> AnalyticsMetricsOut:
    """Precision, recall, false-positive rate and value saved by model version; the last 30 days if none are given."""
    period = period_of(start, stop, DEFAULT_SPAN)
    base = BaseCurrency(parts.settings)
    found = await _matrices(parts, caller.client_id, period, model_version, unlabelled)
    total = total_of(found.values())
    return AnalyticsMetricsOut(
        start=moment(period.start_ms),
        stop=moment(period.stop_ms),
        currency_base=base.code,
        currencies_without_rate=base.without_rate(currency for currency, _ in (*total.saved, *total.missed)),
        unlabelled=unlabelled,
        total=PerformanceOut(**_performance(total, base)),
        items=[
            ModelPerformanceOut(model_version=version, **_performance(matrix, base))
            for version, matrix in found.items()
        ],
    )


@router.get("/confusion-matrix", summary="Flags against labels")
async def confusion_matrix(
    caller: Reader,
    parts: PartsOf,
    start: From = None,
    stop: To = None,
    model_version: ModelVersion = None,
    unlabelled: TreatUnlabelled = Unlabelled.EXCLUDE,
) -> ConfusionMatrixOut:
    """The four counts of the last 30 days, or of the period given."""
    period = period_of(start, stop, DEFAULT_SPAN)
    matrices = await _matrices(parts, caller.client_id, period, model_version, unlabelled)
    total = total_of(matrices.values())
    return ConfusionMatrixOut(
        start=moment(period.start_ms),
        stop=moment(period.stop_ms),
        true_positive=total.true_positive,
        false_positive=total.false_positive,
        true_negative=total.true_negative,
        false_negative=total.false_negative,
        unlabelled=unlabelled,
        model_version=model_version,
    )


@router.get("/alert-volume", summary="Alerts and their amounts over time")
async def alert_volume(
    caller: Reader,
    parts: PartsOf,
    start: From = None,
    stop: To = None,
    bucket: Bucket = Bucket.DAY,
    model_version: ModelVersion = None,
) -> AlertVolumeOut:
    """Alerts by hour or day, severity and recommendation; the last 30 days if no period is given."""
    period = period_of(start, stop, DEFAULT_SPAN, bucket=bucket)
    base = BaseCurrency(parts.settings)
    async with parts.database.client(caller.client_id) as pool:
        volumes = await AnalyticsRepository(pool).volume_series(caller.client_id, period, bucket.ms, model_version)
    alerts = [each for each in volumes if each.recommendation in FLAGGED]
    return AlertVolumeOut(
        start=moment(period.start_ms),
        stop=moment(period.stop_ms),
        currency_base=base.code,
        currencies_without_rate=base.without_rate(each.currency for each in alerts),
        bucket=bucket,
        alerts=sum(each.decisions for each in alerts),
        items=[_volume_point(at, found, base) for at, found in buckets_of(alerts, period, bucket.ms)],
    )


@router.get("/score-distribution", summary="Risk scores")
async def score_distribution(
    caller: Reader, parts: PartsOf, start: From = None, stop: To = None, model_version: ModelVersion = None
) -> ScoreDistributionOut:
    """How many decisions have which score, in the last 30 days or in the period given."""
    period = period_of(start, stop, DEFAULT_SPAN)
    async with parts.database.client(caller.client_id) as pool:
        found = await AnalyticsRepository(pool).scores(caller.client_id, period, model_version)
    scores: Counter[int] = Counter()
    for each in found:
        scores[each.bucket] += 0 if each.degraded else each.decisions
    return ScoreDistributionOut(
        start=moment(period.start_ms),
        stop=moment(period.stop_ms),
        decisions=scores.total(),
        degraded=sum(each.decisions for each in found if each.degraded),
        model_version=model_version,
        items=[ScoreBucket(score=score, decisions=scores[score]) for score in range(BUCKET_MAX + 1)],
    )


@router.get("/drift", summary="Distance from training", responses=errors(404))
async def drift(
    caller: Reader, parts: PartsOf, start: From = None, stop: To = None, model_version: ModelVersion = None
) -> DriftOut:
    """The population stability index of the score and of each feature, the largest first, against what the model was
    made of: the model asked for, or the one that decided last. The last 7 days if no period is given.
    """
    period = period_of(start, stop, DRIFT_SPAN)
    first_day, last_day = period.start_ms - period.start_ms % DAY_MS, -(-period.stop_ms // DAY_MS) * DAY_MS
    async with parts.database.client(caller.client_id) as pool:
        repository = AnalyticsRepository(pool)
        version = model_version
        if version is None:
            version = next(iter(await repository.model_versions(caller.client_id, period)), None)
        if version is None:
            raise Problem(NOT_FOUND, "nothing was decided in this period")
        scores = await repository.scores(caller.client_id, period, version)
        histogram = await FeatureHistogramRepository(pool).between(caller.client_id, first_day, last_day, version)
    reference = await asyncio.to_thread(reference_of, parts.settings.model_path, version)
    if reference is None:
        raise Problem(NOT_FOUND, f"what the model {version} was made of is not known here")
    counts = score_counts((each.bucket, each.decisions) for each in scores if not each.degraded)
    score = shift_of("score", reference.score, counts)
    return DriftOut(
        start=moment(period.start_ms),
        stop=moment(period.stop_ms),
        model_version=version,
        decisions=int(counts.sum()),
        sampled=histogram.sampled,
        represented=histogram.represented,
        score=ScoreShiftOut(
            name=score.name,
            psi=score.psi,
            level=score.level,
            bins=[BinOut(**each._asdict()) for each in bins_of(reference.score, counts)],
        ),
        features=[
            ShiftOut(name=shift.name, psi=shift.psi, level=shift.level)
            for shift in shifts_of(reference.features, histogram.counts)
        ],
    )


async def _matrices(
    parts: Parts, client_id: int, period: Period, model_version: str | None, unlabelled: Unlabelled
) -> dict[str, Confusion]:
    matured = _matured(period)
    async with parts.database.client(client_id) as pool:
        repository = AnalyticsRepository(pool)
        labels = await repository.labels(client_id, period, model_version)
        if unlabelled is Unlabelled.EXCLUDE or matured.stop_ms <= matured.start_ms:
            return confusion_by_model(labels)
        flags = await repository.flags(client_id, matured, model_version)
        labelled = await repository.labels(client_id, matured, model_version)
    return confusion_by_model(labels, with_labelled(flags, labelled))


def _matured(period: Period) -> Period:
    """The part of a period whose label delay is over: what has no label by now is taken to be legitimate."""
    over_ms = time.time_ns() // 1_000_000 - PLAN.label_delay
    return Period(period.start_ms, min(period.stop_ms, over_ms - over_ms % HOUR_MS))


def _performance(matrix: Confusion, base: BaseCurrency) -> dict[str, float | None]:
    return {
        "true_positive": matrix.true_positive,
        "false_positive": matrix.false_positive,
        "true_negative": matrix.true_negative,
        "false_negative": matrix.false_negative,
        "decisions": matrix.decisions,
        "precision": matrix.precision,
        "recall": matrix.recall,
        "false_positive_rate": matrix.false_positive_rate,
        "f1": matrix.f1,
        "value_saved": base.total(matrix.saved),
        "value_missed": base.total(matrix.missed),
    }


def _volume_point(at: datetime, alerts: list[VolumeAt], base: BaseCurrency) -> VolumePoint:
    by_severity: Counter[str] = Counter()
    by_recommendation: Counter[str] = Counter()
    for each in alerts:
        by_severity[each.risk_level] += each.decisions
        by_recommendation[each.recommendation] += each.decisions
    return VolumePoint(
        start=at,
        alerts=by_severity.total(),
        amount=base.total((each.currency, each.amount) for each in alerts),
        by_severity=dict(by_severity),
        by_recommendation=dict(by_recommendation),
    )
