"""Isotonic calibration, as the plain numbers of a curve from margin to probability."""

import numpy as np
import numpy.typing as npt
from sklearn.isotonic import IsotonicRegression

from scoring.manifest import Curve

TAIL_MARGIN = 6.0  # log-odds beyond the outermost points over which the curve still rises
TAIL_FACTOR = 0.1  # how far: a tenth of what is left to 0 or 1


def calibrate(margin: npt.NDArray[np.float64], fraud: npt.NDArray[np.bool_]) -> Curve:
    """A strictly rising curve through the middles of the isotonic blocks; both arrays of shape (n,).

    Isotonic regression gives steps, on which all rows tie. Between the middles of the steps the curve is straight
    instead, and beyond the outermost it goes on towards 0 and 1, so that the model's ranking survives. Each block is
    shrunk as if it held one more row of each class in the data's proportion: a block of three frauds is not certainty.
    """
    x, y = _blocks(margin, fraud)
    x = np.concatenate([[x[0] - TAIL_MARGIN], x, [x[-1] + TAIL_MARGIN]])
    y = np.concatenate([[y[0] * TAIL_FACTOR], y, [1 - (1 - y[-1]) * TAIL_FACTOR]])
    return Curve(tuple(x.tolist()), tuple(y.tolist()))


def _blocks(margin: npt.NDArray[np.float64], fraud: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.float64], ...]:
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
