"""The gate: what a new model has to show against the champion before it is promoted by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from training.evaluation.result import Evaluation, Group


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the gate, each with its reason."""

    frauds_min: int = 30  # in the test period; below it every figure is chance
    average_precision_drop_max: float = (
        0.01  # the lower end of the 95 % interval of the difference may lie so far below 0
    )
    calibration_error_max: float = 0.02  # a probability of 10 % then means 8 to 12 % on average
    segment_frauds_min: int = 20  # smaller segments say nothing
    segment_recall_drop_max: float = 0.05  # no segment pays for the others
    alerts_factor_max: float = 1.5  # of the champion's; analysts do not become more overnight


class Check(NamedTuple):
    """One condition: whether it holds, and the figures that say so."""

    name: str
    passed: bool
    told: str


def judge(
    evaluation: Evaluation,
    rival: str | None,
    rival_groups: Sequence[Group],
    alerts: tuple[int, int | None],
    limits: Limits,
) -> list[Check]:
    """Every check. `rival` names the champion among those compared with (None: there is none), `rival_groups` are its
    segments on the same rows, `alerts` the number of them that the new model and the champion raise there.
    """
    checks = [
        Check(
            "enough fraud to judge by",
            evaluation.frauds >= limits.frauds_min,
            f"{evaluation.frauds:,} in the test period, {limits.frauds_min:,} are asked for",
        ),
        Check(
            "calibration error",
            evaluation.calibration_error <= limits.calibration_error_max,
            f"{evaluation.calibration_error:.4f}, {limits.calibration_error_max:g} is allowed",
        ),
        _average_precision(
            evaluation, rival or "amount rule", limits if rival else Limits(average_precision_drop_max=0)
        ),
    ]
    if rival is not None:
        checks += _segments(evaluation.groups, rival_groups, limits)
    new, old = alerts
    if old is not None:
        allowed = max(old, 1) * limits.alerts_factor_max
        told = f"{new:,} against {old:,}, up to {allowed:,.0f} are allowed"
        checks.append(Check("volume of alerts", new <= allowed, told))
    return checks


def _average_precision(evaluation: Evaluation, rival: str, limits: Limits) -> Check:
    name = f"average precision against {rival}"
    compared = next((one for one in evaluation.compared if one.name == rival), None)
    if compared is None or compared.difference is None:
        return Check(name, passed=False, told="could not be compared")
    difference = compared.difference
    low = difference.value if difference.low is None else difference.low
    high = difference.value if difference.high is None else difference.high
    mine, theirs = evaluation.compared[0].figures, compared.figures
    told = (
        f"{mine['average_precision'].value:.4f} against {theirs['average_precision'].value:.4f}: difference"
        f" {difference.value:+.4f} ({low:+.4f} to {high:+.4f}), not below {-limits.average_precision_drop_max:+g}"
    )
    return Check(name, low >= -limits.average_precision_drop_max, told)


def _segments(mine: Sequence[Group], theirs: Sequence[Group], limits: Limits) -> list[Check]:
    """One check a dimension, about its worst segment."""
    old: Mapping[tuple[str, str], Group] = {(group.dimension, group.name): group for group in theirs}
    checks = []
    for dimension in dict.fromkeys(group.dimension for group in mine):
        worst: tuple[float, str] | None = None
        for group in mine:
            before = old.get((dimension, group.name))
            if group.dimension != dimension or before is None or group.frauds < limits.segment_frauds_min:
                continue
            if group.recall is not None and before.recall is not None:
                told = f"{group.name}: recall {group.recall:.3f} against {before.recall:.3f} of {group.frauds:,} frauds"
                worst = min(worst or (1.0, ""), (group.recall - before.recall, told))
        if worst is not None:
            passed = worst[0] >= -limits.segment_recall_drop_max
            checks.append(Check(f"worst segment by {dimension}", passed, worst[1]))
    return checks
