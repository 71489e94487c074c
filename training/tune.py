"""The search over hyper-parameters: Optuna within a budget, on the validation folds only; the test stays unseen."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from contracts.errors import DataRefused
from training.fit import Fitted, Matrices, Recipe, fit
from training.history import History
from training.make_model import fold_matrices
from training.periods import Periods
from training.progress import SILENT, Progress
from training.trials import Trial

if TYPE_CHECKING:
    import optuna

ROUNDS_MAX, PATIENCE_ROUNDS = 600, 40  # slow learners need more rounds than the defaults
WARM_UP_ROUNDS, PRUNE_EVERY_ROUNDS = 30, 10  # before a trial may be given up, and how often that is asked
STARTUP_TRIALS = 8  # at random, before the sampler and the pruner draw conclusions
_UNITS_S = {"s": 1, "m": 60, "h": 3600}
_BUDGET = re.compile(r"(\d+(?:\.\d+)?)([smh]?)")


@dataclass(frozen=True, slots=True)
class Budget:
    """Either seconds, or a number of trials, which makes the search repeatable to the bit."""

    seconds: float | None = None
    trials: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The best recipe, and everything that was tried."""

    recipe: Recipe
    trials: tuple[Trial, ...]


def budget_of(text: str) -> Budget:
    """`90s`, `20m`, `2h`, or a plain number of trials. Raises DataRefused."""
    matched = _BUDGET.fullmatch(text.strip())
    if matched is None or float(matched[1]) == 0:
        raise DataRefused(f"{text[:32]!r} is no budget: give a time such as 20m, or a number of trials")
    if matched[2]:
        return Budget(seconds=float(matched[1]) * _UNITS_S[matched[2]])
    if "." in matched[1]:
        raise DataRefused(f"{text[:32]!r} is no number of trials")
    return Budget(trials=int(matched[1]))


def tune(
    history: History, periods: Periods, recipe: Recipe, budget: Budget, seed: int, progress: Progress = SILENT
) -> Found:
    """Search for the parameters with the best mean average precision over the folds, starting from `recipe`'s own.

    Trials that fall behind the median are given up. A trial that is running when the time is up is given up, too, but
    the first, which is `recipe` itself: so what is found is never worse on the folds.
    """
    import optuna  # takes a second; nobody else needs it

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    base = replace(recipe, rounds_max=ROUNDS_MAX, patience_rounds=PATIENCE_ROUNDS)
    with progress.stage("search", budget.trials or int(budget.seconds or 0)) as advance:
        data = [fold_matrices(history, fold, base) for fold in periods.folds]
        started = time.monotonic()

        def advanced(study: "optuna.Study", _: object) -> None:
            advance(len(study.trials) if budget.trials else int(time.monotonic() - started))

        study = optuna.create_study(
            direction="maximize",
            sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTUP_TRIALS),
            pruner=optuna.pruners.MedianPruner(
                STARTUP_TRIALS, n_warmup_steps=WARM_UP_ROUNDS, interval_steps=PRUNE_EVERY_ROUNDS
            ),
        )
        study.enqueue_trial({name: base.parameters[name] for name in SPACE if name in base.parameters})
        deadline = started + budget.seconds if budget.seconds else None
        study.optimize(
            lambda trial: _mean_of_folds(trial, data, base, seed, deadline),
            n_trials=budget.trials,
            timeout=budget.seconds,
            callbacks=[advanced],
        )
    best = replace(base, parameters=base.parameters | study.best_params)
    return Found(best, tuple(_told(trial) for trial in study.trials))


Suggest = Callable[["optuna.Trial", str], int | float]
SPACE: dict[str, Suggest] = {
    "max_depth": lambda trial, name: trial.suggest_int(name, 3, 10),
    "eta": lambda trial, name: trial.suggest_float(name, 0.03, 0.3, log=True),
    "min_child_weight": lambda trial, name: trial.suggest_float(name, 0.5, 60.0, log=True),
    "subsample": lambda trial, name: trial.suggest_float(name, 0.5, 1.0),
    "colsample_bytree": lambda trial, name: trial.suggest_float(name, 0.1, 1.0),
    "lambda": lambda trial, name: trial.suggest_float(name, 0.1, 100.0, log=True),
}


def _mean_of_folds(
    trial: "optuna.Trial", data: list[Matrices], base: Recipe, seed: int, deadline: float | None
) -> float:
    tried = replace(base, parameters=base.parameters | {name: suggest(trial, name) for name, suggest in SPACE.items()})
    fitted: list[Fitted] = []
    for number, matrices in enumerate(data):
        on_round = _pruner(trial, number * ROUNDS_MAX, deadline if trial.number else None)
        fitted.append(fit(matrices, seed, tried, on_round))
    trial.set_user_attr("rounds", round(float(np.median([one.rounds for one in fitted]))))
    return float(np.mean([one.average_precision for one in fitted]))


def _pruner(trial: "optuna.Trial", before: int, deadline: float | None) -> Callable[[int, float], None]:
    """Compares a trial with the others round by round; with several folds, fold by fold, too."""
    import optuna

    def on_round(done: int, average_precision: float) -> None:
        trial.report(average_precision, before + done)
        if trial.should_prune() or (deadline is not None and time.monotonic() > deadline):
            trial.set_user_attr("rounds", done)
            raise optuna.TrialPruned

    return on_round


def _told(trial: "optuna.trial.FrozenTrial") -> Trial:
    complete = trial.state.name == "COMPLETE"
    return Trial(
        number=trial.number,
        value=round(trial.value, 6) if complete and trial.value is not None else None,
        rounds=int(trial.user_attrs.get("rounds", 0)),
        parameters=dict(trial.params),
    )
