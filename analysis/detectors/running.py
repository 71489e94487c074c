"""What goes row by row in order of time: compiled, because each row needs what the rows before it left."""

from typing import TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]


@njit(cache=True)
def moving_average(
    group: Integers, value: Floats, past: Floats, width: int, rows_min: int
) -> tuple[Floats, Floats, Floats]:
    """Mean and standard deviation of the group's last `width` values before each row; NaN below `rows_min`.

    `past` (groups, 1 + width) is kept between chunks: the number of values seen, then a ring of the newest ones.
    """
    n = len(group)
    mean, deviation, count = np.full(n, np.nan), np.full(n, np.nan), np.zeros(n)
    for i in range(n):
        ring = past[group[i]]
        seen = int(ring[0])
        held = min(seen, width)
        count[i] = held
        if held >= rows_min:
            total = 0.0
            for k in range(held):
                total += ring[1 + k]
            average = total / held
            squares = 0.0
            for k in range(held):
                squares += (ring[1 + k] - average) ** 2
            mean[i], deviation[i] = average, np.sqrt(squares / max(held - 1, 1))
        ring[1 + seen % width] = value[i]
        ring[0] = seen + 1
    return mean, deviation, count


@njit(cache=True)
def running_moments(group: Integers, value: Floats, past: Floats) -> tuple[Floats, Floats, Floats]:
    """Count, mean and standard deviation of all of the group's values before each row (Welford's recurrence).

    `past` (groups, 3) is kept between chunks: count, mean, sum of squared deviations.
    """
    n = len(group)
    count, mean, deviation = np.zeros(n), np.zeros(n), np.zeros(n)
    for i in range(n):
        state = past[group[i]]
        count[i], mean[i] = state[0], state[1]
        if state[0] > 1:
            deviation[i] = np.sqrt(state[2] / (state[0] - 1))
        state[0] += 1
        step = value[i] - state[1]
        state[1] += step / state[0]
        state[2] += step * (value[i] - state[1])
    return count, mean, deviation


@njit(cache=True)
def since_last(group: Integers, time: Integers, past: Floats) -> Floats:
    """Milliseconds since the group's row before, NaN for its first. `past` (groups, 2): rows seen, newest time."""
    gap = np.full(len(group), np.nan)
    for i in range(len(group)):
        state = past[group[i]]
        if state[0] > 0:
            gap[i] = time[i] - state[1]
        state[0] += 1
        state[1] = time[i]
    return gap
