"""From a history to a model in the registry: split in time, search, fit, calibrate, measure, report, write."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np

from contracts.errors import ModelRefused
from features.plan import DAY
from scoring.drift import REFERENCE_FILE
from scoring.manifest import Manifest
from scoring.model import Model, load
from scoring.policy import policy_of
from scoring.registry import champion
from training.baselines import Baseline, amount_rule, fitted_baselines
from training.evaluation.evaluate import Settings, evaluate
from training.evaluation.moments import moment_text
from training.evaluation.result import Evaluation
from training.fit import rows_of
from training.history import History
from training.make_model import Made, labelled, make_model
from training.metrics import period_metrics, recall_by_typology
from training.options import Options
from training.periods import Periods, split
from training.progress import SILENT, Progress
from training.provenance import code_version, data_hash
from training.reference import encode_reference, reference_of
from training.registry_write import METRICS_FILE, promote_if_first, write_model
from training.report.contents import Contents
from training.report.findings import find
from training.report.write import report_files
from training.trials import TRIALS_FILE, Trial, encode_trials
from training.tune import Budget, tune


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training run made."""

    folder: Path
    manifest: Manifest
    evaluation: Evaluation
    promoted: bool


def train(
    history: History,
    registry: Path,
    *,
    seed: int,
    now: datetime,
    promote: bool = False,
    options: Options | None = None,
    budget: Budget | None = None,
    progress: Progress = SILENT,
) -> Trained:
    """Train on `history` and write the model, with its report, into `registry`.

    The first model of a registry is promoted, later ones with `promote`. `now` only dates the version: equal data,
    seed, options and versions of the libraries give an equal model file. With a `budget`, hyper-parameters are searched
    first, on the validation folds only.
    Raises DataRefused if the data cannot be learned from, OSError if the registry cannot be written.
    """
    options = options or Options()
    periods = split(history.time_ms, history.fraud, history.usable, options.wanted, history.label_delay_ms)
    registry.mkdir(parents=True, exist_ok=True)  # before the work, so that a wrong place is known at once
    trials: tuple[Trial, ...] = ()
    if budget is not None:
        found = tune(history, periods, options.recipe, budget, seed, progress)
        options, trials = replace(options, recipe=found.recipe), found.trials
    made = make_model(history, periods, options, seed=seed, now=now, progress=progress)
    with progress.stage("measure and report", 4) as advance:
        rivals = _rivals(history, periods, options, registry, seed)
        advance(1)
        return _written(history, periods, options, made, rivals, trials, registry, promote=promote)


def _written(
    history: History,
    periods: Periods,
    options: Options,
    made: Made,
    rivals: list[Baseline],
    trials: tuple[Trial, ...],
    registry: Path,
    *,
    promote: bool,
) -> Trained:
    model, test = made.model, rows_of(history.vectors, periods.test)
    outcomes = history.outcomes(periods.test)
    how = Settings(replicates=options.replicates, seed=model.manifest.seed, costs=options.costs)
    probability = model.predict(test)
    score = model.score(probability)
    policy = policy_of(model.manifest.thresholds)
    metrics = period_metrics(probability, score, outcomes.fraud, policy)
    metrics["validation_average_precision"] = round(float(np.mean(made.validated)), 6)
    data = history.description | model.manifest.data | _described(history, periods)
    manifest = msgspec.structs.replace(
        model.manifest, metrics=metrics, data=data, data_hash=data_hash(history), code_version=code_version()
    )
    evaluation = evaluate(model, test, outcomes, rivals=rivals, data=history.description, how=how)
    taught = reference_of(manifest.version, rows_of(history.vectors, periods.before_test), score, history.schema)
    findings = find(model, test, outcomes, taught, history.reasons, policy.flag)
    # Live traffic is compared with the newest rows: windows of 30 days are still filling in the first ones.
    reference = reference_of(manifest.version, test, score, history.schema)
    found = recall_by_typology(score, outcomes.fraud, outcomes.typology.tolist(), policy.flag)
    files = {
        METRICS_FILE: _metrics(manifest, found),
        REFERENCE_FILE: encode_reference(reference),
        **report_files(Contents(manifest, evaluation, findings, history.currency, trials)),
    }
    if trials:
        files[TRIALS_FILE] = encode_trials(trials)
    folder = write_model(registry, made.raw, manifest, files, history.schema)
    made_at = datetime.fromisoformat(manifest.created_at)
    promoted = promote_if_first(registry, manifest.version, history.schema, always=promote, at=made_at)
    return Trained(folder, manifest, evaluation, promoted)


def _rivals(history: History, periods: Periods, options: Options, registry: Path, seed: int) -> list[Baseline]:
    """What the model is compared with, in the order of the report."""
    rivals = []
    previous = _previous(registry, history)
    if previous is not None:
        rivals.append(Baseline(f"champion {previous.version}", "the registry's champion so far", previous.predict))
    rivals.append(amount_rule(history.schema.features.index(history.schema.amount)))
    if options.baselines:
        vectors, truth = labelled(history, periods.before_test, periods.test_from_ms)
        rivals += fitted_baselines(vectors, truth, seed)
    return rivals


def _previous(registry: Path, history: History) -> Model | None:
    try:
        return load(champion(registry), history.schema)
    except ModelRefused:
        return None


def _described(history: History, periods: Periods) -> dict[str, str | int | float]:
    described: dict[str, str | int | float] = {
        "transactions": len(history),
        "gap_days": round(periods.gap_ms / DAY, 3),
        "folds": len(periods.folds),
    }
    parts = {
        "train": periods.before_test,
        "validation": np.concatenate([fold.validation for fold in periods.folds]),
        "test": periods.test,
    }
    for name, rows in parts.items():
        described[f"{name}_rows"] = len(rows)
        described[f"{name}_fraud"] = int(history.fraud[rows].sum())
        described[f"{name}_from"] = moment_text(history.time_ms[rows].min())
        described[f"{name}_to"] = moment_text(history.time_ms[rows].max())
    return described


def _metrics(manifest: Manifest, typologies: dict[str, tuple[int, float]]) -> bytes:
    told = {
        "version": manifest.version,
        "test": manifest.metrics,
        "recall_at_flag_by_typology": {name: {"fraud": n, "recall": r} for name, (n, r) in typologies.items()},
        "score_curve": {"probability": manifest.score.x, "score": manifest.score.y},
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=2)
