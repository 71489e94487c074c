"""How a training run is made, beside its data."""

from dataclasses import dataclass, field

from training.costs import Costs
from training.evaluation.bootstrap import REPLICATES
from training.fit import Recipe
from training.periods import Wanted
from training.thresholds import BY_PRECISION, Choice


@dataclass(frozen=True, slots=True)
class Options:
    """`calibration`: `isotonic`, `platt`, or None for the better one. `costs` price the report's threshold charts.

    `baselines`: fit the slower ones, too. `replicates`: of the bootstrap; 0 for no intervals.
    """

    wanted: Wanted = field(default_factory=Wanted)
    recipe: Recipe = field(default_factory=Recipe)
    calibration: str | None = None
    choice: Choice = BY_PRECISION
    costs: Costs = field(default_factory=Costs)
    baselines: bool = True
    replicates: int = REPLICATES
