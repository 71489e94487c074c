"""Feature histograms out of stored vectors: a pass every few seconds, bounded, so that the hot path does nothing."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import structlog

from features.catalogue import CATALOGUE_HASH, FEATURE_NAMES
from scoring.drift import PSI_LARGE, Reference, bin_counts
from scoring.references import reference_of
from scoring.shifts import shifts_of
from scoring_worker.live_statistics.metrics import LiveMetrics
from storage.feature_histograms import FeatureHistogramRepository, Histogram, HistogramKey, Vector
from storage.rollups import DAY_MS

PASS_EVERY_S = 5.0
VECTORS_MAX = 1_000  # of a source and pass, the newest: exact up to 200 decisions a second of each partition
WATCH_EVERY_S = 60.0

log = structlog.get_logger()


class DriftSampler:
    """Looks at each source's newest vectors and adds their histograms, once each."""

    def __init__(self, repository: FeatureHistogramRepository, topic: str, models: Path, metrics: LiveMetrics) -> None:
        self._repository = repository
        self._topic = topic
        self._models = models
        self._metrics = metrics
        self._drifted: dict[str, int] = {}

    async def look(self) -> int:
        """One pass over all sources; returns how many vectors it took. Raises StoreUnavailable."""
        looked = 0
        for source, (taken, stop) in sorted((await self._repository.positions(self._topic)).items()):
            if taken is None:
                taken_from = max(0, stop - VECTORS_MAX)  # what was decided before the first look is history
            elif taken < stop:
                taken_from = max(taken, stop - VECTORS_MAX)
            else:
                continue
            vectors = await self._repository.vectors(source, taken_from, stop)
            weight = (stop - (taken_from if taken is None else taken)) / max(1, stop - taken_from)
            if await self._repository.add(source, taken, stop, self._histograms(vectors, weight)):
                looked += len(vectors)
        self._metrics.vectors.inc(looked)
        return looked

    async def watch(self) -> None:
        """Set the metrics of the models that decided since yesterday; say when a model's features have moved."""
        for version, histogram in (await self._repository.lately()).items():
            reference = self._reference(version)
            if reference is None:
                continue
            shifts = [shift for shift in shifts_of(reference.features, histogram.counts) if shift.psi is not None]
            for shift in shifts:
                self._metrics.drift.labels(version, shift.name).set(shift.psi or 0.0)
            large = sum((shift.psi or 0.0) >= PSI_LARGE for shift in shifts)
            if large > self._drifted.get(version, 0):
                log.warning("features_drift", model=version, features=large, most=[s.name for s in shifts[:5]])
            self._drifted[version] = large

    def _histograms(self, vectors: Sequence[Vector], weight: float) -> dict[HistogramKey, Histogram]:
        size = len(FEATURE_NAMES) * 4
        groups: defaultdict[HistogramKey, list[bytes]] = defaultdict(list)
        for each in vectors:
            if each.catalogue_hash == CATALOGUE_HASH and len(each.vector) == size:
                day_ms = each.event_time_ms - each.event_time_ms % DAY_MS
                groups[each.client_id, day_ms, each.model_version].append(each.vector)
        found = {}
        for key, raw in groups.items():
            reference = self._reference(key[2])
            if reference is not None:
                found[key] = Histogram(len(raw), round(len(raw) * weight), counts_of(raw, reference, weight))
        return found

    def _reference(self, version: str) -> Reference | None:
        return reference_of(self._models, version)


def counts_of(vectors: Sequence[bytes], reference: Reference, weight: float) -> dict[str, list[int]]:
    """Each feature's counts in the bins of the reference, the missing last; every vector counts `weight` times."""
    columns = np.frombuffer(b"".join(vectors), dtype="<f4").reshape(len(vectors), -1).T
    counts = {}
    for name, column in zip(FEATURE_NAMES, columns, strict=True):
        expected = reference.features.get(name)
        if expected is not None and expected.edges:
            counts[name] = np.rint(bin_counts(column, expected.edges) * weight).astype(int).tolist()
    return counts
