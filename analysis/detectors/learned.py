"""What the machine-learning detectors share: the profile, a bounded sample to fit on, and which number was odd."""

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from threadpoolctl import threadpool_limits

from analysis.chunks import Rows
from analysis.detectors import protocol
from analysis.detectors.profile import NAMES, Profile
from analysis.detectors.protocol import Found, Kind, Setting
from analysis.detectors.sample import Sample

SAME = 0.999  # correlation from which on two numbers are one; models divide by what is left of the second
FIT_ROWS_MIN = 50  # fewer rows have no shape to learn


class Config(protocol.Config):
    fit_rows_max: int = Field(20_000, ge=100, le=500_000, description="Rows of the random sample that is learned from.")


class Model(Protocol):
    """What PyOD's models have."""

    def fit(self, values: NDArray[np.float64]) -> Any: ...

    def decision_function(self, values: NDArray[np.float64]) -> NDArray[np.float64]: ...


class Learned:
    """A detector around a model of PyOD's protocol: `model` makes it, the rest is here.

    The numbers are scaled to mean 0 and deviation 1 of the sample before the model sees them.
    """

    kind: ClassVar[Kind] = "ml"
    streaming: ClassVar[bool] = True
    limits: ClassVar[str] = "Learned from a random sample of bounded size; every row is scored."
    evidence: ClassVar[tuple[str, ...]] = ("odd", "deviation")

    def __init__(self, config: Config, setting: Setting) -> None:
        self.config = config
        self.setting = setting
        self._profile = Profile(setting)
        self._sample = Sample(config.fit_rows_max, len(NAMES), setting.seed)
        self._model: Model | None = None

    def model(self, rows: int) -> Model:
        """An unfitted model for a sample of so many rows."""
        raise NotImplementedError

    def fit(self, rows: Rows) -> None:
        # The sample is drawn while the moments are still being learned: their drift is far below a deviation.
        self._profile.learn(rows)
        self._sample.add(self._profile.of(rows))

    def finish(self) -> None:
        self._profile.restart()
        values = self._sample.taken()
        if len(values) < FIT_ROWS_MIN:
            return
        self._telling = telling(values)
        if not len(self._telling):
            return
        self._mean, self._deviation = values.mean(axis=0), values.std(axis=0)
        self._model = self.model(len(values))
        with one_thread():
            self._model.fit(self.scaled(values))

    def detect(self, rows: Rows) -> Found:
        if self._model is None:
            nothing = np.full(len(rows), np.nan)
            return Found(nothing, {"odd": nothing, "deviation": nothing})
        scaled = self.scaled(self._profile.of(rows))
        place = np.argmax(np.abs(scaled), axis=1)
        with one_thread():
            score = np.asarray(self._model.decision_function(scaled), np.float64)
        odd = self._telling[place].astype(float)
        return Found(score, {"odd": odd, "deviation": scaled[np.arange(len(rows)), place]})

    def scaled(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The numbers that tell something, (n, telling ones), on the sample's scale."""
        kept = self._telling
        scaled: NDArray[np.float64] = (values[:, kept] - self._mean[kept]) / self._deviation[kept]
        return scaled

    def reason(self, evidence: Mapping[str, float]) -> str:
        side = "above" if evidence["deviation"] > 0 else "below"
        return (
            f"Unlike most rows as a whole; most unlike them is {NAMES[int(evidence['odd'])]},"
            f" {abs(evidence['deviation']):.1f} deviations {side} usual"
        )


def one_thread() -> Any:
    """OpenMP's loops in the calling thread only.

    Their threads wait for each other by spinning: on two cores that were busy, ten times as long for a sample's
    clusters. And sums of several threads come in another order each time, so that equal runs would differ in a bit.
    """
    return threadpool_limits(1, user_api="openmp")


def telling(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Columns of (n, columns) that vary, and are not another one over again: a file may lack what a number needs."""
    kept: list[int] = []
    for column in np.flatnonzero(values.std(axis=0) > 0).tolist():
        others = (abs(np.corrcoef(values[:, column], values[:, other])[0, 1]) for other in kept)
        if all(correlation < SAME for correlation in others):
            kept.append(column)
    return np.array(kept, np.int64)
