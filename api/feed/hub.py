"""Feeds the channels: the alerts topic as a hint, Postgres as the truth."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog

from api.feed.channel import Channel, Listener
from api.feed.limits import FeedLimits
from api.metrics import FEED_ALERTS, FEED_SOCKETS
from contracts.decision import Alert
from contracts.errors import StoreUnavailable

AlertsSince = Callable[[int, int, int], Awaitable[list[Alert]]]  # (client id, sequence, limit), ascending

log = structlog.get_logger()


class Hub:
    """The channels of the clients that have a socket here. `alerts_since` reads the stored alerts."""

    def __init__(self, alerts_since: AlertsSince, limits: FeedLimits) -> None:
        self.limits = limits
        self.alerts_since = alerts_since
        self._channels: dict[int, Channel] = {}
        self._gap = asyncio.Event()

    @property
    def channels(self) -> list[Channel]:
        return list(self._channels.values())

    @property
    def sockets(self) -> int:
        return sum(len(channel.listeners) for channel in self._channels.values())

    def sockets_of(self, client_id: int) -> int:
        channel = self._channels.get(client_id)
        return 0 if channel is None else len(channel.listeners)

    def join(self, client_id: int, listener: Listener, head: int) -> Channel:
        """Add a socket; `head` is the client's newest stored number, where a new channel begins."""
        channel = self._channels.get(client_id)
        if channel is None:
            channel = self._channels[client_id] = Channel(client_id, head, self.limits.backlog_max)
        channel.listeners.add(listener)
        FEED_SOCKETS.inc()
        return channel

    def leave(self, channel: Channel, listener: Listener) -> None:
        channel.listeners.discard(listener)
        FEED_SOCKETS.dec()
        if not channel.listeners and self._channels.get(channel.client_id) is channel:
            del self._channels[channel.client_id]

    def hint(self, alerts: Iterable[Alert]) -> None:
        """What the topic says: in any order, repeated, with holes. Clients without a socket here are passed over."""
        for alert in alerts:
            channel = self._channels.get(alert.client_id)
            if channel is None:
                continue
            FEED_ALERTS.labels("topic").inc(channel.offer(alert))
            if channel.has_gap:
                self._gap.set()

    async def keep_filled(self) -> None:
        """Fill gaps at once, and ask for what the topic did not bring every `poll_s`. Runs until cancelled."""
        reachable = True
        while True:
            try:
                async with asyncio.timeout(self.limits.poll_s):
                    await self._gap.wait()
            except TimeoutError:
                pass  # a silent topic: ask anyway
            self._gap.clear()
            try:
                await self.fill()
                reachable = True
            except StoreUnavailable as error:
                if reachable:
                    log.warning("feed_waits_for_postgres", error=str(error))
                reachable = False
                await asyncio.sleep(self.limits.retry_s)

    async def fill(self) -> None:
        """Bring every channel up to what is stored. Raises StoreUnavailable."""
        for channel in self.channels:
            full = True
            while full:
                alerts = await self.alerts_since(channel.client_id, channel.last, self.limits.chunk)
                FEED_ALERTS.labels("store").inc(sum(channel.offer(alert) for alert in alerts))
                full = len(alerts) == self.limits.chunk
