"""A new model from what the stream stored, judged against the champion on the newest labelled period."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from contracts.errors import ModelRefused
from scoring.model import Model, Vectors, load
from scoring.policy import policy_of
from scoring.promotion import promote_checked
from scoring.registry import champion, promote
from training.evaluation.groups import groups_of
from training.evaluation.outcomes import Outcomes
from training.evaluation.result import Evaluation, Group
from training.fit import rows_of
from training.gate import Check, Limits, judge
from training.history import History
from training.options import Options
from training.periods import split
from training.progress import SILENT, Progress
from training.train import train

BY = "riskstream retrain"


@dataclass(frozen=True, slots=True)
class Retrained:
    """`folder` is None in a dry run: nothing was kept."""

    version: str
    champion: str | None
    evaluation: Evaluation
    checks: list[Check]
    promoted: bool
    folder: Path | None

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)


def retrain(
    history: History,
    registry: Path,
    *,
    seed: int,
    now: datetime,
    options: Options | None = None,
    limits: Limits | None = None,
    dry_run: bool = False,
    progress: Progress = SILENT,
) -> Retrained:
    """Train beside the registry, judge, keep the model with its report, and promote it only if every check passes.

    A model that does not pass is kept too (to be read, or run in shadow), and not promoted. A champion that cannot be
    loaded (another catalogue) is no rival: the amount rule is then. Raises DataRefused if the data cannot be learned
    from, ModelRefused if what was made cannot be promoted after all.
    """
    options, limits = options or Options(), limits or Limits()
    registry.mkdir(parents=True, exist_ok=True)
    old = _champion(registry)
    with _beside(registry, old) as staging:
        trained = train(history, staging, seed=seed, now=now, options=options, progress=progress)
        evaluation, checks = (
            trained.evaluation,
            _judged(history, options, load(trained.folder), old, trained.evaluation, limits),
        )
        version = trained.manifest.version
        folder = None if dry_run else _kept(trained.folder, registry / version)
    passed = all(check.passed for check in checks)
    if passed and not dry_run:
        promote_checked(registry, version, by=BY, at=now)
    name = old.version if old else None
    return Retrained(version, name, evaluation, checks, passed and not dry_run, folder)


def _judged(
    history: History, options: Options, new: Model, old: Model | None, evaluation: Evaluation, limits: Limits
) -> list[Check]:
    periods = split(history.time_ms, history.fraud, history.usable, options.wanted, history.label_delay_ms)
    vectors, outcomes = rows_of(history.vectors, periods.test), history.outcomes(periods.test)
    _, alerts = _groups(new, vectors, outcomes)
    groups, before = _groups(old, vectors, outcomes) if old else ([], None)
    rival = f"champion {old.version}" if old else None
    return judge(evaluation, rival, groups, (alerts, before), limits)


def _groups(model: Model, vectors: Vectors, outcomes: Outcomes) -> tuple[list[Group], int]:
    """A model's segments on these rows, and how many alerts it raises there."""
    probability = model.predict(vectors)
    flagged = model.score(probability) >= policy_of(model.manifest.thresholds).flag
    return list(groups_of(probability, flagged, outcomes)), int(flagged.sum())


@contextmanager
def _beside(registry: Path, old: Model | None) -> Iterator[Path]:
    """A registry on the same disk that holds the champion only, for training to compare with; gone in the end."""
    with tempfile.TemporaryDirectory(prefix=".retrain-", dir=registry) as name:
        staging = Path(name)
        if old is not None:
            shutil.copytree(champion(registry), staging / old.version)
            promote(staging, old.version)
        yield staging


def _kept(made: Path, folder: Path) -> Path:
    if not folder.exists():  # the same data on the same day gives the same model
        made.rename(folder)
    return folder


def _champion(registry: Path) -> Model | None:
    try:
        return load(champion(registry))
    except ModelRefused:
        return None
