"""Open connections of one process: bounds on them in all and by address, and who has to go when there are too many."""

import resource
import socket
from contextlib import suppress
from enum import IntEnum
from ipaddress import ip_network
from typing import Any, Protocol

from api.addresses import counted_address
from api.turns import Turns

APP_STATE = "connections"  # where the application leaves its Connections for the protocols
CONNECTIONS_MAX = 4096
CONNECTIONS_PER_ADDRESS_MAX = 1024
UNREAD_BYTES_MAX = 128 * 1024 * 1024  # of answers and feeds that peers do not take, all connections together
DESCRIPTORS_KEPT = 256  # for stores, files and listening sockets, out of what the system allows a process
# A peer whose machine is gone says nothing: it is asked after a minute, and given up after two.
KEEPALIVE_IDLE_S, KEEPALIVE_INTERVAL_S, KEEPALIVE_PROBES = 60, 15, 4
OFFENCE_S = 10.0  # for which an address is remembered whose socket broke a bound
OFFENDERS_MAX = 10_000
UNACKNOWLEDGED_MS = 60_000  # for which a peer may take nothing of what the system holds for it


class Worth(IntEnum):
    """What ending a connection would destroy; the lowest goes first."""

    NOTHING_ASKED = 0  # no request came on it yet, or no hello
    IDLE = 1  # between two requests
    BUSY = 2  # a request is being answered, or a feed is on: never ended for another


class Connection(Protocol):
    """What the bounds need to know of a connection."""

    @property
    def worth(self) -> Worth: ...

    @property
    def unread_bytes(self) -> int:
        """What waits for the peer to read."""

    def drop(self) -> None:
        """End it at once."""


class Connections:
    """Counts connections. Where there is no room a new one takes the place of the oldest that is worth least.

    A caller that opens many connections and asks nothing therefore only loses those. `exempt`: proxies, as
    addresses or networks, comma separated: many callers share one of their addresses, so only the total counts.
    """

    def __init__(
        self,
        total_max: int = CONNECTIONS_MAX,
        address_max: int = CONNECTIONS_PER_ADDRESS_MAX,
        exempt: str = "",
        unread_bytes_max: int = UNREAD_BYTES_MAX,
    ) -> None:
        self.unread_bytes_max = unread_bytes_max
        self.turns = Turns()
        self.total_max = max(1, min(total_max, _descriptors() - DESCRIPTORS_KEPT))
        self.address_max = address_max
        self._exempt_all, self._exempt = _networks(exempt)
        self._addresses: dict[Connection, str] = {}  # in the order of their arrival
        self._of_address: dict[str, dict[Connection, None]] = {}
        self._stalled: dict[Connection, None] = {}  # whose peers do not read, the longest first
        self._pipelines: dict[Connection, None] = {}  # that ask again and again before they have an answer
        self._offences: dict[str, float] = {}  # address -> when, the oldest first

    def __len__(self) -> int:
        return len(self._addresses)

    def admit(self, connection: Connection, host: str) -> bool:
        """Count a new connection; False if there is no room and nothing that could make room."""
        address = counted_address(host)
        there = self._of_address.get(address, {})
        if len(there) >= self.address_max and not self._is_exempt(host) and not self._make_room(there):
            return False
        if len(self._addresses) >= self.total_max and not self._make_room(self._addresses):
            return False
        self._addresses[connection] = address
        self._of_address.setdefault(address, {})[connection] = None
        return True

    def leave(self, connection: Connection) -> None:
        """Forget a connection, however often it is said."""
        self._stalled.pop(connection, None)
        self._pipelines.pop(connection, None)
        address = self._addresses.pop(connection, None)
        if address is None:
            return
        there = self._of_address[address]
        del there[connection]
        if not there:
            del self._of_address[address]

    def pipelines(self, connection: Connection) -> int:
        """How many connections are pipelining at length, with this one."""
        self._pipelines[connection] = None
        return len(self._pipelines)

    def stall(self, connection: Connection) -> None:
        """Its peer does not read: where too much waits in all, who has not read for the longest goes."""
        self._stalled[connection] = None
        unread = sum(each.unread_bytes for each in self._stalled)
        while unread > self.unread_bytes_max:
            victim = next(iter(self._stalled))
            unread -= victim.unread_bytes
            self.leave(victim)
            victim.drop()

    def flow(self, connection: Connection) -> None:
        """Its peer reads again."""
        self._stalled.pop(connection, None)

    def note_offence(self, host: str, now_s: float) -> None:
        """Remember that an address broke a bound, unless it is a proxy's."""
        if self._is_exempt(host):
            return
        address = counted_address(host)
        self._offences.pop(address, None)
        if len(self._offences) >= OFFENDERS_MAX:
            del self._offences[next(iter(self._offences))]
        self._offences[address] = now_s

    def has_offended(self, host: str, now_s: float) -> bool:
        """Whether it did so a short time ago."""
        at_s = self._offences.get(counted_address(host))
        return at_s is not None and now_s - at_s < OFFENCE_S

    def _make_room(self, among: dict[Connection, Any]) -> bool:
        victim: Connection | None = None
        worth = Worth.BUSY
        for connection in among:
            if connection.worth < worth:
                victim, worth = connection, connection.worth
                if worth is Worth.NOTHING_ASKED:
                    break
        if victim is None:
            return False
        self.leave(victim)
        victim.drop()
        return True

    def _is_exempt(self, host: str) -> bool:
        if self._exempt_all or not self._exempt:
            return self._exempt_all
        try:
            address = ip_network(host)
        except ValueError:
            return False
        return any(address.version == each.version and address.subnet_of(each) for each in self._exempt)


def connections_of(app_state: dict[str, Any]) -> Connections:
    """The application's; where it has none, those of this server."""
    found: Connections = app_state.setdefault(APP_STATE, Connections())
    return found


def watch_peer(transport: Any) -> None:
    """Have the system notice a peer that has gone without a word, or takes nothing any more."""
    peer = transport.get_extra_info("socket")
    options = (
        (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
        (socket.IPPROTO_TCP, "TCP_KEEPIDLE", KEEPALIVE_IDLE_S),
        (socket.IPPROTO_TCP, "TCP_KEEPINTVL", KEEPALIVE_INTERVAL_S),
        (socket.IPPROTO_TCP, "TCP_KEEPCNT", KEEPALIVE_PROBES),
        (socket.IPPROTO_TCP, "TCP_USER_TIMEOUT", UNACKNOWLEDGED_MS),
    )
    if peer is None or peer.family not in (socket.AF_INET, socket.AF_INET6):
        return
    for level, name, value in options:
        if hasattr(socket, name):  # not every system has every one
            with suppress(OSError):
                peer.setsockopt(level, getattr(socket, name), value)


def raise_descriptor_limit() -> None:
    """Allow this process the files and sockets that the system lets it have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    with suppress(ValueError, OSError):
        if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _descriptors() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 2**31 if soft == resource.RLIM_INFINITY else soft


def _networks(listed: str) -> tuple[bool, list[Any]]:
    names = [name.strip() for name in listed.split(",") if name.strip()]
    found = []
    for name in names:
        with suppress(ValueError):
            found.append(ip_network(name, strict=False))
    return "*" in names, found
