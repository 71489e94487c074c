"""A gradient-boosted model as flat arrays, for rows that come one by one.

For one row XGBoost takes 0.9 ms, of which little is spent in trees: it wraps arrays, makes a matrix for each call, and
its TreeSHAP walks every tree anew (record 0055). These arrays give the same margins, bit for bit, in some microseconds,
and exact TreeSHAP values out of tables: what a leaf contributes depends only on which of the few features on its path
let the row pass, so each case is computed once, when the model is loaded (J. Yang, "Fast TreeSHAP", 2021, second
version; the values are those of S. Lundberg et al., "Consistent Individualized Feature Attribution for Tree Ensembles",
2018). Leaves that hang together share one table, as long as few splits lead to them and between them.
"""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring import tree_kernels
from scoring.boosting import xgboost
from scoring.tree_kernels import Groups, Nodes, Paths, Splits

CASES_MAX = 16_000_000  # numbers in all groups' tables, 64 MB; a usual model has less than a tenth
PATH_MAX = 10  # splits on the way to a leaf; a table doubles with each
GROUP_MAX = 7  # splits of a group of several leaves: fewer and larger tables, or more and smaller ones (record 0055)
PROBES = 256  # rows on which the arrays must give XGBoost's bits before they are used
PROBE_MISSING_SHARE = 0.2
LEAF = -1  # in XGBoost's arrays of children


@dataclass(frozen=True, slots=True)
class Trees:
    """`bias`: the mean margin over the cover, from which TreeSHAP's values tell the difference."""

    nodes: Nodes
    splits: Splits
    groups: Groups
    base: np.float32
    bias: float

    def margins(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-odds, float32 (n,), of float32 vectors (n, features); NaN means missing. The bits that XGBoost gives."""
        found: NDArray[np.float32] = tree_kernels.margins(self.nodes, self.base, vectors)
        return found

    def contributions(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """TreeSHAP values, float32 (n, features + 1), the last column the bias; a row sums to its margin."""
        found: NDArray[np.float32] = tree_kernels.contributions(self.splits, self.groups, self.bias, vectors)
        return found


@dataclass(frozen=True, slots=True)
class _Step:
    """On the way to a leaf: the split, which way, and the share of the split's cover that goes it."""

    split: int
    feature: int
    left: bool
    share: float


@dataclass(frozen=True, slots=True)
class _Leaf:
    value: float
    way: tuple[_Step, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    """The leaves below one node; `splits` lie on the way to it or below it."""

    splits: list[int]
    features: list[int]
    leaves: list[_Leaf]


def trees_of(booster: xgboost.Booster) -> Trees | None:
    """The booster's trees, or None where XGBoost itself has to be asked: other kinds of trees, or very many cases."""
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    trees = learner["gradient_booster"].get("model", {}).get("trees", [])
    if learner["gradient_booster"]["name"] != "gbtree" or not trees or any(map(_is_unusual, trees)):
        return None
    groups = [group for tree, first in zip(trees, _first_splits(trees), strict=True) for group in _groups(tree, first)]
    if any(len(group.splits) > PATH_MAX for group in groups):
        return None
    if sum(len(group.features) << len(group.splits) for group in groups) > CASES_MAX:
        return None
    nodes = _nodes(trees)
    rows = _probes(nodes, booster.num_features())
    theirs = booster.inplace_predict(rows, predict_type="margin", validate_features=False)
    for base in _base_margins(learner):
        if np.array_equal(tree_kernels.margins(nodes, base, rows), theirs):
            leaves = [leaf for group in groups for leaf in group.leaves]
            bias = float(base) + sum(leaf.value * math.prod(step.share for step in leaf.way) for leaf in leaves)
            return Trees(nodes, _splits(nodes), _tabulated(groups), base, bias)
    return None


def _is_unusual(tree: dict[str, Any]) -> bool:
    """Splits by category, or leaves of several values."""
    return any(tree["split_type"]) or int(tree["tree_param"]["size_leaf_vector"]) > 1


def _base_margins(learner: dict[str, Any]) -> list[np.float32]:
    """What every tree adds to: XGBoost's own number, and its neighbours.

    For a logistic objective the file holds a probability. Its logarithm is the mathematics library's, whose last bit
    depends on the machine: the probes tell which it is.
    """
    score = np.float32(learner["learner_model_param"]["base_score"].strip("[]"))
    if not learner["objective"]["name"].endswith(":logistic"):
        return [score]
    base = np.float32(-np.log(np.float32(1) / score - np.float32(1)))
    return [base, np.nextafter(base, np.float32(-np.inf)), np.nextafter(base, np.float32(np.inf))]


def _nodes(trees: list[dict[str, Any]]) -> Nodes:
    """All trees behind each other, children as positions in the whole; a leaf's feature is LEAF."""
    starts = np.cumsum([0, *(len(tree["left_children"]) for tree in trees)])
    left = [np.array(tree["left_children"], np.int32) for tree in trees]
    right = [np.array(tree["right_children"], np.int32) for tree in trees]
    features = [
        np.where(its_left == LEAF, LEAF, np.array(tree["split_indices"], np.int32))
        for tree, its_left in zip(trees, left, strict=True)
    ]
    return Nodes(
        roots=starts[:-1].astype(np.int32),
        feature=np.concatenate(features).astype(np.int32),
        value=np.concatenate([np.array(tree["split_conditions"], np.float32) for tree in trees]),
        left=np.concatenate([part + start for part, start in zip(left, starts[:-1], strict=True)]).astype(np.int32),
        right=np.concatenate([part + start for part, start in zip(right, starts[:-1], strict=True)]).astype(np.int32),
        missing_left=np.concatenate([np.array(tree["default_left"], np.bool_) for tree in trees]),
    )


def _splits(nodes: Nodes) -> Splits:
    inner = nodes.feature != LEAF
    return Splits(nodes.feature[inner], nodes.value[inner], nodes.missing_left[inner])


def _first_splits(trees: list[dict[str, Any]]) -> list[int]:
    """How many nodes split in the trees before each."""
    counts = (sum(child != LEAF for child in tree["left_children"]) for tree in trees)
    return [0, *accumulate(counts)][:-1]


def _groups(tree: dict[str, Any], first: int) -> Iterator[_Group]:
    """The tree in the largest groups of at most GROUP_MAX splits, or of one leaf. Splits are counted from `first`."""
    inner = [child != LEAF for child in tree["left_children"]]
    number = (np.cumsum(inner) - 1 + first).tolist()
    value = np.array(tree["split_conditions"], np.float32).tolist()
    waiting: list[tuple[int, tuple[_Step, ...]]] = [(0, ())]
    while waiting:
        node, way = waiting.pop()
        below = [n for n in _below(tree, node) if inner[n]]
        if inner[node] and len(way) + len(below) > GROUP_MAX:
            waiting += _children(tree, number, node, way)
            continue
        leaves, open_ = [], [(node, way)]
        while open_:
            at, its_way = open_.pop()
            if inner[at]:
                open_ += _children(tree, number, at, its_way)
            else:
                leaves.append(_Leaf(value[at], its_way))
        features = dict.fromkeys(step.feature for leaf in leaves for step in leaf.way)
        yield _Group([step.split for step in way] + [number[n] for n in below], list(features), leaves)


def _below(tree: dict[str, Any], node: int) -> Iterator[int]:
    """The node and all that hang on it."""
    waiting = [node]
    while waiting:
        yield (at := waiting.pop())
        if tree["left_children"][at] != LEAF:
            waiting += [tree["right_children"][at], tree["left_children"][at]]


def _children(
    tree: dict[str, Any], number: list[int], node: int, way: tuple[_Step, ...]
) -> list[tuple[int, tuple[_Step, ...]]]:
    cover, feature = tree["sum_hessian"], tree["split_indices"][node]
    return [
        (child, (*way, _Step(number[node], feature, left, cover[child] / cover[node])))
        for child, left in ((tree["right_children"][node], False), (tree["left_children"][node], True))
    ]


def _tabulated(groups: list[_Group]) -> Groups:
    starts = _ends(len(group.splits) for group in groups)
    feature_starts = _ends(len(group.features) for group in groups)
    cases = _ends(len(group.features) << len(group.splits) for group in groups)
    return Groups(
        starts=starts,
        splits=np.array([split for group in groups for split in group.splits], np.int32),
        feature_starts=feature_starts,
        features=np.array([feature for group in groups for feature in group.features], np.int32),
        cases=cases,
        table=tree_kernels.tabulate(starts, feature_starts, cases, _paths(groups), tree_kernels.weights(PATH_MAX)),
    )


def _paths(groups: list[_Group]) -> Paths:
    """By feature what a leaf's way asks for: a feature may be asked more than once, and has to pass each time."""
    leaves = [
        (group, leaf, list(dict.fromkeys(step.feature for step in leaf.way)))
        for group in groups
        for leaf in group.leaves
    ]
    asked = [
        (group, feature, [step for step in leaf.way if step.feature == feature])
        for group, leaf, features in leaves
        for feature in features
    ]
    return Paths(
        leaves=_ends(len(group.leaves) for group in groups),
        values=np.array([leaf.value for _, leaf, _ in leaves]),
        starts=_ends(len(features) for _, _, features in leaves),
        place=np.array([group.features.index(feature) for group, feature, _ in asked], np.int64),
        mask=np.array([sum(1 << group.splits.index(s.split) for s in steps) for group, _, steps in asked], np.int64),
        wanted=np.array(
            [sum(s.left << group.splits.index(s.split) for s in steps) for group, _, steps in asked], np.int64
        ),
        share=np.array([math.prod(step.share for step in steps) for _, _, steps in asked]),
    )


def _ends(lengths: Iterable[int]) -> NDArray[np.int64]:
    """Where each of consecutive spans begins, and the last one ends."""
    return np.array([0, *accumulate(lengths)], np.int64)


def _probes(nodes: Nodes, features: int) -> NDArray[np.float32]:
    """Rows at, and just below, the values at which the trees split, with missing values among them."""
    chance = np.random.default_rng(0)
    rows = chance.normal(size=(PROBES, features)).astype(np.float32)
    inner = np.flatnonzero(nodes.feature != LEAF)
    for row in rows:
        some = chance.choice(inner, min(len(inner), features), replace=False)
        cuts, below = nodes.value[some], chance.random(min(len(inner), features)) < 0.5
        row[nodes.feature[some]] = np.where(below, np.nextafter(cuts, np.float32(-np.inf)), cuts)
    rows[chance.random(rows.shape) < PROBE_MISSING_SHARE] = np.nan
    return rows
