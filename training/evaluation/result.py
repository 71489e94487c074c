"""An evaluation as plain data: what tables, JSON, the report and the model card are made of."""

import msgspec

from training.evaluation.bootstrap import Interval

FORMAT = 1


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One model or baseline. `difference` is the evaluated model's average precision less this one's."""

    name: str
    about: str
    figures: dict[str, Interval]
    difference: Interval | None = None


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Part of the rows, a segment or a typology, cut where the whole period has REVIEW_RATE false positives."""

    dimension: str
    name: str
    rows: int
    frauds: int
    recall: float | None
    false_positive_rate: float | None
    recall_at_flag: float | None
    value_at_flag: float | None
    average_precision: float | None = None


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """What alerting from one risk score on would have meant; `cost` in base currency a day."""

    score: float
    alerts_a_day: float
    precision: float
    recall: float
    value: float
    cost: float


class Lines(msgspec.Struct, frozen=True, kw_only=True):
    """Curves, each as x and y of equal length, thinned to what a chart can show."""

    precision_recall: tuple[tuple[float, ...], tuple[float, ...]]
    roc: tuple[tuple[float, ...], tuple[float, ...]]
    calibration: tuple[tuple[float, ...], tuple[float, ...]]
    histogram_legitimate: tuple[int, ...]
    histogram_fraud: tuple[int, ...]


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """One model on one period; `compared[0]` is the model itself."""

    format: int = FORMAT
    version: str
    data: dict[str, str | int | float]
    rows: int
    frauds: int
    days: float
    fraud_value: float
    time_from: str
    time_to: str
    blocks: str
    replicates: int
    seed: int
    compared: tuple[Compared, ...]
    levels: dict[str, float]
    calibration_error: float
    brier: float
    groups: tuple[Group, ...]
    cuts: tuple[Cut, ...]
    lines: Lines


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Evaluation).decode


def as_json(evaluation: Evaluation) -> bytes:
    """Indented, with a line feed at the end."""
    return msgspec.json.format(encode(evaluation), indent=2) + b"\n"
