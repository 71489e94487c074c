"""Where a strategy is found: among the presets, whose ids are their names, and among the client's own."""

from typing import Any

import msgspec

from analysis.presets import PRESETS, VERSION
from analysis.strategy import Strategy, parsed
from storage.database import Pool
from storage.strategies import StoredStrategy, StrategyRepository


class FoundStrategy(msgspec.Struct, frozen=True):
    """One version of a strategy. A run names `strategy_id` and `version`.

    A preset's older versions went with the releases that had them, so a run keeps `document` as well.
    """

    strategy_id: str
    version: int
    document: dict[str, Any]
    stored: StoredStrategy | None  # None: a preset, which is in the code

    @property
    def preset(self) -> bool:
        return self.stored is None

    @property
    def name(self) -> str:
        return str(self.document["name"])

    def strategy(self) -> Strategy:
        """Raises InvalidStrategy if a later release of Riskstream knows its fields no more."""
        return parsed(self.document)


class StrategyBook:
    """Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._own = StrategyRepository(pool)

    async def get(self, client_id: int, strategy_id: str, version: int | None = None) -> FoundStrategy | None:
        """The current version, or the one with this number (of a deleted strategy too)."""
        if strategy_id in PRESETS:
            return preset(strategy_id) if version in (None, VERSION) else None
        stored = await self._own.get(client_id, strategy_id, version)
        return own(stored) if stored else None

    async def page(self, client_id: int, *, after: int, limit: int) -> list[tuple[int, FoundStrategy]]:
        """Presets, then own ones in the order in which they were made; each with the number to go on after."""
        found = [(place, preset(name)) for place, name in enumerate(PRESETS, 1)][after : after + limit]
        if len(found) < limit:
            stored = await self._own.of_client(
                client_id, after_number=max(after - len(PRESETS), 0), limit=limit - len(found)
            )
            found += [(len(PRESETS) + one.number, own(one)) for one in stored]
        return found

    async def named(self, client_id: int, name: str) -> FoundStrategy | None:
        """The current version by id or by name, for people who type it."""
        if found := await self.get(client_id, name):
            return found
        stored = await self._own.named(client_id, name)
        return own(stored) if stored else None


def preset(name: str) -> FoundStrategy:
    return FoundStrategy(name, VERSION, PRESETS[name].model_dump(mode="json"), None)


def own(stored: StoredStrategy) -> FoundStrategy:
    return FoundStrategy(stored.strategy_id, stored.version, stored.document, stored)
