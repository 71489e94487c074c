"""Champion and challenger on the same stored transactions, with the labels that have arrived."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import numpy as np

from contracts.errors import DataRefused
from riskstream_client.times import duration_of
from scoring.drift import SCORE_EDGES, bin_counts, psi, shares_of
from scoring.manifest import Thresholds
from scoring.policy import Policy, policy_of
from settings import Settings
from storage.database import connect
from storage.roles import PIPELINE
from storage.shadow_scores import Pair, ShadowScores
from training.evaluation.moments import moment_text
from training.evaluation.outcomes import DAY_MS, Booleans, Floats, Integers
from training.evaluation.ranking import Ranking
from training.metrics import calibration_error

DECIMALS = 6


class Pairs(msgspec.Struct, frozen=True):
    """n transactions that the champion decided and the challenger scored; arrays (n,).

    `labelled` says that a row has a label, `fraud` what the last one said.
    """

    probability: Floats
    score: Floats
    decided_probability: Floats
    decided_score: Floats
    time_ms: Integers
    labelled: Booleans
    fraud: Booleans

    def __len__(self) -> int:
        return len(self.score)


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One model: volumes over all rows, quality over the mature ones (None where nothing can be said)."""

    version: str
    reviews: int
    alerts: int
    declines: int
    alerts_a_day: float
    mean_score: float
    average_precision: float | None = None
    roc_auc: float | None = None
    precision_at_flag: float | None = None
    recall_at_flag: float | None = None
    calibration_error: float | None = None


class LiveComparison(msgspec.Struct, frozen=True, kw_only=True):
    """`agreement`: share of rows at the same level; `score_psi`: the challenger's scores against the champion's.

    `mature_rows` are at least the label delay older than the newest row; there a row without a label counts as
    legitimate. `left_out` rows were decided by other models than this champion.
    """

    champion: Side
    challenger: Side
    time_from: str
    time_to: str
    rows: int
    left_out: int
    mature_rows: int
    labels: int
    frauds: int
    agreement: float
    score_psi: float
    alerts_of_both: int
    alerts_of_champion_only: int
    alerts_of_challenger_only: int
    frauds_of_champion_only: int
    frauds_of_challenger_only: int

    def as_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        document: dict[str, Any] = msgspec.to_builtins(self)
        return document


def live_comparison(
    settings: Settings, champion: tuple[str, Thresholds], challenger: tuple[str, Thresholds], days: float, mature: str
) -> LiveComparison:
    """Over the newest `days` of event time that the challenger has scored. Both by their own manifests' thresholds.

    Raises DataRefused if there is nothing to compare, StoreUnavailable, SettingsError for a wrong `mature`.
    """
    mature_ms = int(duration_of(mature).total_seconds() * 1000)
    pairs, left_out = asyncio.run(_pairs(settings, champion[0], challenger[0], int(days * DAY_MS)))
    policies = [policy_of(thresholds, settings.risk_threshold_high) for _, thresholds in (champion, challenger)]
    return compare(pairs, left_out, (champion[0], policies[0]), (challenger[0], policies[1]), mature_ms)


def compare(
    pairs: Pairs, left_out: int, champion: tuple[str, Policy], challenger: tuple[str, Policy], mature_ms: int
) -> LiveComparison:
    """Raises DataRefused if there are no pairs."""
    if not len(pairs):
        raise DataRefused(f"{challenger[0]} has scored nothing that {champion[0]} decided")
    newest = int(pairs.time_ms.max())
    mature = pairs.time_ms <= newest - mature_ms
    days = max((newest - int(pairs.time_ms.min())) / DAY_MS, 1 / 24)
    old, new = _levels(pairs.decided_score, champion[1]), _levels(pairs.score, challenger[1])
    old_alert, new_alert = old >= _FLAG, new >= _FLAG
    fraud = pairs.fraud & pairs.labelled
    return LiveComparison(
        champion=_side(champion[0], pairs.decided_probability, pairs.decided_score, old, fraud, mature, days),
        challenger=_side(challenger[0], pairs.probability, pairs.score, new, fraud, mature, days),
        time_from=moment_text(int(pairs.time_ms.min())),
        time_to=moment_text(newest),
        rows=len(pairs),
        left_out=left_out,
        mature_rows=int(mature.sum()),
        labels=int(pairs.labelled.sum()),
        frauds=int(fraud.sum()),
        agreement=round(float((old == new).mean()), DECIMALS),
        score_psi=round(psi(*(shares_of(bin_counts(s, SCORE_EDGES)) for s in (pairs.decided_score, pairs.score))), 6),
        alerts_of_both=int((old_alert & new_alert).sum()),
        alerts_of_champion_only=int((old_alert & ~new_alert).sum()),
        alerts_of_challenger_only=int((~old_alert & new_alert).sum()),
        frauds_of_champion_only=int((old_alert & ~new_alert & fraud).sum()),
        frauds_of_challenger_only=int((~old_alert & new_alert & fraud).sum()),
    )


_FLAG = 2  # of the levels 0 approve, 1 review, 2 flag, 3 decline


def _levels(score: Floats, policy: Policy) -> Integers:
    return np.searchsorted([policy.review, policy.flag, policy.decline], score, side="right").astype(np.int64)


def _side(
    version: str, probability: Floats, score: Floats, level: Integers, fraud: Booleans, mature: Booleans, days: float
) -> Side:
    alerts = level >= _FLAG
    quality: dict[str, float | None] = {}
    truth = fraud[mature]
    if truth.any() and not truth.all():
        counted = Ranking(probability[mature], truth, np.zeros(int(mature.sum()))).counted()
        flagged = alerts[mature]
        quality = {
            "average_precision": counted.average_precision(),
            "roc_auc": counted.roc_auc(),
            "precision_at_flag": float(truth[flagged].mean()) if flagged.any() else None,
            "recall_at_flag": float(flagged[truth].mean()),
            "calibration_error": calibration_error(probability[mature], truth),
        }
    return Side(
        version=version,
        reviews=int((level == 1).sum()),
        alerts=int(alerts.sum()),
        declines=int((level == _FLAG + 1).sum()),
        alerts_a_day=round(float(alerts.sum()) / days, 2),
        mean_score=round(float(score.mean()), 4),
        **{name: None if value is None else round(value, DECIMALS) for name, value in quality.items()},
    )


async def _pairs(settings: Settings, champion: str, challenger: str, period_ms: int) -> tuple[Pairs, int]:
    pool = await connect(settings.postgres_dsn, size_max=2, role=PIPELINE)
    async with pool:
        scores = ShadowScores(pool)
        model_id = await scores.find_model(challenger)
        newest = None if model_id is None else await scores.newest_ms(model_id)
        if model_id is None or newest is None:
            raise DataRefused(
                f"{challenger} has scored nothing in shadow yet; start it with: riskstream models shadow {challenger}"
            )
        return await _gathered(scores.pairs(model_id, newest - period_ms, newest + 1), champion)


async def _gathered(chunks: AsyncIterator[list[Pair]], champion: str) -> tuple[Pairs, int]:
    kept: list[list[np.ndarray]] = []
    left_out = 0
    async for chunk in chunks:
        mine = [pair for pair in chunk if pair.decided_version == champion]
        left_out += len(chunk) - len(mine)
        kept.append(_columns(mine))
    return Pairs(*(np.concatenate(parts) for parts in zip(*(kept or [_columns([])]), strict=True))), left_out


def _columns(pairs: list[Pair]) -> list[np.ndarray]:
    n = len(pairs)
    numbers = ("probability", "risk_score", "decided_probability", "decided_score")
    return [
        *(np.fromiter((getattr(pair, name) for pair in pairs), np.float64, n) for name in numbers),
        np.fromiter((pair.event_time_ms for pair in pairs), np.int64, n),
        np.fromiter((pair.fraud is not None for pair in pairs), np.bool_, n),
        np.fromiter((bool(pair.fraud) for pair in pairs), np.bool_, n),
    ]
