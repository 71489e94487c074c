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

    async def admit_caller(self, request: Request, caller: Caller) -> None:
        """Count a request of a client, whichever of its credentials it came with. Raises a 429 problem."""
        await self._admit(request, CLIENT, str(caller.client_id), self.rate_of(caller.tier))

    def admit_at_once(self, request: Request, caller: Caller, requests: int = 1) -> None:
        """As `admit_caller`, or for what is worth several requests, without a wait.

        Several gateways together may overrun the rate by some 20 ms' worth. Raises a 429 problem.
        """
        rate = self.rate_of(caller.tier)
        key, left_s = self._window(CLIENT, str(caller.client_id), rate)
        used = self._counters.hit_at_once(key, rate.window_s, requests)
        _judge(request, Standing(CLIENT, rate, used, ceil(left_s)))

    async def admit_address(self, request: Request) -> None:
        """Count a request of somebody unknown. Raises a 429 problem."""
        await self._admit(request, ADDRESS, address_of(request), self._of_address)

    async def _admit(self, request: Request, policy: str, who: str, rate: Rate) -> None:
        key, left_s = self._window(policy, who, rate)
        _judge(request, Standing(policy, rate, await self._counters.hit(key, rate.window_s), ceil(left_s)))

    def _window(self, policy: str, who: str, rate: Rate) -> tuple[str, float]:
        """The name of the window's counter, and the seconds until it ends."""
        window, into_s = divmod(self._clock(), rate.window_s)
        return f"{policy}:{who}:{rate.window_s}:{int(window)}", rate.window_s - into_s


def _judge(request: Request, standing: Standing) -> None:
    request.scope.setdefault("state", {})[ANSWER_HEADERS] = standing.headers
    if standing.used > standing.rate.amount:
        detail = f"{standing.rate.amount} requests in {standing.rate.window_s} s are allowed; wait as Retry-After says"
        raise Problem(RATE_LIMITED, detail, headers={"Retry-After": str(standing.reset_s)})


async def counted(request: Request) -> None:
    """A dependency: who has not said who it is, is counted by address. Raises a 429 problem."""
    await request.app.state.parts.accounts.limiter.admit_address(request)
