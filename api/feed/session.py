"""One socket's feed: what it missed from Postgres, then what is new, in one sequence without a seam."""

import asyncio
from collections.abc import Awaitable, Callable

from api.feed.channel import Channel, Frame, Listener
from api.feed.hub import AlertsSince
from api.feed.limits import FeedLimits
from api.feed.protocol import AlertMessage, Close, Filter, Gap, Heartbeat, Ready, frame
from contracts.errors import StoreUnavailable

Send = Callable[[str], Awaitable[None]]  # one text frame; waits while the socket's buffer is full


class _Stuck(Exception):
    """The socket did not take a chunk of frames in time."""


class FeedSession:
    """Sends number after number, beginning behind `listener.position`. Nothing is queued for the socket.

    What the filter leaves out moves the position all the same; the next message or heartbeat tells it.
    """

    def __init__(
        self,
        channel: Channel,
        listener: Listener,
        wanted: Filter,
        send: Send,
        alerts_since: AlertsSince,
        limits: FeedLimits,
    ) -> None:
        self._channel = channel
        self._listener = listener
        self._wanted = wanted
        self._send_text = send
        self._alerts_since = alerts_since
        self._limits = limits
        self._clock = asyncio.get_running_loop().time
        self._sent_at_s = self._clock()

    async def run(self, gone: Awaitable[None], ended: asyncio.Event) -> Close | None:
        """Serve until the socket is gone (None), too slow, or its caller's standing has ended (the close code)."""
        tasks = {
            asyncio.ensure_future(gone): None,
            asyncio.create_task(self._write()): Close.TOO_SLOW,  # it only ends when a send takes too long
            asyncio.create_task(self._listener.too_slow.wait()): Close.TOO_SLOW,
            asyncio.create_task(ended.wait()): Close.NOT_AUTHENTICATED,
        }
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()  # what went wrong inside comes out here
        return next(code for task, code in tasks.items() if task in done)

    async def _write(self) -> None:
        try:
            await self._send([self._frame(Ready(self._listener.position))])
            while True:
                frames = await self._next_frames()
                await self._send(frames)
                if not frames:
                    self._listener.live = True
                    await self._wait_for_news()
                await self._send_heartbeat_if_due()
        except _Stuck:
            return

    async def _next_frames(self) -> list[Frame]:
        """What follows the position: from memory if it is kept there, else from Postgres."""
        frames = self._channel.frames_after(self._listener.position, self._limits.chunk)
        while frames is None:
            try:
                frames = await self._stored_frames()
            except StoreUnavailable:
                await self._send_heartbeat_if_due()
                await asyncio.sleep(self._limits.retry_s)
        return frames

    async def _stored_frames(self) -> list[Frame]:
        """The next chunk that Postgres has. A number that is missing there was removed: it was counted before.

        Alerts are numbered in the order of their commits, so a read that sees one sees all before it.
        """
        position, last = self._listener.position, self._channel.last
        alerts = await self._alerts_since(self._channel.client_id, position, self._limits.chunk)
        frames = []
        for alert in alerts:
            if alert.sequence > position + 1:
                frames.append(self._frame(Gap(alert.sequence - 1, position + 1)))
            position = alert.sequence
            frames.append(Frame(position, frame(AlertMessage(position, alert)), alert))
        if not alerts and last > position:
            frames.append(self._frame(Gap(last, position + 1)))
        return frames

    async def _wait_for_news(self) -> None:
        """Until there is news, or a heartbeat is due."""
        self._listener.news.clear()
        try:
            async with asyncio.timeout_at(self._sent_at_s + self._limits.heartbeat_s):
                await self._listener.news.wait()
        except TimeoutError:
            pass

    async def _send_heartbeat_if_due(self) -> None:
        """Counted from the last message sent: alerts that the filter leaves out are no sign of life."""
        if self._clock() >= self._sent_at_s + self._limits.heartbeat_s:
            await self._send([self._frame(Heartbeat(self._listener.position))])

    async def _send(self, frames: list[Frame]) -> None:
        try:
            async with asyncio.timeout(self._limits.send_s):
                for each in frames:
                    if each.alert is None or self._wanted.passes(each.alert):
                        await self._send_text(each.text)
                        self._sent_at_s = self._clock()
                    self._listener.position = each.sequence
        except TimeoutError as error:
            raise _Stuck from error

    def _frame(self, message: Ready | Gap | Heartbeat) -> Frame:
        return Frame(message.seq, frame(message))
