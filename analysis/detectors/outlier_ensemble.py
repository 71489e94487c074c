"""An ensemble of three unlike outlier models by PyOD: histograms (HBOS), main components (PCA), normal mixtures (GMM).

Each one's scores are standardised by its sample's and averaged (Aggarwal and Sathe, Outlier Ensembles, 2017). All
three judge a row by what they learned and by nothing else in its chunk (ECOD and COPOD do not).
"""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from analysis.detectors import learned, protocol
from analysis.detectors.learned import Learned, Model

Config = learned.Config


class OutlierEnsemble(Learned):
    name: ClassVar[str] = "outlier_ensemble"
    summary: ClassVar[str] = "Rows that three unlike outlier models find unusual together."
    config_type: ClassVar[type[protocol.Config]] = Config

    def model(self, rows: int) -> Model:  # noqa: ARG002 - others need it
        return _Average(self.setting.seed)


class _Average:
    def __init__(self, seed: int) -> None:
        from pyod.models.gmm import GMM
        from pyod.models.hbos import HBOS
        from pyod.models.pca import PCA

        self._scales: list[tuple[Any, float, float]] = []  # model, mean and deviation of its scores
        self._models: list[Any] = [HBOS(n_bins=20), PCA(random_state=seed), GMM(n_components=4, random_state=seed)]

    def fit(self, values: NDArray[np.float64]) -> Any:
        self._scales = []
        for model in self._models:
            with np.errstate(all="ignore"):
                model.fit(values)
                scores = np.asarray(model.decision_function(values))
            # Of points that lie in a plane PCA has a component without variance, and divides by it: left out.
            if np.isfinite(scores).all():
                self._scales.append((model, float(scores.mean()), float(scores.std()) or 1.0))
        return self

    def decision_function(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        parts = [
            (np.asarray(model.decision_function(values)) - mean) / deviation for model, mean, deviation in self._scales
        ]
        return np.mean(parts, axis=0) if parts else np.full(len(values), np.nan)
