"""The options of `riskstream train` that say how to train; what they mean, as `training.options`."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from contracts.errors import DataRefused
from contracts.json_text import decode_json_file
from riskstream_client.times import duration_of
from training.costs import Costs, read_costs
from training.fit import PARAMETERS, QUICK_BINS, Parameters, Recipe
from training.options import Options
from training.periods import FOLDS_MAX, Wanted
from training.thresholds import Choice

_BUDGET = re.compile(r"(\d+(?:\.\d+)?)(?:/day)?")
_NOT_XGBOOST = frozenset({"rounds", "rounds_max", "seed", "nthread", "monotone_constraints"})  # the run says these


class Calibration(StrEnum):
    AUTO = "auto"
    ISOTONIC = "isotonic"
    PLATT = "platt"


Moment = Annotated[datetime | None, typer.Option(help="A day, UTC.")]
TrainFrom = Annotated[datetime | None, typer.Option(help="Learn from this day on (UTC); else from the first.")]
TestFrom = Annotated[datetime | None, typer.Option(help="Test from this day on (UTC); else on the last fifth.")]
TestTo = Annotated[datetime | None, typer.Option(help="Test before this day (UTC); else to the end.")]
Validation = Annotated[str | None, typer.Option(help="Length of one validation period: 7d; else a fifth, over folds.")]
Gap = Annotated[str | None, typer.Option(help="Left out before each period; else the label delay, 7d.")]
Folds = Annotated[int, typer.Option(min=1, max=FOLDS_MAX, help="Validation periods, each after the other.")]
Tune = Annotated[str | None, typer.Option(help="Search hyper-parameters: so long (20m), or so many trials (40).")]
ParametersFile = Annotated[Path | None, typer.Option("--params", help="XGBoost parameters, JSON, or a manifest.json.")]
CalibrationOption = Annotated[Calibration, typer.Option(help="auto: the better one on validation.")]
CostFile = Annotated[Path | None, typer.Option("--cost", help="A cost table, TOML: thresholds that cost least.")]
AlertBudget = Annotated[str | None, typer.Option(help="So many alerts a day: 100/day.")]
Quick = Annotated[
    bool, typer.Option("--quick", help="Compare with the amount rule and the champion only; bin more coarsely.")
]


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """What the options above say."""

    train_from: datetime | None = None
    test_from: datetime | None = None
    test_to: datetime | None = None
    validation: str | None = None
    gap: str | None = None
    folds: int = 1
    parameters: Path | None = None
    calibration: Calibration = Calibration.AUTO
    cost: Path | None = None
    alert_budget: str | None = None
    quick: bool = False


def options_of(told: TrainOptions, recipe: Recipe | None = None) -> Options:
    """The options of a run. Raises DataRefused or SettingsError with what is wrong."""
    if told.cost is not None and told.alert_budget is not None:
        raise DataRefused("--cost and --alert-budget both choose the thresholds: give one of them")
    recipe = recipe or (Recipe(PARAMETERS | {"max_bin": QUICK_BINS}) if told.quick else Recipe())
    if told.parameters is not None:
        recipe = recipe_from(told.parameters, recipe)
    costs = read_costs(told.cost) if told.cost is not None else None
    return Options(
        wanted=Wanted(
            train_from_ms=_ms(told.train_from),
            test_from_ms=_ms(told.test_from),
            test_to_ms=_ms(told.test_to),
            validation_ms=_length(told.validation),
            gap_ms=_length(told.gap),
            folds=told.folds,
        ),
        recipe=recipe,
        calibration=None if told.calibration is Calibration.AUTO else told.calibration.value,
        choice=Choice(costs, _alerts_a_day(told.alert_budget)),
        costs=costs or Costs(),
        baselines=not told.quick,
    )


def _alerts_a_day(text: str | None) -> float | None:
    if text is None:
        return None
    matched = _BUDGET.fullmatch(text.strip())
    if matched is None or float(matched[1]) == 0:
        raise DataRefused(f"{text[:32]!r} is no alert budget: give for instance 100/day")
    return float(matched[1])


def recipe_from(path: Path, recipe: Recipe) -> Recipe:
    """`recipe` with the parameters of a JSON file, or of a model's manifest, over its own. Raises DataRefused."""
    try:
        told = decode_json_file(path.read_bytes())
    except OSError as error:
        raise DataRefused(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise DataRefused(f"{path} cannot be read: {error}") from error
    told = told.get("parameters", told) if isinstance(told, dict) else told
    if not isinstance(told, dict) or not all(isinstance(value, str | int | float) for value in told.values()):
        raise DataRefused(f"{path} does not hold parameters: names with a number or a text each")
    rounds_max = told.get("rounds_max", recipe.rounds_max)
    if type(rounds_max) is not int or rounds_max < 1:
        raise DataRefused(f"{path}: rounds_max is a whole number from 1 on, not {rounds_max!r}")
    parameters: Parameters = {name: value for name, value in told.items() if name not in _NOT_XGBOOST}
    return replace(recipe, parameters=recipe.parameters | parameters, rounds_max=rounds_max)


def milliseconds(moment: datetime) -> int:
    """A moment that somebody gave without an offset: UTC."""
    return int(moment.replace(tzinfo=UTC).timestamp() * 1000)


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else milliseconds(moment)


def _length(text: str | None) -> int | None:
    return None if text is None else int(duration_of(text).total_seconds() * 1000)
