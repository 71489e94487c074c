"""Counts requests in windows, together with the other gateways in Redis; alone, in memory, while Redis is away."""

import asyncio
from dataclasses import dataclass
from typing import Any

import structlog
from limits.aio.storage import MemoryStorage, RedisStorage
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

CONNECTIONS_MAX = 16
ANSWER_S = 0.05  # a count takes a fifth of a millisecond; a worker's largest script keeps Redis busy for some ten
LOOK_AGAIN_S = 2.0  # while Redis is away; nobody waits for the look
TELL_EVERY_S = 0.02  # what `hit_at_once` counted; gateways together overrun a limit by what they let in within it
TALLIES_MAX = 10_000  # counters that are counted at once; beyond it they are forgotten, and read anew

log = structlog.get_logger()


@dataclass(eq=False, slots=True)
class _Tally:
    """One counter as this process knows it: the count at the last telling, and what came since."""

    known: int = 0
    untold: int = 0
    telling: bool = False


class Counters:
    """`hit` never raises and never waits longer than `answer_s`; `hit_at_once` does not wait at all."""

    def __init__(self, redis_url: str, key_prefix: str, look_again_s: float = LOOK_AGAIN_S) -> None:
        self._pool = BlockingConnectionPool.from_url(
            redis_url,
            max_connections=CONNECTIONS_MAX,
            timeout=None,  # `answer_s` ends every wait
            retry=Retry(NoBackoff(), 0),
        )
        options: dict[str, Any] = {"connection_pool": self._pool}
        self._shared = RedisStorage("redis://", implementation="redispy", key_prefix=f"{key_prefix}:limits", **options)
        self._own = MemoryStorage()
        self._tallies: dict[str, _Tally] = {}
        self._tellers: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self._look_again_s = look_again_s
        self.answer_s = ANSWER_S

    @property
    def together(self) -> bool:
        """Whether the other gateways' counts are known."""
        return self._looking is None

    async def hit(self, key: str, window_s: int, amount: int = 1) -> int:
        """Count, and say how many there are now. The key names its window; it is forgotten after `window_s`."""
        if self._looking is None:
            try:
                return await self._count(key, window_s, amount)
            except (RedisError, OSError, TimeoutError) as error:
                self._go_on_alone(error)
        return await self._own.incr(key, window_s, amount)

    def hit_at_once(self, key: str, window_s: int, amount: int = 1) -> int:
        """As `hit`, from memory: others' counts are those of the last telling, `TELL_EVERY_S` ago or a little more."""
        tally = self._tallies.get(key)
        if tally is None:
            if len(self._tallies) >= TALLIES_MAX:
                self._tallies.clear()
            tally = self._tallies[key] = _Tally()
            asyncio.get_running_loop().call_later(window_s, self._tallies.pop, key, None)
        tally.untold += amount
        if not tally.telling:
            tally.telling = True
            teller = asyncio.create_task(self._tell(tally, key, window_s))
            self._tellers.add(teller)
            teller.add_done_callback(self._tellers.discard)
        return tally.known + tally.untold

    async def _tell(self, tally: _Tally, key: str, window_s: int) -> None:
        while told := tally.untold:
            count = await self.hit(key, window_s, told)
            tally.known, tally.untold = count, tally.untold - told
            await asyncio.sleep(TELL_EVERY_S)
        tally.telling = False

    async def close(self) -> None:
        for task in self._tellers:
            task.cancel()
        if self._looking is not None:
            self._looking.cancel()
        await self._pool.disconnect()

    async def _count(self, key: str, window_s: int, amount: int) -> int:
        async with asyncio.timeout(self.answer_s):
            return await self._shared.incr(key, window_s, amount)

    def _go_on_alone(self, error: Exception) -> None:
        if self._looking is None:
            log.warning("limits_count_alone", reason=str(error) or type(error).__name__)
            self._looking = asyncio.create_task(self._look_for_redis())

    async def _look_for_redis(self) -> None:
        while True:
            await asyncio.sleep(self._look_again_s)
            try:
                await self._count("back", 1, 1)
            except (RedisError, OSError, TimeoutError):
                continue
            log.info("limits_count_together")
            self._looking = None
            return
