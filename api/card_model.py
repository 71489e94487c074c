"""The second model: anonymised card transactions. Loaded when somebody first asks for it, changed with its champion."""

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

from contracts.errors import ModelRefused
from pipeline.served_model import LOOK_EVERY_S, ServedModel
from scoring.schema import CREDIT_CARD

if TYPE_CHECKING:
    from scoring.model import Model

FOLDER = "creditcard"  # of the registry; `riskstream train --dataset creditcard` writes there


class CardModel:
    """Most gateways never need it, so nothing looks for it until a request does, and then once a second at most."""

    def __init__(self, registry: Path) -> None:
        self._served = ServedModel(registry / FOLDER, CREDIT_CARD)
        self._looking = asyncio.Lock()
        self._looked_at_s = float("-inf")

    async def current(self) -> "Model":
        """The champion, off the event loop if it has to be loaded. Raises ModelRefused with the reason."""
        if time.monotonic() - self._looked_at_s >= LOOK_EVERY_S:
            async with self._looking:
                await self._look()
        if self._served.loaded is None:
            raise ModelRefused(self._served.refusal)
        return self._served.loaded

    async def _look(self) -> None:
        if time.monotonic() - self._looked_at_s < LOOK_EVERY_S:
            return  # somebody else did while this one waited
        await asyncio.to_thread(self._served.refresh)
        self._looked_at_s = time.monotonic()
