"""The loops behind `scoring.trees`, compiled."""

from math import factorial
from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray


class Nodes(NamedTuple):
    """Trees behind each other, by node: `value` is where a node splits (below: left), or what a leaf adds."""

    roots: NDArray[np.int32]
    feature: NDArray[np.int32]  # -1: a leaf
    value: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    missing_left: NDArray[np.bool_]


class Leaves(NamedTuple):
    """Leaves behind each other. Of leaf i the features on its path lie from `starts[i]`, its table from `cases[i]`:
    k contributions for each of 2^k cases, where bit j of a case says that feature j lets the row pass.
    """

    starts: NDArray[np.int64]  # (leaves + 1,)
    cases: NDArray[np.int64]  # (leaves + 1,)
    feature: NDArray[np.int32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    missing: NDArray[np.bool_]
    table: NDArray[np.float32]


def weights(count_max: int) -> NDArray[np.float64]:
    """Shapley's: (k, s) -> s! (k - 1 - s)! / k!, the share of the orders in which s given features come first."""
    found = np.zeros((count_max + 1, count_max + 1))
    for k in range(1, count_max + 1):
        for s in range(k):
            found[k, s] = factorial(s) * factorial(k - 1 - s) / factorial(k)
    return found


@nb.njit(cache=True)
def margins(nodes, base, vectors):
    """Sums in the order of the trees and in single precision, as XGBoost does, so that the bits are the same."""
    found = np.empty(len(vectors), np.float32)
    for i in range(len(vectors)):
        total = base
        for root in nodes.roots:
            node = root
            while nodes.feature[node] >= 0:
                x = vectors[i, nodes.feature[node]]
                goes_left = nodes.missing_left[node] if np.isnan(x) else x < nodes.value[node]
                node = nodes.left[node] if goes_left else nodes.right[node]
            total = np.float32(total + nodes.value[node])
        found[i] = total
    return found


@nb.njit(cache=True)
def contributions(leaves, bias, vectors):
    """TreeSHAP values f32 (n, features + 1): each leaf's case, looked up."""
    n, features = vectors.shape
    found = np.empty((n, features + 1), np.float32)
    row = np.empty(features)
    for i in range(n):
        row[:] = 0.0
        for leaf in range(len(leaves.starts) - 1):
            start, stop = leaves.starts[leaf], leaves.starts[leaf + 1]
            case = 0
            for j in range(start, stop):
                x = vectors[i, leaves.feature[j]]
                # Without a branch, which no processor could foresee: NaN is in no interval, and unequal to itself.
                passes = ((leaves.low[j] <= x) & (x < leaves.high[j])) | (leaves.missing[j] & (x != x))
                case |= passes << (j - start)
            at = leaves.cases[leaf] + case * (stop - start)
            for j in range(start, stop):
                row[leaves.feature[j]] += leaves.table[at + j - start]
        for f in range(features):
            found[i, f] = row[f]
        found[i, features] = bias
    return found


@nb.njit(cache=True)
def tabulate(starts, cases, shares, values, weight):
    """The tables of all leaves.

    Of a leaf with value v on a path of k features, o_j being 1 if feature j lets the row pass, else 0, and z_j its
    share of the cover, feature i contributes v (o_i - z_i) sum over s of weight(k, s) c_s, where c_s is the coefficient
    of t^s in the product over j != i of (o_j t + z_j).
    """
    table = np.empty(cases[-1], np.float32)
    for leaf in range(len(values)):
        start = starts[leaf]
        k = starts[leaf + 1] - start
        z = shares[start : start + k]
        coefficients = np.empty(k + 1)
        for case in range(1 << k):
            for i in range(k):
                coefficients[:] = 0.0
                coefficients[0] = 1.0
                degree = 0
                for j in range(k):
                    if j == i:
                        continue
                    passes = case >> j & 1
                    degree += 1
                    for s in range(degree, 0, -1):
                        coefficients[s] = coefficients[s] * z[j] + coefficients[s - 1] * passes
                    coefficients[0] *= z[j]
                total = 0.0
                for s in range(k):
                    total += weight[k, s] * coefficients[s]
                table[cases[leaf] + case * k + i] = values[leaf] * ((case >> i & 1) - z[i]) * total
    return table
