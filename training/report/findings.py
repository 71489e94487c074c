"""What a report says beyond the figures: importance, drift from train to test, the worst mistakes with reasons."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from features.catalogue import FEATURES
from scoring.drift import Reference, bin_counts, psi, shares_of
from scoring.model import Model, Vectors
from training.evaluation.outcomes import Outcomes
from training.reasons import Reasons

EXPLAINED_ROWS = 500  # TreeSHAP takes half a millisecond a row; the mean of 500 orders the strong features well
IMPORTANT, DRIFTED, MISTAKES = 20, 15, 10


class Importance(NamedTuple):
    """`shap`: mean absolute contribution in log-odds; `gain`: the trees' total gain, as a share of all."""

    feature: str
    meaning: str
    shap: float
    gain: float


class Drifted(NamedTuple):
    feature: str
    psi: float


class Mistake(NamedTuple):
    """A fraud below the flag threshold, or a legitimate payment above it; `amount` in base currency."""

    transaction: str
    typology: str
    amount: float
    score: float
    reasons: tuple[str, ...]


class Findings(NamedTuple):
    importances: list[Importance]
    drifted: list[Drifted]
    score_psi: float | None
    missed: list[Mistake]
    false_alarms: list[Mistake]


def find(
    model: Model, vectors: Vectors, outcomes: Outcomes, reference: Reference, reasons: Reasons, flag: float
) -> Findings:
    """Findings on the test period's vectors (n, features), deterministic; `flag` is the alerting risk score."""
    score = model.score(model.predict(vectors))
    missed = np.flatnonzero(outcomes.fraud & (score < flag))
    missed = missed[np.argsort(-outcomes.amount[missed], kind="stable")][:MISTAKES]
    alarms = np.flatnonzero(~outcomes.fraud & (score >= flag))
    alarms = alarms[np.argsort(-score[alarms], kind="stable")][:MISTAKES]
    return Findings(
        importances=importances(model, vectors, outcomes.fraud),
        drifted=drifted(vectors, reference),
        score_psi=None,
        missed=_mistakes(missed, model, vectors, outcomes, score, reasons),
        false_alarms=_mistakes(alarms, model, vectors, outcomes, score, reasons),
    )


def importances(model: Model, vectors: Vectors, fraud: npt.NDArray[np.bool_]) -> list[Importance]:
    """The strongest features by mean |SHAP| over a spread of rows, half of them fraud where there is so much."""
    frauds, others = np.flatnonzero(fraud), np.flatnonzero(~fraud)
    half = EXPLAINED_ROWS // 2
    rows = np.sort(np.concatenate([_spread(frauds, half), _spread(others, EXPLAINED_ROWS - min(half, len(frauds)))]))
    shap = np.abs(model.contributions(vectors[rows])[:, :-1]).mean(axis=0)
    gains = model.gains()
    total = sum(gains.values()) or 1.0
    meaning = {feature.name: feature.meaning for feature in FEATURES}
    order = np.argsort(-shap, kind="stable")[:IMPORTANT].tolist()
    names = model.manifest.features
    return [
        Importance(names[i], meaning.get(names[i], ""), float(shap[i]), gains.get(names[i], 0.0) / total)
        for i in order
        if shap[i] > 0
    ]


def drifted(vectors: Vectors, reference: Reference) -> list[Drifted]:
    """The features whose distribution differs most from the training rows', by PSI."""
    found = []
    for column, (name, expected) in zip(vectors.T, reference.features.items(), strict=True):
        found.append(Drifted(name, psi(expected.shares, shares_of(bin_counts(column, expected.edges)))))
    return sorted(found, key=lambda one: -one.psi)[:DRIFTED]


def _spread(rows: npt.NDArray[np.intp], count: int) -> npt.NDArray[np.intp]:
    return rows[np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(np.intp)] if len(rows) else rows


def _mistakes(
    rows: npt.NDArray[np.intp],
    model: Model,
    vectors: Vectors,
    outcomes: Outcomes,
    score: npt.NDArray[np.float64],
    reasons: Reasons,
) -> list[Mistake]:
    contributions = model.contributions(np.ascontiguousarray(vectors[rows]))[:, :-1]
    listed: Sequence[list[float]] = vectors[rows].tolist()
    return [
        Mistake(
            transaction=str(outcomes.transaction[row]),
            typology=str(outcomes.typology[row]),
            amount=float(outcomes.amount[row]),
            score=float(score[row]),
            reasons=reasons(contribution, values),
        )
        for row, contribution, values in zip(rows.tolist(), contributions, listed, strict=True)
    ]
