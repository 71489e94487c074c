"""Work that has no deadline, held to a share of the time, so that it cannot slow the stream."""

from asyncio import sleep
from collections.abc import Awaitable, Callable
from time import monotonic

import structlog

from contracts.errors import RiskstreamError, StoreUnavailable

RETRY_S = 5.0  # a store is away, or something was refused
ASK_AGAIN_S = 1.0  # the share while resting: what was measured out for a full stream must not outlast it

log = structlog.get_logger()


async def at_leisure(turn: Callable[[], Awaitable[bool]], share_max: Callable[[], float], idle_s: float) -> None:
    """Run turns until cancelled. A turn says whether there is more to do at once; it rests in proportion to its length.

    So it takes at most `share_max` of the time (0 to 1, asked after each turn and while it rests), whatever a turn
    does, and comes again after `idle_s` seconds when there is nothing to do.
    """
    while True:
        began = monotonic()
        try:
            more = await turn()
        except StoreUnavailable as error:
            log.debug("leisure_waits", work=getattr(turn, "__qualname__", "?"), reason=str(error))
            await sleep(RETRY_S)
            continue
        except RiskstreamError as error:
            log.warning("leisure_failed", work=getattr(turn, "__qualname__", "?"), reason=str(error))
            await sleep(RETRY_S)
            continue
        least_s = 0 if more else idle_s
        ended = monotonic()
        took_s = ended - began
        while (rest_s := ended + max(took_s * (1 / share_max() - 1), least_s) - monotonic()) > 0:  # noqa: ASYNC110
            await sleep(min(rest_s, ASK_AGAIN_S))
