"""How good a model is on a period: ranking, calibration, and what its decisions would have been."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, roc_auc_score

from scoring.policy import Policy

DECIMALS = 6
CALIBRATION_BINS = 10

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]


def period_metrics(probability: Floats, score: Floats, fraud: Booleans, policy: Policy) -> dict[str, float]:
    """ROC AUC, average precision, Brier score, calibration error, and precision, recall and share at each level.

    Arrays of shape (n,), `score` in 0-100; `fraud` must hold both classes. A precision with nothing above its
    threshold is 0.
    """
    metrics = {
        "transactions": float(len(fraud)),
        "fraud": float(fraud.sum()),
        "roc_auc": float(roc_auc_score(fraud, probability)),
        "average_precision": float(average_precision_score(fraud, probability)),
        "brier": float(np.mean((probability - fraud) ** 2)),
        "calibration_error": calibration_error(probability, fraud),
    }
    for name, threshold in (("review", policy.review), ("flag", policy.flag), ("decline", policy.decline)):
        above = score >= threshold
        hits = float((above & fraud).sum())
        metrics[f"precision_at_{name}"] = hits / max(float(above.sum()), 1.0)
        metrics[f"recall_at_{name}"] = hits / float(fraud.sum())
        metrics[f"share_at_{name}"] = float(above.mean())
    return {name: round(value, DECIMALS) for name, value in metrics.items()}


def recall_by_typology(
    score: Floats, fraud: Booleans, typology: Sequence[str | None], flag: float
) -> dict[str, tuple[int, float]]:
    """Typology -> (frauds, share of them at or above `flag`), by name."""
    kinds = np.array([kind or "unknown" for kind in typology])
    result = {}
    for kind in sorted(set(kinds[fraud].tolist())):
        of_kind = fraud & (kinds == kind)
        result[kind] = (int(of_kind.sum()), round(float((score[of_kind] >= flag).mean()), DECIMALS))
    return result


def calibration_error(probability: Floats, fraud: Booleans, bins: int = CALIBRATION_BINS) -> float:
    """Expected calibration error: mean distance between probability and fraud share over bins of equal size."""
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    gaps = [abs(probability[part].mean() - fraud[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / len(probability))
