"""Scoring as the gateway holds it: not there at first, because warming up takes seconds; then for good."""

import asyncio
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from api.metrics import CALLS_LIMIT, CALLS_REFUSED
from api.problems import NOT_READY, RETRY_AFTER_S, Problem
from api.scoring.admission import Admission
from contracts.errors import RiskstreamError, StateUnavailable
from contracts.journal import Stored
from pipeline.served_model import ServedModel
from settings import Settings

if TYPE_CHECKING:
    from api.scoring.engine import Engine

log = structlog.get_logger()


class Scoring:
    """`on_stored` hears of decisions and alerts that calls stored, before they are published."""

    def __init__(self, settings: Settings, model: ServedModel, on_stored: Callable[[Stored], None]) -> None:
        self._settings = settings
        self._model = model
        self._on_stored = on_stored
        self._engine: Engine | None = None
        self._refused = 0
        self.admission = Admission(settings.score_deadline_ms / 1000, on_window=self._measure)

    def _measure(self, admission: Admission) -> None:
        CALLS_LIMIT.set(admission.limit)
        CALLS_REFUSED.inc(admission.refused - self._refused)
        self._refused = admission.refused

    @property
    def warm(self) -> bool:
        """Whether calls are answered."""
        return self._engine is not None

    @property
    def engine(self) -> "Engine":
        """Raises a 503 problem until it is there."""
        if self._engine is None:
            detail = "scoring is not ready yet: the gateway warms up, or has not reached Postgres"
            raise Problem(NOT_READY, detail, headers={"Retry-After": str(RETRY_AFTER_S)})
        return self._engine

    def check_state(self) -> None:
        """Raises StateUnavailable where calls are decided without the state; says nothing until scoring is warm."""
        watch = self._engine.watch if self._engine is not None else None
        if watch is not None and watch.address is None:
            raise StateUnavailable(watch.why)

    async def run(self) -> None:
        """Start it and keep it until cancelled."""
        # NumPy, numba and the kernel take a second to import; the gateway answers everything else meanwhile.
        engine = await asyncio.to_thread(importlib.import_module, "api.scoring.engine")
        try:
            async with engine.running(self._settings, self._model, self._on_stored) as self._engine:
                log.info("scoring_ready", model=self._model.version)
                await asyncio.Event().wait()
        except RiskstreamError:
            log.exception("scoring_failed")  # a setting or a state that a person has to mend
        finally:
            self._engine = None

    async def policy_changed(self) -> None:
        """Take a client's new policy at once, here; other gateways and the workers follow within seconds."""
        if self._engine is not None:
            await self._engine.refresh_book()
