"""Does each part answer? Every check under one deadline, and one round of checks for all who ask at once."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from redis.exceptions import RedisError

from contracts.errors import StoreUnavailable

DEADLINE_S = 1.0  # for each check; they run side by side
FRESH_S = 0.5  # a round this recent is told again: anybody may ask, and asking must not load the stores

Check = Callable[[], Awaitable[object]]  # raises if the part does not answer


@dataclass(frozen=True, slots=True)
class PartHealth:
    """Whether a part answered, and after how long; of one that did not, how long it was waited for."""

    answered: bool
    took_ms: float


@dataclass(frozen=True, slots=True)
class Health:
    """One round of checks, by part."""

    parts: Mapping[str, PartHealth]

    @property
    def answered(self) -> dict[str, bool]:
        return {name: part.answered for name, part in self.parts.items()}

    @property
    def took_ms(self) -> float:
        """They run side by side, so the slowest is the round's."""
        return max((part.took_ms for part in self.parts.values()), default=0.0)


class HealthChecks:
    """`checks`: name of a part -> a call that raises if the part does not answer."""

    def __init__(self, checks: Mapping[str, Check], deadline_s: float = DEADLINE_S) -> None:
        self._checks = checks
        self._deadline_s = deadline_s
        self._round = asyncio.Lock()
        self._newest: Health | None = None
        self._newest_at_s = 0.0

    async def now(self) -> Health:
        async with self._round:
            if self._newest is None or time.monotonic() - self._newest_at_s > FRESH_S:
                parts = await asyncio.gather(*(self._one(check) for check in self._checks.values()))
                self._newest = Health(dict(zip(self._checks, parts, strict=True)))
                self._newest_at_s = time.monotonic()
            return self._newest

    async def _one(self, check: Check) -> PartHealth:
        began_s, answered = time.monotonic(), True
        try:
            async with asyncio.timeout(self._deadline_s):
                await check()
        except (StoreUnavailable, RedisError, OSError, TimeoutError):
            answered = False
        return PartHealth(answered, round((time.monotonic() - began_s) * 1000, 1))
