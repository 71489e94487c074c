"""What is worth what on the Handbook's data, over five test weeks before the published one, which chooses nothing.

`python -m bench.handbook_weeks --file F [--only VARIANT]` repeats the published protocol two to six weeks earlier (the
last ends on 2018-07-31) with a fifth of the legitimate payments, weighing five: the recipe, the recipe changed in one
place, and a ceiling: features made from what a bank cannot know (the kind of each confirmed fraud, each customer's true
mean payment). What is within a few thousandths of each other differs by seeds only. `--published-ceiling` looks at that
ceiling, and at nothing of ours, in the published week.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xgboost

from bench.handbook import CARDS, chunks_of
from bench.harness import RESULTS
from features.catalogue import FEATURE_NAMES, MONOTONE
from features.plan import DAY
from training.column_fold import fold_columns
from training.columns import Columns, joined
from training.evaluation.cards import daily_card_precision
from training.evaluation.ranking import Ranking
from training.fit import PARAMETERS, THREADS, Parameters
from training.handbook import PUBLISHED, day_of, rows_of_test, rows_of_training
from training.handbook_recipe import RECIPE, ROUNDS

WEEKS = (2, 3, 4, 5, 6)  # before the published one
KEPT = 5  # one legitimate payment of so many is learned from, and weighs as many
COMPROMISED_MS = 28 * DAY  # how long a terminal stays compromised in this data
SURELY = 2.6  # times a customer's mean: hardly ever reached but by the fraud that multiplies by five
RESULT = "handbook_weeks"
Floats = npt.NDArray[np.float32]
GENERAL = PARAMETERS | {"gamma": 0.0}  # which the recipe sets
SHRUNK: Parameters = {name: RECIPE.parameters[name] for name in ("min_child_weight", "lambda", "gamma")}


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to fit: changes to the recipe's parameters, and which of the catalogue's features it may see."""

    changed: Parameters = field(default_factory=dict)
    rounds: int = ROUNDS
    sees: Callable[[str], bool] = lambda _: True
    monotone: bool = False
    ceiling: bool = False
    one_week: bool = False  # of training, instead of all history
    seeds: tuple[int, ...] = (1,)


VARIANTS = {
    "recipe": Variant(seeds=(1, 2)),
    "without the run of fraud": Variant(sees=lambda name: "fraud_run" not in name, seeds=(1, 2)),
    "ceiling": Variant(ceiling=True, seeds=(1, 2)),
    "one week": Variant(one_week=True, seeds=(1, 2)),
    "one week, without the run of fraud": Variant(
        sees=lambda name: "fraud_run" not in name, one_week=True, seeds=(1, 2)
    ),
    "one week, small leaves": Variant({"min_child_weight": 3.0, "gamma": 0.5}, one_week=True, seeds=(1, 2)),
    "one week, fewer features a tree": Variant({"colsample_bytree": 0.4}, one_week=True, seeds=(1, 2)),
    "as for any other data, 64 bins": Variant(GENERAL | {"max_bin": 64}, monotone=True),
    "as for any other data, 256 bins": Variant(GENERAL | {"max_bin": 256}, monotone=True),
    "as for any other data, 1,024 bins": Variant(GENERAL | {"max_bin": 1024}, monotone=True),
    "as for any other data, 1,024 bins, shrunk": Variant(GENERAL | {"max_bin": 1024} | SHRUNK, monotone=True),
    "monotone": Variant(monotone=True),
    "64 bins": Variant({"max_bin": 64}),
    "256 bins": Variant({"max_bin": 256}),
    "depth 4": Variant({"max_depth": 4}),
    "depth 8": Variant({"max_depth": 8}),
    "slow": Variant({"eta": 0.03}, rounds=400),
    "larger leaves": Variant({"min_child_weight": 40.0}),
    "fewer features a tree": Variant({"colsample_bytree": 0.4}),
}


class Weeks:
    """Vectors of the features that this data fills, and the fits on them."""

    def __init__(self, file: Path) -> None:
        parts = list(fold_columns(chunks_of(file)))
        self.columns = joined([columns for columns, _ in parts])
        some = np.concatenate([vectors[::97] for _, vectors in parts])
        told = np.flatnonzero(np.fmax.reduce(some, axis=0) > np.fmin.reduce(some, axis=0))
        self._names = [FEATURE_NAMES[at] for at in told]
        self._vectors = np.concatenate([vectors[:, told] for _, vectors in parts])

    def figures(self, variant: Variant, weeks: tuple[int, ...] = WEEKS) -> list[list[float]]:
        """ROC AUC, average precision, card precision of each week, mean of the seeds."""
        seen = [at for at, name in enumerate(self._names) if variant.sees(name)]
        if variant.ceiling:
            x, names = unknowable(self.columns), ["amount", "ratio", "big_7d", "big_14d", "compromised_days"]
        else:
            x, names = self._vectors[:, seen], [self._names[at] for at in seen]
        parameters = RECIPE.parameters | {"nthread": THREADS} | variant.changed
        if variant.monotone:
            parameters["monotone_constraints"] = f"({','.join(str(int(name in MONOTONE)) for name in names)})"
        return [np.mean(self._week(week, x, parameters, variant), axis=0).round(4).tolist() for week in weeks]

    def _week(self, week: int, x: Floats, parameters: Parameters, variant: Variant) -> list[tuple[float, ...]]:
        protocol, fraud = PUBLISHED.weeks_before(week), self.columns.fraud
        kept = 1 if variant.one_week else KEPT
        train = rows_of_training(self.columns, protocol, all_history=not variant.one_week)
        train = train[fraud[train] | (np.arange(len(train)) % kept == 0)]
        test = rows_of_test(self.columns, protocol)
        truth = fraud[train]
        weight, bins = np.where(truth, 1.0, kept), int(parameters["max_bin"])
        data = xgboost.QuantileDMatrix(x[train], truth.astype(np.float32), weight=weight, max_bin=bins)
        unseen, found = xgboost.DMatrix(x[test]), []
        for seed in variant.seeds:
            booster = xgboost.train(parameters | {"seed": seed}, data, variant.rounds)
            score = booster.predict(unseen, output_margin=True).astype(np.float64)
            whole = Ranking(score, fraud[test], np.ones(len(test))).counted()
            days = day_of(self.columns, test)
            daily = daily_card_precision(score, fraud[test], self.columns.account[test], days, CARDS)
            found.append((whole.roc_auc(), whole.average_precision(), float(np.mean(daily))))
        return found


def unknowable(columns: Columns) -> Floats:
    """Amount, its ratio to the customer's true mean, how often that was large before, days a terminal is compromised.

    Known of terminals is what is known after the delay, but with the kind of each fraud: nothing tells of a terminal
    that was compromised within the last seven days.
    """
    time_ms, amount, account = columns.time_ms, columns.amount, np.unique(columns.account, return_inverse=True)[1]
    honest = ~columns.fraud
    mean = np.bincount(account[honest], amount[honest], account.max() + 1) / np.maximum(
        np.bincount(account[honest], minlength=account.max() + 1), 1
    )
    ratio = amount / np.maximum(mean[account], 1.0)
    x = np.full((len(columns), 5), np.nan, np.float32)
    x[:, 0], x[:, 1] = amount, ratio
    for rows in _grouped(account):
        before = np.r_[0, np.cumsum(ratio[rows] > SURELY)]
        for column, days in ((2, 7), (3, 14)):
            x[rows, column] = before[:-1] - before[np.searchsorted(time_ms[rows], time_ms[rows] - days * DAY)]
    terminal = np.array([text == "2" for text in columns.typology.values()] + [False])[columns.typology.codes]
    for rows in _grouped(columns.transactions.merchant.codes):
        told = time_ms[rows][terminal[rows]]
        began = told.copy()
        for at in range(1, len(told)):
            began[at] = began[at - 1] if told[at] - began[at - 1] < COMPROMISED_MS else told[at]
        known = np.searchsorted(told, time_ms[rows] - PUBLISHED.delay_days * DAY, "right")
        some = rows[known > 0]
        x[some, 4] = (time_ms[some] - began[known[known > 0] - 1]) / DAY
    return x


def _grouped(codes: npt.NDArray[np.integer]) -> list[npt.NDArray[np.intp]]:
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--only", choices=list(VARIANTS), action="append")
    parser.add_argument("--published-ceiling", action="store_true")
    arguments = parser.parse_args()
    path = RESULTS / f"{RESULT}.json"
    result = json.loads(path.read_text()) if path.exists() else {"weeks before the published one": WEEKS}
    weeks, started = Weeks(arguments.file), time.monotonic()
    if arguments.published_ceiling:
        (found,) = weeks.figures(VARIANTS["ceiling"], (0,))
        result["ceiling in the published week"] = found
        path.write_text(json.dumps(result, indent=1) + "\n")
        print("ceiling in the published week", *found)
        return
    for name in arguments.only or VARIANTS:
        figures = weeks.figures(VARIANTS[name])
        mean = np.mean(figures, axis=0).round(4).tolist()
        result[name] = {"mean": mean, "weeks": figures, "seeds": VARIANTS[name].seeds}
        print(name, *(f"{value:.3f}" for value in mean), f"{time.monotonic() - started:.0f} s", flush=True)
        path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
