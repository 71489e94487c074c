"""How to fit on the Handbook's data, chosen on weeks before its test week: `python -m bench.handbook_search --file F`.

Each validation week repeats the published protocol some weeks earlier: train on all history before its gap, seven days
of delay, test without known cards. The last ends on 2018-07-31, so that its labels are known when the model for the
published week is made. Candidates are drawn from SPACE with a fixed seed and sifted by average precision, first on one
week with a fifth of the legitimate payments, then on three. For the best the number of rounds is then chosen with all
rows: with all history, and with one week of training.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xgboost

from bench.harness import RESULTS
from training.column_fold import fold_columns
from training.columns import Columns, joined
from training.evaluation.ranking import Ranking
from training.handbook import PUBLISHED, Protocol, rows_of_test, rows_of_training
from training.loaders.load import HANDBOOK_FORMAT, Loader
from training.loaders.options import LoadOptions

SEED = 7
WEEKS = (2, 3, 5)  # before the published one; the first ranks alone in the first step
CANDIDATES, FINALISTS = 28, 5
LEGITIMATE_KEPT = 5  # one of so many; all of them weigh as much as before
CHECKPOINTS = (0.4, 0.7, 1.0)  # of a candidate's rounds
ROUNDS_MAX = 320
FINAL_CHECKPOINTS = (0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0)
SPACE: dict[str, tuple[Any, ...]] = {
    "max_depth": (4, 5, 6, 7, 8),
    "eta": (0.03, 0.05, 0.08),
    "rounds": (160, 240, 320),
    "min_child_weight": (1.0, 5.0, 15.0, 40.0),
    "lambda": (1.0, 5.0, 20.0),
    "subsample": (0.5, 0.7, 0.9),
    "colsample_bytree": (0.3, 0.5, 0.8, 1.0),
    "gamma": (0.0, 0.5, 2.0),
    "max_bin": (64, 1024, 4096),  # fraud lies in the highest hundredth of amounts, where 64 bins hold nothing apart
    "history_days": (75, 120),
}


class Week(NamedTuple):
    """One validation week's rows: of training by length of history, and of the test."""

    protocol: Protocol
    test: xgboost.DMatrix
    fraud: np.ndarray


def drawn(random: np.random.Generator) -> dict[str, Any]:
    """A candidate."""
    return {name: values[int(random.integers(len(values)))] for name, values in SPACE.items()}


class Search:
    """Fits candidates; binned data is made once for a week and a length of history."""

    def __init__(self, columns: Columns, vectors: np.ndarray) -> None:
        self._columns, self._vectors = columns, vectors
        some = vectors[::97]
        told = np.fmax.reduce(some, axis=0) > np.fmin.reduce(some, axis=0)  # not those of devices, places and so on
        self._alive = np.flatnonzero(told)
        self._weeks = {week: self._week(week) for week in WEEKS}
        self._binned: dict[tuple[int, ...], xgboost.QuantileDMatrix] = {}

    def score(
        self,
        candidate: dict[str, Any],
        week: int,
        kept: int = LEGITIMATE_KEPT,
        checkpoints: tuple[float, ...] = CHECKPOINTS,
    ) -> dict[int, float]:
        """Average precision by rounds."""
        parameters = {name: value for name, value in candidate.items() if name not in ("rounds", "history_days")}
        fixed = {"objective": "binary:logistic", "tree_method": "hist", "base_score": 0.5}
        booster = xgboost.train(
            fixed | {"seed": SEED, "nthread": 2} | parameters,
            self._train(week, candidate["history_days"], kept, candidate["max_bin"]),
            num_boost_round=candidate["rounds"],
        )
        found = {}
        for rounds in (int(candidate["rounds"] * share) for share in checkpoints):
            margin = booster.predict(self._weeks[week].test, output_margin=True, iteration_range=(0, rounds))
            fraud = self._weeks[week].fraud
            found[rounds] = Ranking(margin.astype(np.float64), fraud, np.ones(len(fraud))).counted().average_precision()
        return found

    def _week(self, week: int) -> Week:
        protocol = PUBLISHED.weeks_before(week)
        rows = rows_of_test(self._columns, protocol)
        return Week(protocol, xgboost.DMatrix(self._vectors[rows][:, self._alive]), self._columns.fraud[rows])

    def _train(self, week: int, history_days: int, kept: int, max_bin: int) -> xgboost.QuantileDMatrix:
        key = week, history_days, kept, max_bin
        if key not in self._binned:
            protocol = self._weeks[week].protocol
            rows = rows_of_training(self._columns, protocol, all_history=True)
            rows = rows[self._columns.time_ms[rows] >= protocol.train_end_ms - history_days * 86_400_000]
            fraud = self._columns.fraud[rows]
            rows = rows[fraud | (np.arange(len(rows)) % kept == 0)]
            fraud = self._columns.fraud[rows]
            weight = np.where(fraud, 1.0, float(kept))
            self._binned[key] = xgboost.QuantileDMatrix(
                self._vectors[rows][:, self._alive], fraud.astype(np.float32), weight=weight, max_bin=max_bin
            )
        return self._binned[key]


def final_rounds(search: Search, candidate: dict[str, Any], changed: dict[str, Any]) -> dict[int, float]:
    """Mean average precision by rounds, with all rows."""
    longer = candidate | {"rounds": ROUNDS_MAX} | changed
    weeks = [search.score(longer, week, kept=1, checkpoints=FINAL_CHECKPOINTS) for week in WEEKS]
    means = {rounds: float(np.mean([week[rounds] for week in weeks])) for rounds in weeks[0]}
    print(changed, means, flush=True)
    return means


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, required=True)
    arguments = parser.parse_args()
    loader = Loader(arguments.file, LoadOptions(HANDBOOK_FORMAT, keep_zero_amounts=True))
    parts = list(fold_columns(loader.chunks()))
    search = Search(joined([columns for columns, _ in parts]), np.concatenate([vectors for _, vectors in parts]))
    del parts
    started, random = time.monotonic(), np.random.default_rng(SEED)
    tried = []
    for number in range(CANDIDATES):
        candidate = drawn(random)
        by_rounds = search.score(candidate, WEEKS[0])
        rounds = max(by_rounds, key=lambda r: by_rounds[r])
        tried.append({"candidate": candidate, "first_week": by_rounds})
        print(
            f"{number} {by_rounds[rounds]:.4f} at {rounds} {candidate} {time.monotonic() - started:.0f} s", flush=True
        )
    tried.sort(key=lambda one: -max(one["first_week"].values()))
    for one in tried[:FINALISTS]:
        weeks = [search.score(one["candidate"], week) for week in WEEKS[1:]]
        means = {r: float(np.mean([one["first_week"][r], *(week[r] for week in weeks)])) for r in one["first_week"]}
        one["all_weeks"], one["best_rounds"] = means, max(means, key=lambda r: means[r])
        print(f"{means} {one['candidate']}", flush=True)
    best = max(tried[:FINALISTS], key=lambda one: max(one["all_weeks"].values()))
    rounds = {
        "all history": final_rounds(search, best["candidate"], {}),
        "one week": final_rounds(search, best["candidate"], {"history_days": 7}),
    }
    result = {"rounds": rounds, "weeks_before": WEEKS, "seed": SEED, "best": best, "tried": tried}
    (RESULTS / "handbook_search.json").write_text(json.dumps(result, indent=1) + "\n")
    print("best", best)


if __name__ == "__main__":
    main()
