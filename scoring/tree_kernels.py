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


class Splits(NamedTuple):
    """The nodes that split, of all trees: what a row's features are asked."""

    feature: NDArray[np.int32]
    value: NDArray[np.float32]
    missing_left: NDArray[np.bool_]


class Groups(NamedTuple):
    """Leaves that hang together, so that one look finds what all of them contribute.

    Group g asks splits `starts[g]` to `starts[g + 1]` and adds to features `feature_starts[g]` to
    `feature_starts[g + 1]`. Its table begins at `cases[g]`: a contribution for each of these features, in each of the
    cases, where bit j of a case says that split j sends the row left.
    """

    starts: NDArray[np.int64]  # (groups + 1,)
    splits: NDArray[np.int32]  # positions in Splits
    feature_starts: NDArray[np.int64]  # (groups + 1,)
    features: NDArray[np.int32]
    cases: NDArray[np.int64]  # (groups + 1,)
    table: NDArray[np.float32]


class Paths(NamedTuple):
    """What lets a row through to each leaf, leaves in the order of their groups: from `starts[i]` on, by feature.

    A feature lets a row pass in the cases of which `case & mask == wanted`; `place` is the feature's among the group's,
    `share` that of the cover which passes.
    """

    leaves: NDArray[np.int64]  # (groups + 1,): where a group's leaves begin
    values: NDArray[np.float64]
    starts: NDArray[np.int64]  # (leaves + 1,)
    place: NDArray[np.int64]
    mask: NDArray[np.int64]
    wanted: NDArray[np.int64]
    share: NDArray[np.float64]


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
def contributions(splits, groups, bias, vectors):
    """TreeSHAP values f32 (n, features + 1): each split asked once, then each group's case looked up.

    Without branches, which no processor could foresee, and with all places known before the first is read, because the
    tables are not in its caches.
    """
    n, features = vectors.shape
    feature, value, missing_left = splits.feature, splits.value, splits.missing_left
    starts, asked, cases, table = groups.starts, groups.splits, groups.cases, groups.table
    feature_starts, touched = groups.feature_starts, groups.features
    found = np.empty((n, features + 1), np.float32)
    row = np.empty(features)
    left = np.empty(len(feature), np.uint8)
    places = np.empty(len(cases) - 1, np.int64)
    for i in range(n):
        for s in range(len(feature)):
            x = vectors[i, feature[s]]
            left[s] = (x < value[s]) | (missing_left[s] & (x != x))
        for g in range(len(places)):
            case = 0
            for j in range(starts[g], starts[g + 1]):
                case |= np.int64(left[asked[j]]) << (j - starts[g])
            places[g] = cases[g] + case * (feature_starts[g + 1] - feature_starts[g])
        row[:] = 0.0
        for g in range(len(places)):
            for j in range(feature_starts[g], feature_starts[g + 1]):
                row[touched[j]] += table[places[g] + j - feature_starts[g]]
        for f in range(features):
            found[i, f] = row[f]
        found[i, features] = bias
    return found


@nb.njit(cache=True)
def tabulate(groups_starts, feature_starts, cases, paths, weight):
    """The tables of all groups: in each case the sum of what its leaves contribute."""
    table = np.empty(cases[-1], np.float32)
    for g in range(len(cases) - 1):
        count = 1 << (groups_starts[g + 1] - groups_starts[g])
        width = feature_starts[g + 1] - feature_starts[g]
        sums = np.zeros(count * width)
        for leaf in range(paths.leaves[g], paths.leaves[g + 1]):
            start, stop = paths.starts[leaf], paths.starts[leaf + 1]
            of_leaf = _contributions_of(paths.values[leaf], paths.share[start:stop], weight)
            for case in range(count):
                passing = 0
                for j in range(start, stop):
                    passing |= np.int64(case & paths.mask[j] == paths.wanted[j]) << (j - start)
                for j in range(start, stop):
                    sums[case * width + paths.place[j]] += of_leaf[passing, j - start]
        table[cases[g] : cases[g + 1]] = sums
    return table


@nb.njit(cache=True)
def _contributions_of(value, z, weight):
    """What a leaf contributes, (2^k, k), by which of the k features on its path let the row pass (bit j: feature j).

    Of a leaf with value v, o_j being 1 if feature j lets the row pass, else 0, and z_j its share of the cover, feature
    i contributes v (o_i - z_i) sum over s of weight(k, s) c_s, where c_s is the coefficient of t^s in the product over
    j != i of (o_j t + z_j).
    """
    k = len(z)
    found = np.empty((1 << k, k))
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
            found[case, i] = value * ((case >> i & 1) - z[i]) * total
    return found
