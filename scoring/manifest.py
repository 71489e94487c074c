"""The JSON manifest beside a model file: what the model is, what it was built for, and how its numbers are read."""

import math
from collections.abc import Sequence
from itertools import pairwise

import msgspec

FORMAT = 1  # raise it when a field changes its meaning; another format is refused
POINTS_MAX = 10_000  # of a curve; isotonic calibration gives a few dozen


class Curve(msgspec.Struct, frozen=True):
    """A monotone piecewise-linear function as plain numbers: `y` at `x`, constant outside."""

    x: tuple[float, ...]
    y: tuple[float, ...]

    def complaint(self, low: float, high: float) -> str | None:
        """What is wrong with the curve, as the rest of a sentence, or None. `y` must lie within [low, high]."""
        if not 2 <= len(self.x) <= POINTS_MAX or len(self.x) != len(self.y):
            return f"needs 2 to {POINTS_MAX} points with an x and a y each"
        if not all(math.isfinite(number) for number in (*self.x, *self.y)):
            return "holds a number that is not finite"
        if not _rises(self.x, strictly=True):
            return "does not rise in x"
        if not _rises(self.y, strictly=False):
            return "falls in y"
        if self.y[0] < low or self.y[-1] > high:
            return f"leaves {low:g} to {high:g}"
        return None


SCORE_OF_PROBABILITY = Curve((0.0, 1.0), (0.0, 100.0))


class Thresholds(msgspec.Struct, frozen=True):
    """Risk scores from which a transaction is reviewed, flagged and declined."""

    review: float = 50.0
    flag: float = 75.0
    decline: float = 90.0


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`manifest.json`. Numbers only, never code; unknown fields are ignored.

    `calibration` turns the model's margin (log-odds) into a probability; `score` turns the probability into the
    risk score: it is a straight line, or bends so that the operating points chosen on the validation period lie
    at the usual 50, 75 and 90 (`training.thresholds`). `data_hash` names the rows that it was made from,
    `code_version` the release and the source that made it; both are empty in models of before.
    """

    format: int
    version: str
    created_at: str
    sha256: str
    features: tuple[str, ...]
    catalogue_hash: str
    xgboost_version: str
    calibration: Curve
    score: Curve = SCORE_OF_PROBABILITY
    thresholds: Thresholds = Thresholds()
    metrics: dict[str, float] = {}
    data: dict[str, str | int | float] = {}
    parameters: dict[str, str | int | float] = {}
    seed: int = 0
    data_hash: str = ""
    code_version: str = ""


_decode = msgspec.json.Decoder(Manifest).decode


def encode_manifest(manifest: Manifest) -> bytes:
    """The manifest as indented JSON. Raises ValueError if a number is not finite: JSON has no such thing."""
    for name, value in manifest.metrics.items():
        if not math.isfinite(value):
            raise ValueError(f"metric {name} is not finite")
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def decode_manifest(raw: bytes) -> Manifest | str:
    """The manifest, or why it cannot be used, as the rest of a sentence."""
    try:
        manifest = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return f"is not a model manifest: {error}"
    return _complaint(manifest) or manifest


def _complaint(manifest: Manifest) -> str | None:
    if manifest.format != FORMAT:
        return f"has format {manifest.format}; this version of Riskstream reads format {FORMAT}"
    problem = manifest.calibration.complaint(0.0, 1.0)
    if problem:
        return f"is damaged: its calibration {problem}"
    problem = manifest.score.complaint(0.0, 100.0)
    if problem:
        return f"is damaged: its score curve {problem}"
    limits = manifest.thresholds
    if not 0 < limits.review < limits.flag < limits.decline <= 100:
        return "is damaged: its thresholds do not rise from above 0 to at most 100"
    return None


def _rises(numbers: Sequence[float], *, strictly: bool) -> bool:
    return all(a < b if strictly else a <= b for a, b in pairwise(numbers))
