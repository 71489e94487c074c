"""Drift: how far what is seen now lies from what the model was measured on, as the population stability index (PSI).

`reference.json` beside a model holds, for each feature and for the score, bins and the share of rows in each:

    features   of the test period's rows, the newest; edges at the deciles, so about a tenth of the rows a bin
    score      of the same rows, which the model had not seen; edges between whole scores (SCORE_EDGES)

Bin i holds the values x with edges[i-1] < x <= edges[i]; one more bin, the last, holds what is missing (NaN). So a
distribution with k edges has k + 2 shares.

By convention a PSI below 0.1 is no drift, above 0.25 is a shift to be looked into. Chance alone gives about
(bins - 1) / rows, so ask for a thousand rows or more.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from contracts.errors import ModelRefused

REFERENCE_FILE = "reference.json"
REFERENCE_FORMAT = 1
REFERENCE_BYTES_MAX = 4 * 1024 * 1024  # fifty times the usual
SHARE_MIN = 1e-4  # an empty bin counts as this share: PSI takes the logarithm of a ratio
PSI_NOTABLE, PSI_LARGE = 0.1, 0.25  # the convention of credit scoring
# Scores have one decimal: between x.9 and the next whole score, so integer buckets of scores add up to these bins.
SCORE_EDGES = (0.95, 1.95, 4.95, 9.95, 19.95, 29.95, 39.95, 49.95, 59.95, 74.95, 89.95)

Counts = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]


class Distribution(msgspec.Struct, frozen=True):
    """Bins and the share of rows in each: `edges` rise strictly, `shares` are one for each bin, the missing last."""

    edges: tuple[float, ...]
    shares: tuple[float, ...]


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """`reference.json`. `features` in catalogue order; a feature without edges was never there, or never varied."""

    format: int
    version: str
    rows: int
    score_rows: int
    score: Distribution
    features: dict[str, Distribution]


_decode = msgspec.json.Decoder(Reference).decode


def read_reference(folder: Path) -> Reference | None:
    """The reference of the model in `folder`; None if it has none. Raises ModelRefused if it is damaged."""
    path = folder / REFERENCE_FILE
    try:
        with path.open("rb") as file:
            raw = file.read(REFERENCE_BYTES_MAX)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ModelRefused(f"{path} cannot be read: {error.strerror or error}") from error
    try:
        reference = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelRefused(f"{path} is damaged: {error}") from error
    if reference.format != REFERENCE_FORMAT:
        raise ModelRefused(f"{path} has format {reference.format}; this version reads format {REFERENCE_FORMAT}")
    for name, distribution in (("score", reference.score), *reference.features.items()):
        if not _is_sound(distribution):
            raise ModelRefused(f"{path} is damaged: the bins of {name} do not rise, or have no share each")
    return reference


def bin_counts(values: npt.NDArray[np.floating], edges: Sequence[float]) -> Counts:
    """How many of `values` (n,) fall into each of the len(edges) + 2 bins, the missing in the last."""
    present = values[~np.isnan(values)]
    bins = np.searchsorted(np.asarray(edges, np.float64), present.astype(np.float64), side="left")
    counts = np.bincount(bins, minlength=len(edges) + 2)
    counts[-1] = len(values) - len(present)
    return counts.astype(np.int64)


def shares_of(counts: Counts) -> Shares:
    """Counts as shares of their sum; all 0 if there is nothing."""
    return np.asarray(counts / max(int(counts.sum()), 1), np.float64)


def psi(expected: Sequence[float] | Shares, actual: Sequence[float] | Shares) -> float:
    """The population stability index, sum((a - e) ln(a / e)), of shares over the same bins; 0 if they are equal.

    Shares below SHARE_MIN count as SHARE_MIN. Raises ValueError if the numbers of bins differ.
    """
    if len(expected) != len(actual):
        raise ValueError(f"{len(expected)} bins cannot be compared with {len(actual)}")
    e, a = np.maximum(expected, SHARE_MIN), np.maximum(actual, SHARE_MIN)
    return float(np.sum((a - e) * np.log(a / e)))


def _is_sound(distribution: Distribution) -> bool:
    edges, shares = distribution.edges, distribution.shares
    finite = all(math.isfinite(number) for number in (*edges, *shares))
    rising = all(a < b for a, b in pairwise(edges))
    return finite and rising and len(shares) == len(edges) + 2
