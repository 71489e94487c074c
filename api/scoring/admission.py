"""Admit the scoring calls that can be answered in time, and refuse the rest at once.

A gateway that takes every call works on each of them until it is too late for all. So the number of calls under way
has a limit, which follows what is measured: while admitted calls take longer than WAIT_SHARE of the deadline it falls,
and while calls are quick it rises again, beyond where it began only if calls are refused (additive increase,
multiplicative decrease).

The limit is shared fairly. While several clients call at once, each may have an equal part of it under way whatever
the others send; what one leaves unused, the others may use. Calls under credentials that this process has not seen
succeed yet count as one client, so that made-up keys cannot crowd out real ones.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from hashlib import blake2b

WAIT_SHARE = 0.3  # of the deadline: the time that an admitted call should take; at two thirds the policy decides
WINDOW_S = 0.1  # between two adjustments of the limit
SAMPLES_MIN = 5  # answers in a window, for it to say something
LIMIT_START = 512  # calls under way, before anything was measured: a burst on a good machine
LIMIT_MIN = 32  # a batch of calls; fewer would leave the stores idle
LIMIT_MAX = 4_096
RISE, FALL = 0.05, 0.7  # of the limit, in one adjustment
ACTIVE_S = 1.0  # since its last call, for a client to have a part of the limit
COMING_S = 0.05  # for which a call that was let pass counts before it is admitted
CREDENTIALS_MAX = 10_000
STRANGER = "stranger"  # in place of a client
APP_STATE = "admission"  # where the application leaves its Admission for the protocol
WHEN_GONE = "when_gone"  # in a request's state: what to call when its caller has left
PATH = b"/v1/score"
RETRY_AFTER_S = 1
OVERLOADED = "more calls come than can be answered in time: repeat it after Retry-After, with the same transaction id"


def credential_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return a digest of the credential that a request's headers present, checked or not."""
    found = b""
    for name, value in headers:
        if name == b"x-api-key":
            found = value
            break
        if name == b"authorization":
            found = value
    return blake2b(found, digest_size=16).digest()


@dataclass(eq=False, slots=True)
class Ticket:
    """The right of a request to be worked on. `weight`: calls that it stands for."""

    client: Hashable
    weight: int
    began_s: float
    answered: bool = False  # with a decision; what was refused says nothing about the time that one takes
    is_over: bool = False


@dataclass(eq=False, slots=True)
class _Client:
    under_way: int = 0
    coming: int = 0  # let pass by `may_pass`, and not admitted yet
    seen_s: float = 0.0


class Admission:
    """The calls under way in one process.

    `deadline_s` is a call's; `clock` gives seconds; `on_window` hears of the end of each window, for metrics.
    """

    def __init__(
        self,
        deadline_s: float,
        clock: Callable[[], float] = time.monotonic,
        on_window: Callable[["Admission"], None] = lambda _: None,
    ) -> None:
        self._target_s = WAIT_SHARE * deadline_s
        self._clock = clock
        self._on_window = on_window
        self._limit = float(LIMIT_START)
        self._under_way = 0
        self._clients: OrderedDict[Hashable, _Client] = OrderedDict()  # active ones, the longest unseen first
        self._credentials: OrderedDict[bytes, int] = OrderedDict()
        self._window_ends_s = 0.0
        self._samples: list[float] = []
        self._was_full = False
        self._coming = 0  # of all clients
        self._coming_ends_s = 0.0
        self.refused = 0

    @property
    def limit(self) -> int:
        """Calls that may be under way."""
        return int(self._limit)

    @property
    def under_way(self) -> int:
        return self._under_way

    def remember(self, credential: bytes, client_id: int) -> None:
        """Note that a credential was found to be a client's."""
        self._credentials[credential] = client_id
        if len(self._credentials) > CREDENTIALS_MAX:
            self._credentials.popitem(last=False)

    def may_pass(self, credential: bytes) -> bool:
        """Tell whether a call would be admitted now, without admitting it; count it as refused if not."""
        now_s = self._clock()
        if now_s > self._coming_ends_s:
            self._coming, self._coming_ends_s = 0, now_s + COMING_S
            for each in self._clients.values():
                each.coming = 0
        client = self._client(credential, now_s)
        if self._has_room(client, 1, self._coming, client.coming):
            self._coming += 1
            client.coming += 1
            return True
        self._refuse()
        return False

    def admit(self, credential: bytes, weight: int = 1) -> Ticket | None:
        """Admit a request, or None. Every ticket has to be given back to `finish`."""
        now_s = self._clock()
        name = self._credentials.get(credential, STRANGER)
        client = self._client(credential, now_s)
        if client.coming:
            client.coming -= 1
            self._coming -= 1
        if not self._has_room(client, weight):
            self._refuse()
            return None
        client.under_way += weight
        self._under_way += weight
        return Ticket(name, weight, now_s)

    def finish(self, ticket: Ticket) -> None:
        """Take a ticket back; a second time does nothing."""
        if ticket.is_over:
            return
        ticket.is_over = True
        now_s = self._clock()
        self._under_way -= ticket.weight
        if (client := self._clients.get(ticket.client)) is not None:
            client.under_way -= ticket.weight
        if ticket.answered:
            self._samples.append(now_s - ticket.began_s)
        if now_s >= self._window_ends_s:
            self._adjust(now_s)

    def _has_room(self, client: _Client, weight: int, coming: int = 0, of_client: int = 0) -> bool:
        if self._under_way + coming == 0:  # whatever its weight: nothing that is allowed waits for ever
            return True
        if self._under_way + coming + weight <= self._limit:
            return True
        part = self._limit / len(self._clients)
        return len(self._clients) > 1 and client.under_way + of_client + weight <= part

    def _client(self, credential: bytes, now_s: float) -> _Client:
        """The client of a credential, seen now; who was not seen for a while and waits for nothing is forgotten."""
        name = self._credentials.get(credential, STRANGER)
        client = self._clients.get(name)
        if client is None:
            client = self._clients[name] = _Client()
        client.seen_s = now_s
        self._clients.move_to_end(name)
        while (oldest := next(iter(self._clients.items())))[1].seen_s < now_s - ACTIVE_S:
            if oldest[1].under_way:
                oldest[1].seen_s = now_s
                self._clients.move_to_end(oldest[0])
            else:
                del self._clients[oldest[0]]
        return client

    def _refuse(self) -> None:
        self.refused += 1
        self._was_full = True

    def _adjust(self, now_s: float) -> None:
        """Move the limit by what the last window showed: by its slow calls, because those are too late first."""
        if len(self._samples) < SAMPLES_MIN:
            if now_s < self._window_ends_s + WINDOW_S:
                return  # wait for a few more
        else:
            slow_s = sorted(self._samples)[int(len(self._samples) * 0.9)]
            if slow_s > self._target_s:
                self._limit = max(LIMIT_MIN, self._limit * max(FALL, self._target_s / slow_s))
            elif self._was_full or self._limit < LIMIT_START:
                self._limit = min(LIMIT_MAX, self._limit * (1 + RISE) + 1)
        self._samples.clear()
        self._was_full = False
        self._window_ends_s = now_s + WINDOW_S
        self._on_window(self)
