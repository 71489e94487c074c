"""A challenger in shadow: it scores what was decided, from the stored vectors, off the latency path.

Nothing of this stands between a message and its decision: the vectors are read back from Postgres at leisure. So
nothing is dropped when the stream runs full (the shadow falls behind and catches up), a worker's crash leaves no hole,
and decisions of synchronous calls are scored too, about a minute later.
"""

import asyncio
from pathlib import Path

import numpy as np
import structlog

from contracts.errors import ModelRefused
from features.catalogue import CATALOGUE_HASH, FEATURE_NAMES
from scoring.model import Model, load
from scoring.registry import challenger, champion_version, is_model
from scoring_worker.model_metrics import ModelMetrics
from storage.database import Pool
from storage.followers import Follower
from storage.shadow_scores import ShadowScores, Vectors

PAGE = 4_000  # decisions of a source a turn; 3.5 MB of vectors, a few milliseconds of the event loop
# Of the time. While the stream has more waiting than LAG_BUSY every moment of the processors is the stream's: then the
# shadow falls behind. Otherwise it keeps up with what is decided, and catches up.
SHARE_BUSY, SHARE_FREE = 0.05, 0.3
LAG_BUSY = 4_000  # records; two batches
IDLE_S = 2.0  # between looks when there is nothing to do
FOLLOWER = "shadow:"  # begins the followers' names

_VECTORS = Vectors(4 * len(FEATURE_NAMES), CATALOGUE_HASH)

log = structlog.get_logger()


class Shadow:
    """Follows the registry's challenger, and scores with it what the stream decides."""

    def __init__(self, registry: Path, pool: Pool, topic: str, metrics: ModelMetrics) -> None:
        self._registry = registry
        self._pool = pool
        self._topic = topic
        self._metrics = metrics
        self._scores = ShadowScores(pool)
        self._folder: Path | None = None
        self._model: Model | None = None
        self._model_id = 0
        self._follower: Follower | None = None
        self._refusal = ""

    async def turn(self) -> bool:
        """Score a page of every source; whether there may be more at once. Raises StoreUnavailable."""
        await self._follow()
        model, follower = self._model, self._follower
        if model is None or follower is None:
            return False

        async def score(packed: bytes, rows: int) -> tuple[list[float], list[float]]:
            return await asyncio.to_thread(_scored, model, packed, rows)

        full = False
        await follower.begin(at_present=True)  # partitions may have been added
        self._metrics.challenger.labels(model.version).set(1)
        for source in await follower.sources():
            page = await self._scores.score_page(follower, source, self._model_id, _VECTORS, score, PAGE)
            self._metrics.shadow_scored.inc(page.scored)
            full = full or page.found == PAGE
        self._metrics.shadow_behind.set(await follower.behind())
        return full

    async def _follow(self) -> None:
        """Take over what the registry says. A challenger that is refused, or has become champion, does not run."""
        try:
            folder = await asyncio.to_thread(_challenger_folder, self._registry)
            if folder == self._folder:
                return
            model = None if folder is None else await asyncio.to_thread(load, folder)
        except ModelRefused as error:
            if str(error) != self._refusal:
                log.warning("challenger_refused", reason=str(error))
            self._refusal = str(error)
            self._forget()
            return
        self._forget()
        if model is not None:
            self._model_id = await self._scores.model_id(model.version)
            self._follower = Follower(self._pool, self._topic, FOLLOWER + model.version)
            log.info("challenger_runs", version=model.version)
        self._folder, self._model, self._refusal = folder, model, ""

    def _forget(self) -> None:
        if self._model is not None:
            log.info("challenger_stopped", version=self._model.version)
        self._metrics.challenger.clear()
        self._metrics.shadow_behind.set(0)
        self._folder = self._model = self._follower = None


def share_of(lag: int) -> float:
    """Of the time that turns may take, while so many records of the stream wait."""
    return SHARE_BUSY if lag > LAG_BUSY else SHARE_FREE


def _challenger_folder(registry: Path) -> Path | None:
    folder = None if is_model(registry) else challenger(registry)
    return None if folder is None or folder.name == champion_version(registry) else folder


def _scored(model: Model, packed: bytes, rows: int) -> tuple[list[float], list[float]]:
    vectors = np.frombuffer(packed, np.dtype("<f4")).reshape(rows, -1)
    probabilities = model.predict(vectors)
    return probabilities.tolist(), model.score(probabilities).tolist()
