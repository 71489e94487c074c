"""The model that this gateway holds: loaded off the event loop, changed when the champion changes."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from contracts.errors import ModelRefused
from scoring.registry import resolve

if TYPE_CHECKING:
    from scoring.model import Model

LOOK_EVERY_S = 5.0  # for a new champion; reading one line of a file

log = structlog.get_logger()


class ModelHolder:
    """`model` is None until one is there; `refusal` then says why, in one sentence."""

    def __init__(self, path: Path) -> None:
        self.model: Model | None = None
        self.refusal = "not loaded yet"
        self._path = path
        self._folder: Path | None = None

    @property
    def version(self) -> str | None:
        return self.model.manifest.version if self.model else None

    async def watch(self) -> None:
        """Keep the champion loaded. Runs until cancelled; a bad new model leaves the old one in place."""
        while True:
            try:
                await self.refresh()
            except ModelRefused as error:
                if str(error) != self.refusal:
                    log.warning("model_refused", error=str(error))
                self.refusal = str(error)
            await asyncio.sleep(LOOK_EVERY_S)

    async def refresh(self) -> None:
        """Load the champion if it is another than before. Raises ModelRefused."""
        folder = await asyncio.to_thread(resolve, self._path)
        if folder == self._folder:
            return
        self.model = await asyncio.to_thread(_load, folder)
        self._folder, self.refusal = folder, ""
        log.info("model_loaded", version=self.version)


def _load(folder: Path) -> "Model":
    # Importing XGBoost takes seconds (SciPy comes with it); here the gateway answers meanwhile.
    from scoring.model import load

    return load(folder)
