"""From a history and its periods to a model: fit the folds, calibrate, choose operating points, fit the final one."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
import numpy as np
import numpy.typing as npt

from contracts.errors import DataRefused
from scoring.boosting import xgboost
from scoring.manifest import FORMAT, Curve, Manifest
from scoring.model import Model, Vectors, booster_from
from scoring.schema import Schema
from training.calibrate import best_calibration, predicted
from training.fit import Fitted, Labelled, Matrices, Recipe, fit, fit_rounds, matrices, rows_of
from training.history import History
from training.options import Options
from training.periods import Fold, Periods, Rows, day, known_by
from training.progress import SILENT, Advance, Progress
from training.registry_write import version_of
from training.thresholds import SCORES, score_curve

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Made:
    """A model, not yet measured, its UBJ bytes, and what validation said: each fold's average precision."""

    model: Model
    raw: bytes
    validated: tuple[float, ...]


def make_model(
    history: History,
    periods: Periods,
    options: Options,
    *,
    seed: int,
    now: datetime,
    progress: Progress = SILENT,
) -> Made:
    """Fit on each fold, stopping early; then once more on all rows before the test, as many rounds as the folds took.

    Calibration and thresholds come from the folds' validation rows, scored by the fold's own model, which had not seen
    them. The final model has seen them and more; its margins mean the same, and it knows the newest fraud.
    """
    total = options.recipe.rounds_max * (len(periods.folds) + 1)
    with progress.stage("fit", total) as advance:
        fitted = []
        for number, fold in enumerate(periods.folds):
            data = fold_matrices(history, fold, options.recipe)
            fitted.append(fit(data, seed, options.recipe, _counting(advance, number * options.recipe.rounds_max)))
        rounds = round(float(np.median([one.rounds for one in fitted])))
        rows = periods.before_test
        train = _teaching(labelled(history, rows, periods.test_from_ms), periods.test_from_ms)
        final = fit_rounds(train, rounds, seed, options.recipe, _counting(advance, total - options.recipe.rounds_max))
    with progress.stage("calibrate", 1):
        manifest = _calibrated(history, periods, fitted, options)
    manifest = _complete(manifest, final, history.schema, seed, now)
    model = Model(booster_from(final.raw), manifest)
    return Made(model, final.raw, tuple(round(one.average_precision, 6) for one in fitted))


def _counting(advance: Advance, before: int) -> Callable[[int, float], None]:
    return lambda done, _: advance(before + done)


def margins(raw: bytes, schema: Schema, vectors: Vectors) -> npt.NDArray[np.float64]:
    """A booster's margins of vectors (n, features)."""
    return Model(booster_from(raw), _blank(schema)).margin(vectors)


def labelled(history: History, rows: Rows, moment_ms: int) -> Labelled:
    """Vectors of these rows, and their verdicts as they were known at a moment: what a fit then could learn from."""
    known = known_by(
        moment_ms,
        history.fraud[rows],
        history.time_ms[rows],
        history.label_known_ms[rows],
        history.label_delay_ms,
    )
    return rows_of(history.vectors, rows), known


def _teaching(train: Labelled, moment_ms: int) -> Labelled:
    """Raises DataRefused where nothing can be learned, since no fraud was known at that moment."""
    if not train[1].any():
        raise DataRefused(
            f"of the {len(train[1])} transactions to learn from none was known to be fraud on {day(moment_ms)}, when"
            " the model would have been made: the labels came later; take more data or other dates"
        )
    return train


def fold_matrices(history: History, fold: Fold, recipe: Recipe) -> Matrices:
    """A fold's rows: it learns from the verdicts that were known then, and is judged by what came out in the end."""
    train = _teaching(labelled(history, fold.train, fold.learned_ms), fold.learned_ms)
    return matrices(train, (rows_of(history.vectors, fold.validation), history.fraud[fold.validation]), recipe)


def _calibrated(history: History, periods: Periods, fitted: list[Fitted], options: Options) -> Manifest:
    """A manifest with calibration and score curve, from the validation rows of all folds."""
    rows = np.concatenate([fold.validation for fold in periods.folds])
    margin = np.concatenate(
        [
            margins(one.raw, history.schema, rows_of(history.vectors, fold.validation))
            for one, fold in zip(fitted, periods.folds, strict=True)
        ]
    )
    truth = history.fraud[rows]
    calibrated = best_calibration(margin, truth, options.calibration)
    times = history.time_ms[rows]
    days = max((int(times.max()) - int(times.min())) / DAY_MS, 1.0)
    amount = history.outcomes(rows).amount if options.choice.costs else None
    score = score_curve(predicted(calibrated.curve, margin), truth, amount, days, options.choice)
    told = {"calibration": calibrated.method, "thresholds": str(options.choice)}
    return msgspec.structs.replace(_blank(history.schema), calibration=calibrated.curve, score=score, data=told)


def _complete(manifest: Manifest, final: Fitted, schema: Schema, seed: int, now: datetime) -> Manifest:
    meaning = msgspec.json.encode((manifest.calibration, manifest.score, manifest.thresholds))
    return msgspec.structs.replace(
        manifest,
        version=version_of(final.raw + meaning, now),
        created_at=now.astimezone(UTC).isoformat(timespec="seconds"),
        sha256=hashlib.sha256(final.raw).hexdigest(),
        catalogue_hash=schema.hash,
        parameters=final.parameters | {"rounds": final.rounds},
        seed=seed,
    )


def _blank(schema: Schema) -> Manifest:
    return Manifest(
        format=FORMAT,
        version="",
        created_at="",
        sha256="",
        features=schema.features,
        catalogue_hash=schema.hash,
        xgboost_version=xgboost.__version__,
        calibration=Curve((-1.0, 1.0), (0.0, 1.0)),
        thresholds=SCORES,
    )
