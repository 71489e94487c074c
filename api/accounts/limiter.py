"""Who calls too often is told when to come back, on every answer: `RateLimit` and `RateLimit-Policy`."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from starlette.requests import Request

from api.accounts.counters import Counters
from api.accounts.tiers import Rate, tier_of
from api.addresses import address_of
from api.auth import Caller
from api.edge import ANSWER_HEADERS
from api.problems import RATE_LIMITED, Problem

CLIENT = "client"  # names of the policies, as the headers show them
ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stands in a window that ends in `reset_s` seconds."""

    policy: str
    rate: Rate
    used: int
    reset_s: int

    @property
    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers has them: quota and window, remaining and seconds to the next."""
        remaining = max(0, self.rate.amount - self.used)
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.rate.amount};w={self.rate.window_s}',
            "RateLimit": f'"{self.policy}";r={remaining};t={self.reset_s}',
        }


class Limiter:
    """Counts requests in windows that lie alike in every gateway. `clock` gives seconds since 1970.

    `of_all` replaces every tier's rate (RATE_LIMIT); `of_address` is for who has not said who it is.
    """

    def __init__(
        self, counters: Counters, of_all: Rate | None, of_address: Rate, clock: Callable[[], float] = time.time
    ) -> None:
        self._counters = counters
        self._of_all = of_all
        self._of_address = of_address
        self._clock = clock

    def rate_of(self, tier: str | None) -> Rate:
        return self._of_all or tier_of(tier).rate

    async def admit_caller(self, request: Request, caller: Caller, requests: int = 1) -> None:
        """Count a request of a client, or what is worth several, whichever of its credentials it came with.

        Raises a 429 problem.
        """
        await self._admit(request, CLIENT, str(caller.client_id), self.rate_of(caller.tier), requests)

    async def admit_address(self, request: Request) -> None:
        """Count a request of somebody unknown. Raises a 429 problem."""
        await self._admit(request, ADDRESS, address_of(request), self._of_address)

    async def _admit(self, request: Request, policy: str, who: str, rate: Rate, requests: int = 1) -> None:
        window, into_s = divmod(self._clock(), rate.window_s)
        used = await self._counters.hit(f"{policy}:{who}:{rate.window_s}:{int(window)}", rate.window_s, requests)
        standing = Standing(policy, rate, used, ceil(rate.window_s - into_s))
        request.scope.setdefault("state", {})[ANSWER_HEADERS] = standing.headers
        if used > rate.amount:
            detail = f"{rate.amount} requests in {rate.window_s} s are allowed; wait as Retry-After says"
            raise Problem(RATE_LIMITED, detail, headers={"Retry-After": str(standing.reset_s)})


async def counted(request: Request) -> None:
    """A dependency: who has not said who it is, is counted by address. Raises a 429 problem."""
    await request.app.state.parts.accounts.limiter.admit_address(request)
