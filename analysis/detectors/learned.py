"""What the machine-learning detectors share: the profile, a bounded sample to fit on, and which number was odd."""

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from analysis.detectors import protocol
from analysis.detectors.profile import NAMES, Profile
from analysis.detectors.protocol import Found, Kind, Setting
from analysis.detectors.sample import Sample
from analysis.rows import Rows

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
        self._mean, self._deviation = values.mean(axis=0), values.std(axis=0)
        self._deviation[self._deviation == 0] = 1.0
        self._model = self.model(len(values))
        self._model.fit(self.scaled(values))

    def detect(self, rows: Rows) -> Found:
        if self._model is None:
            nothing = np.full(len(rows), np.nan)
            return Found(nothing, {"odd": nothing, "deviation": nothing})
        scaled = self.scaled(self._profile.of(rows))
        odd = np.argmax(np.abs(scaled), axis=1)
        score = np.asarray(self._model.decision_function(scaled), np.float64)
        return Found(score, {"odd": odd.astype(float), "deviation": scaled[np.arange(len(rows)), odd]})

    def scaled(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        scaled: NDArray[np.float64] = (values - self._mean) / self._deviation
        return scaled

    def reason(self, evidence: Mapping[str, float]) -> str:
        side = "above" if evidence["deviation"] > 0 else "below"
        return (
            f"Unlike most rows as a whole; most unlike them is {NAMES[int(evidence['odd'])]},"
            f" {abs(evidence['deviation']):.1f} deviations {side} usual"
        )
