"""What a detector is. A third-party package adds one through the entry point group `riskstream.detectors`.

Two passes over the same chunks, in order of time: `fit` sees every chunk and then `finish` is called once; `detect`
sees every chunk again and scores it. A score says how unusual a row is in the detector's own unit; larger is more
unusual, 0 is nothing unusual, NaN is not judged. Detectors' units need not be alike: `analysis.combine` compares a
score with the detector's other scores.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from analysis.chunks import Rows

Kind = Literal["statistical", "behavioural", "rule", "ml"]
Scores = NDArray[np.float64]  # (n,)


class Config(BaseModel):
    """A detector's configuration: typed, with defaults, and refused where it is wrong or unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a run tells every detector: its seed, the time zone of nights and weekends, and the word behind a number."""

    seed: int = 0
    time_zone: str = "UTC"
    word: Callable[[str, int], str] = lambda _column, _number: ""


@dataclass(frozen=True, slots=True)
class Found:
    """Scores of a chunk, and the numbers behind them for the reasons: name → one value a row."""

    score: Scores
    evidence: Mapping[str, NDArray[np.float64]]


@runtime_checkable
class Detector(Protocol):
    """One method. The class attributes describe it in the catalogue.

    `streaming` is true if memory does not grow with the rows (it may with accounts); `limits` says what is done
    where the method cannot stream. `evidence` names what `detect` returns beside the scores.
    """

    name: ClassVar[str]
    kind: ClassVar[Kind]
    summary: ClassVar[str]
    streaming: ClassVar[bool]
    limits: ClassVar[str]
    evidence: ClassVar[tuple[str, ...]]
    config_type: ClassVar[type[Config]]

    def __init__(self, config: Any, setting: Setting) -> None: ...

    def fit(self, rows: Rows) -> None: ...

    def finish(self) -> None: ...

    def detect(self, rows: Rows) -> Found: ...

    def reason(self, evidence: Mapping[str, float]) -> str:
        """A plain sentence for a flagged row, from what `detect` found of it."""
        ...
