"""A cost table: what each decision costs, so that thresholds follow from money. All amounts in the base currency."""

import tomllib
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from contracts.errors import DataRefused

Floats = npt.NDArray[np.float64]
LEVELS = ("approve", "review", "flag", "decline")


class Costs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`costs.toml`. The defaults are an example, not advice.

    `*_recovers` is the share of a fraud's amount that is saved at that level; a fraud that is approved is lost.
    """

    review: float = 1.0  # somebody glances at a payment that went through
    flag: float = 5.0  # an alert: an analyst looks into it
    decline_legitimate: float = 20.0  # a good customer is turned away
    review_recovers: float = 0.2
    flag_recovers: float = 0.8
    decline_recovers: float = 1.0

    def complaint(self) -> str | None:
        """What is wrong with the table, as the rest of a sentence, or None."""
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if not np.isfinite(value) or value < 0:
                return f"{name} must be 0 or more"
            if name.endswith("_recovers") and value > 1:
                return f"{name} is a share: 1 at most"
        return None

    def of_rows(self, fraud: npt.NDArray[np.bool_], amount: Floats) -> Floats:
        """What each row costs at each level, shape (4, n), levels in the order of LEVELS."""
        lost = np.where(fraud, amount, 0.0)
        turned_away = np.where(fraud, 0.0, self.decline_legitimate)
        return np.stack(
            [
                lost,
                self.review + lost * (1 - self.review_recovers),
                self.flag + lost * (1 - self.flag_recovers),
                turned_away + lost * (1 - self.decline_recovers),
            ]
        )


def read_costs(path: Path) -> Costs:
    """The table of a TOML file. Raises DataRefused, with what is wrong, if it is none."""
    try:
        costs = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Costs, strict=False)
    except OSError as error:
        raise DataRefused(f"{path} cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, msgspec.ValidationError) as error:
        raise DataRefused(f"{path} is not a cost table: {error}") from error
    problem = costs.complaint()
    if problem:
        raise DataRefused(f"{path} is not a cost table: {problem}")
    return costs


def cheapest_points(probability: Floats, fraud: npt.NDArray[np.bool_], amount: Floats, costs: Costs) -> list[float]:
    """The probabilities from which reviewing, flagging and declining would have cost least on these rows (n,).

    Rows in falling order of probability pass through decline, flag, review, approve, each perhaps empty. The best
    three cuts are found exactly, in one pass: the cheapest way to be at a level after each row, from the cheapest way
    to be at that level or a higher one before it.
    """
    order = np.argsort(-probability, kind="stable")
    p = probability[order]
    last_of_ties = np.append(p[1:] < p[:-1], True)
    ends = np.append(0, np.flatnonzero(last_of_ties) + 1)  # cuts lie only between different probabilities
    table = costs.of_rows(fraud[order], amount[order])[::-1]  # decline first
    sums = np.concatenate([np.zeros((4, 1)), np.cumsum(table, axis=1)], axis=1)[:, ends]
    best, cuts = sums[0], []
    for level in (1, 2, 3):
        gain = best - sums[level]  # to leave the level above here, less what this level would have cost so far
        start = np.minimum.accumulate(gain)
        changed = np.concatenate([[True], start[1:] < start[:-1]])
        where = np.maximum.accumulate(np.where(changed, np.arange(len(ends)), 0))
        cuts.append(where)
        best = start + sums[level]
    at, found = len(ends) - 1, []
    for where in reversed(cuts):
        at = int(where[at])
        found.append(float(p[ends[at] - 1]) if at else 1.0)
    return found
