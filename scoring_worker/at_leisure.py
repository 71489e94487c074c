"""Work that has no deadline, held to a share of the time, so that it cannot slow the stream."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from contracts.errors import RiskstreamError, StoreUnavailable

RETRY_S = 5.0  # a store is away, or something was refused

log = structlog.get_logger()


async def at_leisure(turn: Callable[[], Awaitable[bool]], share_max: Callable[[], float], idle_s: float) -> None:
    """Run turns until cancelled. A turn says whether there is more to do at once; it rests in proportion to its length.

    So it takes at most `share_max` of the time (0 to 1, asked after each turn), whatever a turn does, and comes again
    after `idle_s` seconds when there is nothing to do.
    """
    clock = asyncio.get_running_loop().time
    while True:
        began = clock()
        try:
            more = await turn()
        except StoreUnavailable as error:
            log.debug("leisure_waits", work=getattr(turn, "__qualname__", "?"), reason=str(error))
            await asyncio.sleep(RETRY_S)
            continue
        except RiskstreamError as error:
            log.warning("leisure_failed", work=getattr(turn, "__qualname__", "?"), reason=str(error))
            await asyncio.sleep(RETRY_S)
            continue
        rest_s = (clock() - began) * (1 / share_max() - 1)
        await asyncio.sleep(rest_s if more else max(rest_s, idle_s))
