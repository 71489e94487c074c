"""One socket's feed: what it missed from Postgres, then what is new, in one sequence without a seam."""

import asyncio
from collections.abc import Awaitable, Callable

from api.feed.channel import Channel, Frames, Listener
from api.feed.hub import AlertsSince
from api.feed.limits import FeedLimits
from api.feed.protocol import HEARTBEAT, AlertMessage, Close, Ready, frame
from contracts.errors import StoreUnavailable

Send = Callable[[str], Awaitable[None]]  # one text frame; waits while the socket's buffer is full
StillAllowed = Callable[[], Awaitable[bool]]


class _Stuck(Exception):
    """The socket did not take a chunk of frames in time."""


class FeedSession:
    """Sends number after number, beginning behind `listener.position`. Nothing is queued for the socket."""

    def __init__(
        self, channel: Channel, listener: Listener, send: Send, alerts_since: AlertsSince, limits: FeedLimits
    ) -> None:
        self._channel = channel
        self._listener = listener
        self._send_frame = send
        self._alerts_since = alerts_since
        self._limits = limits

    async def run(self, gone: Awaitable[None], still_allowed: StillAllowed) -> Close | None:
        """Serve until the socket is gone (None), too slow, or no longer allowed (the close code)."""
        tasks = {
            asyncio.ensure_future(gone): None,
            asyncio.create_task(self._write()): Close.TOO_SLOW,  # it only ends when a send takes too long
            asyncio.create_task(self._listener.too_slow.wait()): Close.TOO_SLOW,
            asyncio.create_task(self._until_refused(still_allowed)): Close.NOT_AUTHENTICATED,
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
            await self._send([(self._listener.position, frame(Ready(self._listener.position)))])
            while True:
                frames = await self._next_frames()
                if not frames:
                    self._listener.live = True
                    frames = await self._wait_for_news()
                await self._send(frames)
        except _Stuck:
            return

    async def _next_frames(self) -> Frames:
        """What follows the position: from memory if it is kept there, else from Postgres."""
        frames = self._channel.frames_after(self._listener.position, self._limits.chunk)
        while frames is None:
            try:
                frames = await self._stored_frames()
            except StoreUnavailable:
                await self._send([(self._listener.position, HEARTBEAT)])
                await asyncio.sleep(self._limits.retry_s)
        return frames

    async def _stored_frames(self) -> Frames:
        position, client_id = self._listener.position, self._channel.client_id
        alerts = await self._alerts_since(client_id, position, self._limits.chunk)
        return [(alert.sequence, frame(AlertMessage(alert.sequence, alert))) for alert in alerts]

    async def _wait_for_news(self) -> Frames:
        """Nothing, once there is news; a heartbeat if there is none for a while."""
        self._listener.news.clear()
        try:
            async with asyncio.timeout(self._limits.heartbeat_s):
                await self._listener.news.wait()
        except TimeoutError:
            return [(self._listener.position, HEARTBEAT)]
        return []

    async def _send(self, frames: Frames) -> None:
        try:
            async with asyncio.timeout(self._limits.send_s):
                for sequence, text in frames:
                    await self._send_frame(text)
                    self._listener.position = sequence
        except TimeoutError as error:
            raise _Stuck from error

    async def _until_refused(self, still_allowed: StillAllowed) -> None:
        while await still_allowed():  # noqa: ASYNC110 - the database knows, and does not tell by itself
            await asyncio.sleep(self._limits.recheck_s)
