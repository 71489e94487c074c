"""Bound how many credentials that nobody has an address may try, without slowing valid callers behind it."""

import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from math import ceil

from api.accounts.counters import Counters
from api.accounts.tiers import Rate
from api.problems import RATE_LIMITED, Problem

KNOWN_MAX = 10_000  # credentials that were valid when last seen; the longest unseen are forgotten first


class UnknownKeys:
    """Refuses an address that presented too many unknown credentials, before Postgres is asked about another one.

    A credential that was valid at its last use is always looked up, so a colleague's mistake stops nobody whom this
    process has served before. `clock` gives seconds since 1970.
    """

    def __init__(self, counters: Counters, rate: Rate, clock: Callable[[], float] = time.time) -> None:
        self._counters = counters
        self._rate = rate
        self._clock = clock
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def admit(self, address: str, secret: str) -> None:
        """Raises a 429 problem."""
        if _digest(secret) in self._known:
            return
        key, left_s = self._window(address)
        if self._counters.hit_at_once(key, self._rate.window_s, 0) >= self._rate.amount:
            detail = "too many unknown credentials came from your address; wait as Retry-After says"
            raise Problem(RATE_LIMITED, detail, headers={"Retry-After": str(ceil(left_s))})

    def note(self, address: str, secret: str, *, valid: bool) -> None:
        """Remember what became of a credential."""
        digest = _digest(secret)
        if valid:
            self._known[digest] = None
            self._known.move_to_end(digest)
            if len(self._known) > KNOWN_MAX:
                self._known.popitem(last=False)
        else:
            self._known.pop(digest, None)
            self._counters.hit_at_once(self._window(address)[0], self._rate.window_s)

    def _window(self, address: str) -> tuple[str, float]:
        """The name of the window's counter, and the seconds until it ends."""
        window, into_s = divmod(self._clock(), self._rate.window_s)
        return f"unknown:{address}:{self._rate.window_s}:{int(window)}", self._rate.window_s - into_s


def _digest(secret: str) -> bytes:
    return blake2b(secret.encode("utf-8", "surrogatepass"), digest_size=16).digest()
