"""The worker's side of a promotion: the champion followed, and what it says when a new one is refused."""

import asyncio

import structlog

from pipeline.served_model import ServedModel
from scoring_worker.metrics import WorkerMetrics

LOOK_EVERY_S = 1.0  # reading one line of a file; a promotion holds from the batch after that

log = structlog.get_logger()


class ModelWatch:
    """Follows the registry's champion. A refused one leaves the old one in place: a warning, and a metric at 1."""

    def __init__(self, model: ServedModel, metrics: WorkerMetrics) -> None:
        self._model = model
        self._metrics = metrics
        self._refusal = ""

    async def refresh(self) -> None:
        """Look once. A batch asks for the model once, so it is decided by the old one or by the new one, whole."""
        if await asyncio.to_thread(self._model.refresh):
            self._metrics.model.clear()
            self._metrics.model.labels(self._model.version or "").set(1)
            log.info("model_loaded", version=self._model.version)
        if self._model.refusal and self._model.refusal != self._refusal:
            log.warning("model_refused", reason=self._model.refusal, still_serving=self._model.version)
        self._refusal = self._model.refusal
        self._metrics.models.refused.set(bool(self._refusal))

    @property
    def version(self) -> str:
        """What is served, empty if nothing is."""
        return self._model.version or ""

    @property
    def refusal(self) -> str:
        """Why the champion that is named is not the one that is served; empty if it is."""
        return self._refusal
