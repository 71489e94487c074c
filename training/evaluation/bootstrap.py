"""Intervals by the block bootstrap: whole accounts, or whole days, are drawn with replacement.

Rows of one account are not independent (a stolen card pays ten times), so single rows must not be drawn. All models of
a comparison see the same draws; so their differences have intervals, too, which are narrower than their own.
"""

from collections.abc import Callable, Iterator

import msgspec
import numpy as np

from training.evaluation.outcomes import Floats, Integers

REPLICATES = 200  # gives the ends of a 95 % interval to about a tenth of its width
CONFIDENCE = 0.95


class Interval(msgspec.Struct, frozen=True):
    """A figure with the ends of its interval; None where there is no interval."""

    value: float
    low: float | None = None
    high: float | None = None


def draws(blocks: Integers, replicates: int, seed: int) -> Iterator[Floats]:
    """How often each row (n,) counts in each replicate; `blocks` (n,) says which block a row is in."""
    random = np.random.default_rng(seed)
    _, block = np.unique(blocks, return_inverse=True)
    count = int(block.max()) + 1 if len(block) else 0
    for _ in range(replicates):
        times = np.bincount(random.integers(0, count, count), minlength=count)
        yield times[block].astype(np.float64)


def replicated(
    measure: Callable[[Floats | None], dict[str, float]], blocks: Integers, replicates: int, seed: int
) -> tuple[dict[str, float], dict[str, Floats]]:
    """The figures of all rows, and of each replicate: name -> (replicates,)."""
    whole = measure(None)
    samples = [measure(weight) for weight in draws(blocks, replicates, seed)]
    return whole, {name: np.array([sample[name] for sample in samples]) for name in whole}


def interval(value: float, samples: Floats) -> Interval:
    """The percentile interval; replicates without the figure (no fraud drawn) are left out."""
    usable = samples[np.isfinite(samples)]
    if len(usable) < 2:
        return Interval(value)
    low, high = np.quantile(usable, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(value, float(low), float(high))
