"""From a dataset to a model in the registry: fold, split in time, fit, calibrate, choose thresholds, measure, write."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import xgboost

from features.catalogue import CATALOGUE_HASH, FEATURE_NAMES
from features.money import Money
from features.plan import DAY
from scoring.drift import REFERENCE_FILE
from scoring.manifest import FORMAT, Manifest
from scoring.model import Model, Vectors, booster_from
from scoring.policy import policy_of
from training.calibrate import calibrate
from training.datasets import Dataset
from training.fit import ROUNDS_MAX, Fitted, fit
from training.metrics import period_metrics, recall_by_typology
from training.periods import Periods, Rows, split
from training.progress import SILENT, Progress
from training.reference import encode_reference, reference_of
from training.registry_write import METRICS_FILE, promote_if_first, version_of, write_model
from training.thresholds import SCORES, score_curve
from training.vectors import vectors_of


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training run made."""

    folder: Path
    manifest: Manifest
    typologies: dict[str, tuple[int, float]]  # of the test period: frauds, share of them flagged
    promoted: bool


def train(
    dataset: Dataset,
    registry: Path,
    *,
    seed: int,
    now: datetime,
    promote: bool = False,
    money: Money | None = None,
    progress: Progress = SILENT,
) -> Trained:
    """Train on `dataset` and write the model into `registry`.

    The first model of a registry is promoted, later ones with `promote`. `now` only dates the version: equal data,
    seed and versions of the libraries give an equal model file.
    Raises DataRefused if the data cannot be learned from, OSError if the registry cannot be written.
    """
    periods = split(dataset.time_ms, dataset.fraud, dataset.usable)
    registry.mkdir(parents=True, exist_ok=True)  # before the work, so that a wrong place is known at once
    vectors = vectors_of(dataset, money, progress=progress)
    model, raw = fit_model(vectors, dataset.fraud, periods, seed=seed, now=now, progress=progress)
    with progress.stage("measure and write", 2) as advance:
        metrics, typologies = _measure(model, vectors, dataset, periods.test)
        manifest = msgspec.structs.replace(model.manifest, metrics=metrics, data=_described(dataset, periods))
        advance(1)
        report = msgspec.json.format(msgspec.json.encode(_report(manifest, typologies)), indent=2)
        score = model.score(model.predict(vectors[periods.test]))
        reference = encode_reference(reference_of(manifest.version, vectors[periods.train], score))
        folder = write_model(registry, raw, manifest, {METRICS_FILE: report, REFERENCE_FILE: reference})
        promoted = promote_if_first(registry, manifest.version, always=promote)
    return Trained(folder, manifest, typologies, promoted)


def fit_model(
    vectors: Vectors,
    fraud: npt.NDArray[np.bool_],
    periods: Periods,
    *,
    seed: int,
    now: datetime,
    progress: Progress = SILENT,
) -> tuple[Model, bytes]:
    """Fit, calibrate and choose operating points; the model, not yet measured, and its UBJ bytes."""
    with progress.stage("fit", ROUNDS_MAX) as advance:
        fitted = fit(
            (vectors[periods.train], fraud[periods.train]),
            (vectors[periods.validation], fraud[periods.validation]),
            seed,
            advance,
        )
    with progress.stage("calibrate", 1):
        manifest = _manifest(fitted, seed, now)
        validation, known = vectors[periods.validation], fraud[periods.validation]
        margin = Model(booster_from(fitted.raw), manifest).margin(validation)
        manifest = msgspec.structs.replace(manifest, calibration=calibrate(margin, known))
        probability = Model(booster_from(fitted.raw), manifest).predict(validation)
        manifest = msgspec.structs.replace(manifest, score=score_curve(probability, known))
    return Model(booster_from(fitted.raw), manifest), fitted.raw


def _manifest(fitted: Fitted, seed: int, now: datetime) -> Manifest:
    return Manifest(
        format=FORMAT,
        version=version_of(fitted.raw, now),
        created_at=now.astimezone(UTC).isoformat(timespec="seconds"),
        sha256=hashlib.sha256(fitted.raw).hexdigest(),
        features=FEATURE_NAMES,
        catalogue_hash=CATALOGUE_HASH,
        xgboost_version=xgboost.__version__,
        calibration=_UNCALIBRATED,
        thresholds=SCORES,
        parameters=fitted.parameters | {"rounds": fitted.rounds},
        seed=seed,
    )


_UNCALIBRATED = calibrate(np.array([-1.0, 1.0]), np.array([False, True]))


def _measure(
    model: Model, vectors: Vectors, dataset: Dataset, rows: Rows
) -> tuple[dict[str, float], dict[str, tuple[int, float]]]:
    probability = model.predict(vectors[rows])
    score, fraud = model.score(probability), dataset.fraud[rows]
    policy = policy_of(model.manifest.thresholds)
    typology = [dataset.typology[i] for i in rows.tolist()]
    return (
        period_metrics(probability, score, fraud, policy),
        recall_by_typology(score, fraud, typology, policy.flag),
    )


def _described(dataset: Dataset, periods: Periods) -> dict[str, str | int | float]:
    described = dict(dataset.description)
    described["transactions"] = len(dataset.transactions)
    described["gap_days"] = round(periods.gap_ms / DAY, 3)
    for name, rows in (("train", periods.train), ("validation", periods.validation), ("test", periods.test)):
        described[f"{name}_rows"] = len(rows)
        described[f"{name}_fraud"] = int(dataset.fraud[rows].sum())
        described[f"{name}_from"] = dataset.transactions[int(rows[0])].timestamp.isoformat()
        described[f"{name}_to"] = dataset.transactions[int(rows[-1])].timestamp.isoformat()
    return described


def _report(manifest: Manifest, typologies: dict[str, tuple[int, float]]) -> dict[str, object]:
    return {
        "version": manifest.version,
        "test": manifest.metrics,
        "recall_at_flag_by_typology": {name: {"fraud": n, "recall": r} for name, (n, r) in typologies.items()},
        "score_curve": {"probability": manifest.score.x, "score": manifest.score.y},
    }
