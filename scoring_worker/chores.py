"""Work that is done again and again beside a process's main work."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from contracts.errors import RiskstreamError, StateLost, StoreUnavailable

log = structlog.get_logger()


async def every(seconds: float, work: Callable[[], Awaitable[object]]) -> None:
    """Run until cancelled; a store that is away is tried again at the next turn."""
    while True:
        try:
            await work()
        except (StoreUnavailable, StateLost) as error:  # waited out; the partitions repair the state
            log.debug("housekeeping_waits", work=getattr(work, "__qualname__", "?"), reason=str(error))
        except RiskstreamError as error:
            log.warning("housekeeping_failed", work=getattr(work, "__qualname__", "?"), reason=str(error))
        await asyncio.sleep(seconds)
