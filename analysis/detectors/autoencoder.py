"""A small autoencoder: rows that do not come out of a narrow network as they went in.

PyOD's autoencoder needs PyTorch, hundreds of megabytes; this one is scikit-learn's perceptron, trained to repeat its
input through a layer narrower than the input.
"""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from analysis.detectors import learned, protocol
from analysis.detectors.learned import Learned, Model


class Config(learned.Config):
    bottleneck: int = Field(3, ge=1, le=8, description="Width of the narrow layer.")
    epochs: int = Field(40, ge=5, le=500, description="At most; training stops when it no longer learns.")


class Autoencoder(Learned):
    name: ClassVar[str] = "autoencoder"
    summary: ClassVar[str] = "Rows that a small network which learned the usual ones cannot repeat."
    config_type: ClassVar[type[protocol.Config]] = Config
    config: Config

    def model(self, rows: int) -> Model:  # noqa: ARG002 - others need it
        return _Repeater(self.config.bottleneck, self.config.epochs, self.setting.seed)


class _Repeater:
    """PyOD's protocol around scikit-learn's perceptron; the score is the squared error of a row."""

    def __init__(self, bottleneck: int, epochs: int, seed: int) -> None:
        from sklearn.neural_network import MLPRegressor

        self._network = MLPRegressor(
            hidden_layer_sizes=(16, bottleneck, 16),
            activation="tanh",
            max_iter=epochs,
            early_stopping=True,
            random_state=seed,
        )

    def fit(self, values: NDArray[np.float64]) -> Any:
        import warnings

        from sklearn.exceptions import ConvergenceWarning

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # `epochs` is a bound, and reaching it no fault
            return self._network.fit(values, values)

    def decision_function(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        error: NDArray[np.float64] = ((self._network.predict(values) - values) ** 2).mean(axis=1)
        return error
