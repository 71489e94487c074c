"""Time for a live stream, and how it is stopped."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

from contracts.errors import StoreUnavailable

FLUSH_S_MAX = 10.0  # after a stop: the last messages are confirmed in milliseconds, or Kafka is away
_ABANDON_S_MAX = 3.0  # for closing connections that do not answer


class SystemClock:
    """The wall clock; `stop` ends every wait."""

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    async def sleep(self, seconds: float) -> bool:
        """Wait; False when the stop was asked for."""
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return True
        return False


async def run_until(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Run `work`, which ends by itself soon after `stop`; when it does not, it is cut off.

    Raises what `work` raises, and StoreUnavailable when it had to be cut off.
    """
    task, stopped = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    for patience_s in (FLUSH_S_MAX, _ABANDON_S_MAX):
        if not (await asyncio.wait({task}, timeout=patience_s))[0]:
            task.cancel()
    if not task.done() or task.cancelled():
        raise StoreUnavailable("stopped while Kafka did not answer; the last messages may not have been taken")
    task.result()
