"""The live statistics of all processes that report, as one answer."""

from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate, pairwise

from api.analytics.answers import LiveOut
from scoring.drift import SCORE_EDGES
from storage.live_statistics import LATENCY_EDGES_MS, LiveReport


def live_answer(reports: Sequence[tuple[LiveReport, datetime]]) -> LiveOut:
    """Rates and counts add up; drift is that of the process that saw most."""
    latest = [report for report, _ in reports]
    fullest = max(latest, key=lambda report: report.transactions, default=None)
    latencies = [sum(counts) for counts in zip(*(report.latency_ms for report in latest), strict=True)]
    return LiveOut(
        available=bool(reports),
        reported_at=max((at for _, at in reports), default=None),
        window_s=max((report.window_s for report in latest), default=0.0),
        sampled=min((report.sampled for report in latest), default=None),
        transactions=sum(report.transactions for report in latest),
        alerts=sum(report.alerts for report in latest),
        transactions_per_second=sum(report.transactions_per_second for report in latest),
        alerts_per_second=sum(report.alerts_per_second for report in latest),
        latency_ms_p50=quantile(latencies, 0.5),
        latency_ms_p99=quantile(latencies, 0.99),
        score_edges=SCORE_EDGES,
        scores=tuple(sum(counts) for counts in zip(*(report.scores for report in latest), strict=True)),
        score_psi=fullest.score_psi if fullest else None,
        model_version=fullest.model_version if fullest else None,
    )


def quantile(counts: Sequence[float], share: float) -> float | None:
    """A quantile of latencies counted by LATENCY_EDGES_MS, a straight line within a bin; None without any."""
    total = sum(counts)
    if not total:
        return None
    bins = pairwise((0.0, *LATENCY_EDGES_MS))
    wanted = share * total
    for (low, high), count, until in zip(bins, counts, accumulate(counts), strict=False):
        if count and until >= wanted:
            return round(high - (high - low) * (until - wanted) / count, 2)
    return float(LATENCY_EDGES_MS[-1])
