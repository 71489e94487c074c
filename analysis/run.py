"""One run: a strategy over the rows of a source, in two passes and bounded memory.

Scores and what is behind them are kept in files of 32-bit numbers beside each other, so that the comparison of a
score with all others needs no third pass; the same rows, strategy and versions give the same anomalies.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from analysis.combine import Tail, combined, named
from analysis.detectors.protocol import Detector, Found, Setting
from analysis.detectors.registry import detector
from analysis.progress import Cancelled, Progress, unless
from analysis.rows import CHUNK_ROWS, RowSource
from analysis.strategy import Strategy, checked

__all__ = ["Anomaly", "Cancelled", "Outcome", "Progress", "analyse"]

REASONS_MAX = 5  # of an anomaly, the strongest first
SHARE_MIN = 1.0  # of the score, for a detector to give a reason


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A flagged row. `place` in the source; `shares` sum to the score (but for rounding); `reasons` by detector."""

    place: int
    row: int
    score: float
    shares: Mapping[str, float]
    reasons: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run found. `flagged` counts all rows from the threshold on; `anomalies`: the highest, ranked."""

    rows: int
    flagged: int
    anomalies: list[Anomaly]
    scores: NDArray[np.float32]  # of every row, by place
    judged: dict[str, int]  # rows that each detector judged


def analyse(
    source: RowSource,
    strategy: Strategy,
    *,
    progress: Progress = lambda _stage, _done, _total: None,
    cancelled: Callable[[], bool] = lambda: False,
    folder: Path | None = None,
) -> Outcome:
    """Run `strategy` over `source`. `folder` takes the working files, about 10 bytes a row and detector.

    Raises InvalidStrategy, Cancelled, and OSError where there is no room.
    """
    checked(strategy)
    total = source.count
    setting = Setting(strategy.seed, strategy.time_zone, source.word)
    detectors = [_made(step.detector, step.config, setting) for step in strategy.detectors]
    with TemporaryDirectory(dir=folder, prefix="run-") as working:
        kept = [_Kept(Path(working) / one.name, total, one) for one in detectors]
        _fit(detectors, source, total, progress, cancelled)
        rows = _detect(detectors, kept, source, total, progress, cancelled)
        return _combine(kept, rows, strategy, progress, cancelled)


def _made(name: str, config: Mapping[str, object], setting: Setting) -> Detector:
    found = detector(name)
    return found(found.config_type.model_validate(dict(config)), setting)


def _fit(
    detectors: Sequence[Detector], source: RowSource, total: int, progress: Progress, cancelled: Callable[[], bool]
) -> None:
    for rows in source.chunks():
        for one in detectors:
            unless(cancelled)
            one.fit(rows)
        progress("fit", rows.start + len(rows), total)
    # The learned ones learn only here, which takes as long for a thousand rows as for millions.
    for i, one in enumerate(detectors):
        unless(cancelled)
        progress("learn", total * i // len(detectors), total)
        one.finish()
    progress("learn", total, total)


def _detect(
    detectors: Sequence[Detector],
    kept: Sequence["_Kept"],
    source: RowSource,
    total: int,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> NDArray[np.int64]:
    numbers = np.empty(total, np.int64)
    for rows in source.chunks():
        numbers[rows.start : rows.start + len(rows)] = rows.row
        for one, file in zip(detectors, kept, strict=True):
            unless(cancelled)
            file.put(rows.start, one.detect(rows))
        progress("detect", rows.start + len(rows), total)
    return numbers


def _combine(
    kept: Sequence["_Kept"],
    numbers: NDArray[np.int64],
    strategy: Strategy,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> Outcome:
    total = len(numbers)
    tails = [Tail(file.scores) for file in kept]
    weights = [step.weight for step in strategy.detectors]
    names = [step.detector for step in strategy.detectors]
    scores = np.zeros(total, np.float32)
    for start, stop in _steps(total):
        unless(cancelled)
        scores[start:stop] = _scored(kept, tails, weights, strategy, np.arange(start, stop))[0]
        progress("combine", stop, total)
    flagged = np.flatnonzero((scores > 0) & (scores >= strategy.threshold))
    # By score, then by place, so that equal scores do not change places between runs.
    ranked = flagged[np.lexsort((flagged, -scores[flagged]))][: strategy.anomalies_max]
    exact, shares = _scored(kept, tails, weights, strategy, ranked)
    anomalies = [
        Anomaly(
            place=int(place),
            row=int(numbers[place]),
            score=round(float(exact[i]), 2),
            shares=named(names, shares[i]),
            reasons=_reasons(kept, int(place), shares[i]),
        )
        for i, place in enumerate(ranked)
    ]
    return Outcome(total, len(flagged), anomalies, scores, {n: t.judged for n, t in zip(names, tails, strict=True)})


def _scored(
    kept: Sequence["_Kept"],
    tails: Sequence[Tail],
    weights: Sequence[float],
    strategy: Strategy,
    places: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    strengths = [
        tail.strength(np.asarray(file.scores[places]), strategy.combine) for file, tail in zip(kept, tails, strict=True)
    ]
    return combined(strengths, weights)


def _reasons(kept: Sequence["_Kept"], place: int, shares: NDArray[np.float64]) -> dict[str, str]:
    order = np.argsort(-shares, kind="stable")[:REASONS_MAX]
    return {kept[i].detector.name: kept[i].reason(place) for i in order if shares[i] >= SHARE_MIN}


def _steps(total: int) -> Iterator[tuple[int, int]]:
    for start in range(0, total, CHUNK_ROWS):
        yield start, min(start + CHUNK_ROWS, total)


class _Kept:
    """One detector's scores and evidence of every row, in a file: (rows, 1 + evidence) of 32-bit numbers."""

    def __init__(self, path: Path, rows: int, detector: Detector) -> None:
        self.detector = detector
        # A file cannot be mapped with no bytes in it.
        self._table = np.memmap(path, np.float32, "w+", shape=(1 + len(detector.evidence), max(rows, 1)))
        self._rows = rows

    @property
    def scores(self) -> NDArray[np.float32]:
        return self._table[0, : self._rows]

    def put(self, start: int, found: Found) -> None:
        stop = start + len(found.score)
        with np.errstate(over="ignore"):  # beyond 32 bits a score is infinite, and ranks as such
            self._table[0, start:stop] = found.score
            for i, name in enumerate(self.detector.evidence, 1):
                self._table[i, start:stop] = found.evidence[name]

    def reason(self, place: int) -> str:
        values = self._table[1:, place].astype(float).tolist()
        return self.detector.reason(dict(zip(self.detector.evidence, values, strict=True)))
