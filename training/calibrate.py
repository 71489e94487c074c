"""Calibration: from margins to probabilities, as the plain numbers of a curve; isotonic, or Platt's two parameters."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from scoring.manifest import Curve

TAIL_MARGIN = 6.0  # log-odds beyond the outermost points over which the curve still rises
TAIL_FACTOR = 0.1  # how far: a tenth of what is left to 0 or 1
PLATT_POINTS = 200  # of the sigmoid as a curve: within a thousandth of it for any usual range of margins
PROBABILITY_MIN = 1e-9
ISOTONIC, PLATT = "isotonic", "platt"

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Calibrate = Callable[[Floats, Booleans], Curve]


class Calibrated(NamedTuple):
    """The curve, and which method made it."""

    curve: Curve
    method: str


def best_calibration(margin: Floats, fraud: Booleans, method: str | None = None) -> Calibrated:
    """The `method`, or the one that does better on validation rows (n,), in time order, that it has not seen.

    Each is fitted on one half of the time and judged by its log loss on the other, both ways. With hardly any fraud in
    one half there is nothing to judge by: then isotonic, as it cannot be overconfident (its blocks are shrunk).
    """
    if method is None:
        losses = {name: _loss_across(margin, fraud, made) for name, made in METHODS.items()}
        method = min(METHODS, key=lambda name: losses[name])
    return Calibrated(METHODS[method](margin, fraud), method)


def calibrate(margin: Floats, fraud: Booleans) -> Curve:
    """A strictly rising curve through the middles of the isotonic blocks; both arrays of shape (n,).

    Isotonic regression gives steps, on which all rows tie. Between the middles of the steps the curve is straight
    instead, and beyond the outermost it goes on towards 0 and 1, so that the model's ranking survives. Each block is
    shrunk as if it held one more row of each class in the data's proportion: a block of three frauds is not certainty.
    """
    x, y = _blocks(margin, fraud)
    x = np.concatenate([[x[0] - TAIL_MARGIN], x, [x[-1] + TAIL_MARGIN]])
    y = np.concatenate([[y[0] * TAIL_FACTOR], y, [1 - (1 - y[-1]) * TAIL_FACTOR]])
    return Curve(tuple(x.tolist()), tuple(y.tolist()))


def platt(margin: Floats, fraud: Booleans) -> Curve:
    """The sigmoid of a line in the margin, as a curve; isotonic where there is one class only, or the line falls."""
    if fraud.all() or not fraud.any():
        return calibrate(margin, fraud)
    line = LogisticRegression(C=1e4, max_iter=1000).fit(margin.reshape(-1, 1), fraud)
    slope, offset = float(line.coef_[0, 0]), float(line.intercept_[0])
    if slope <= 0:
        return calibrate(margin, fraud)
    x = np.linspace(margin.min() - TAIL_MARGIN, margin.max() + TAIL_MARGIN, PLATT_POINTS)
    y = 1 / (1 + np.exp(-np.clip(slope * x + offset, -30, 30)))
    return Curve(tuple(x.tolist()), tuple(np.maximum.accumulate(y).tolist()))


METHODS: dict[str, Calibrate] = {ISOTONIC: calibrate, PLATT: platt}


def _loss_across(margin: Floats, fraud: Booleans, made: Calibrate) -> float:
    middle = len(margin) // 2
    halves = [slice(None, middle), slice(middle, None)]
    if not all(fraud[half].any() and not fraud[half].all() for half in halves):
        return 0.0
    return sum(
        log_loss(predicted(made(margin[one], fraud[one]), margin[other]), fraud[other])
        for one, other in (halves, halves[::-1])
    )


def predicted(curve: Curve, margin: Floats) -> Floats:
    """The probabilities that a curve gives margins (n,)."""
    return np.asarray(np.interp(margin, curve.x, curve.y), np.float64)


def log_loss(probability: Floats, fraud: Booleans) -> float:
    """Mean negative log likelihood."""
    p = np.clip(np.where(fraud, probability, 1 - probability), PROBABILITY_MIN, 1)
    return float(-np.log(p).mean())


def _blocks(margin: Floats, fraud: Booleans) -> tuple[Floats, ...]:
    """Mean margin and shrunken fraud share of each isotonic block, both strictly rising."""
    order = np.argsort(margin, kind="stable")
    margin, fraud = margin[order], fraud[order].astype(np.float64)
    steps = IsotonicRegression(y_min=0.0, y_max=1.0).fit_transform(margin, fraud)
    starts = np.flatnonzero(np.concatenate([[True], np.diff(steps) > 0]))
    counts = np.diff(np.append(starts, len(steps)))
    prior = fraud.mean()
    middle = np.add.reduceat(margin, starts) / counts
    share = (np.add.reduceat(fraud, starts) + prior) / (counts + 1)
    share = np.maximum.accumulate(share)  # shrinking may turn two small neighbours round
    keep = np.concatenate([[True], (np.diff(share) > 0) & (np.diff(middle) > 0)])
    return middle[keep], share[keep]
