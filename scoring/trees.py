"""A gradient-boosted model as flat arrays, for rows that come one by one.

For one row XGBoost takes 0.9 ms, of which little is spent in trees: it wraps arrays, makes a matrix for each call, and
its TreeSHAP walks every tree anew (record 0055). These arrays give the same margins, bit for bit, in some microseconds,
and exact TreeSHAP values out of tables: what a leaf contributes depends only on which of the few features on its path
let the row pass, so each of those 2^k cases is computed once, when the model is loaded (J. Yang, "Fast TreeSHAP",
2021, second version; the values are those of S. Lundberg et al., "Consistent Individualized Feature Attribution for
Tree Ensembles", 2018).
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost
from numpy.typing import NDArray

from scoring import tree_kernels
from scoring.tree_kernels import Leaves, Nodes

CASES_MAX = 16_000_000  # numbers in all leaves' tables, 64 MB; a usual model has less than a tenth
PATH_MAX = 10  # features on one path; a leaf's table doubles with each
PROBES = 256  # rows on which the arrays must give XGBoost's bits before they are used
PROBE_MISSING_SHARE = 0.2
LEAF = -1  # in XGBoost's arrays of children


@dataclass(frozen=True, slots=True)
class Trees:
    """`bias`: the mean margin over the cover, from which TreeSHAP's values tell the difference."""

    nodes: Nodes
    leaves: Leaves
    base: np.float32
    bias: float

    def margins(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-odds, float32 (n,), of float32 vectors (n, features); NaN means missing. The bits that XGBoost gives."""
        found: NDArray[np.float32] = tree_kernels.margins(self.nodes, self.base, vectors)
        return found

    def contributions(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """TreeSHAP values, float32 (n, features + 1), the last column the bias; a row sums to its margin."""
        found: NDArray[np.float32] = tree_kernels.contributions(self.leaves, self.bias, vectors)
        return found


@dataclass(slots=True)
class _Path:
    """What lets a row through to a leaf: by feature low <= x < high, or a missing value; and the share of the cover."""

    value: float
    low: dict[int, float]
    high: dict[int, float]
    missing: dict[int, bool]
    share: dict[int, float]


def trees_of(booster: xgboost.Booster) -> Trees | None:
    """The booster's trees, or None where XGBoost itself has to be asked: other kinds of trees, or very many cases."""
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    trees = learner["gradient_booster"].get("model", {}).get("trees", [])
    if learner["gradient_booster"]["name"] != "gbtree" or not trees or any(map(_is_unusual, trees)):
        return None
    paths = [path for tree in trees for path in _paths(tree)]
    cases = [len(path.share) << len(path.share) for path in paths if len(path.share) <= PATH_MAX]
    if len(cases) < len(paths) or sum(cases) > CASES_MAX:
        return None
    nodes, leaves = _nodes(trees), _leaves(paths)
    rows = _probes(nodes, booster.num_features())
    theirs = booster.inplace_predict(rows, predict_type="margin", validate_features=False)
    for base in _base_margins(learner):
        if np.array_equal(tree_kernels.margins(nodes, base, rows), theirs):
            bias = float(base) + sum(path.value * math.prod(path.share.values()) for path in paths)
            return Trees(nodes, leaves, base, bias)
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


def _paths(tree: dict[str, Any]) -> Iterator[_Path]:
    left, right = tree["left_children"], tree["right_children"]
    cover, cut = tree["sum_hessian"], np.array(tree["split_conditions"], np.float32).tolist()
    waiting = [(0, _Path(0.0, {}, {}, {}, {}))]
    while waiting:
        node, path = waiting.pop()
        if left[node] == LEAF:
            path.value = cut[node]
            yield path
            continue
        feature, missing_left = tree["split_indices"][node], bool(tree["default_left"][node])
        for child, goes_left in ((right[node], False), (left[node], True)):
            low, high, missing = dict(path.low), dict(path.high), dict(path.missing)
            if goes_left:
                high[feature] = min(high.get(feature, math.inf), cut[node])
            else:
                low[feature] = max(low.get(feature, -math.inf), cut[node])
            missing[feature] = missing.get(feature, True) and missing_left == goes_left
            share = path.share | {feature: path.share.get(feature, 1.0) * cover[child] / cover[node]}
            waiting.append((child, _Path(0.0, low, high, missing, share)))


def _leaves(paths: list[_Path]) -> Leaves:
    counts = np.array([len(path.share) for path in paths], np.int64)
    shares = np.array([share for path in paths for share in path.share.values()])
    values = np.array([path.value for path in paths])
    starts = np.concatenate([[0], np.cumsum(counts)])
    cases = np.concatenate([[0], np.cumsum(counts << counts)])
    return Leaves(
        starts=starts,
        cases=cases,
        feature=np.array([feature for path in paths for feature in path.share], np.int32),
        low=np.array([path.low.get(f, -math.inf) for path in paths for f in path.share], np.float32),
        high=np.array([path.high.get(f, math.inf) for path in paths for f in path.share], np.float32),
        missing=np.array([path.missing[f] for path in paths for f in path.share], np.bool_),
        table=tree_kernels.tabulate(starts, cases, shares, values, tree_kernels.weights(PATH_MAX)),
    )


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
