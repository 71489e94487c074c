"""The live feed as an endless iterator: whatever happens to the connection, each alert once, in order."""

import asyncio
import random
from collections.abc import AsyncIterator, Collection

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from contracts.decision import RiskLevel
from riskstream_client.answers import FeedAlert, FeedGap
from riskstream_client.calls import Credentials, nobody_at
from riskstream_client.errors import UNREADABLE, FeedRefused, unreadable

PATH = "/v1/alerts/stream"
MESSAGE_BYTES_MAX = 4 * 1024 * 1024  # an alert is a few kilobytes
SILENCE_S = 40.0  # heartbeats come every 15 s; after this the connection is dead without saying so
PAUSE_S_MIN, PAUSE_S_MAX = 0.2, 10.0  # between two connections
NOT_AUTHENTICATED, BAD_HELLO = 4401, 1008


class FeedFilter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which alerts are wanted: those that meet every condition; of a list one value is enough."""

    severity: Collection[RiskLevel] | None = None
    score_min: float | None = None
    account: Collection[str] | None = None
    merchant: Collection[str] | None = None
    device: Collection[str] | None = None


class _Hello(msgspec.Struct, frozen=True, tag="hello"):
    resume_from: int | None
    filter: FeedFilter


class _Ready(msgspec.Struct, frozen=True, tag="ready"):
    seq: int


class _Heartbeat(msgspec.Struct, frozen=True, tag="heartbeat"):
    seq: int


_decoder = msgspec.json.Decoder(_Ready | FeedAlert | FeedGap | _Heartbeat)
_encode = msgspec.json.Encoder().encode


class Feed:
    """Iterate over it. `position` is where to resume from in another process: keep it with what you did of the feed.

    Connects again by itself, from the last position on. Raises FeedRefused if the credentials or the filter are not
    accepted, AnswerUnreadable if something else than a gateway answers, and StoreUnavailable where nobody has answered
    at this address yet.
    """

    def __init__(
        self, url: str, credentials: Credentials, resume_from: int | None = None, wanted: FeedFilter | None = None
    ) -> None:
        self.position = resume_from
        self._url = url.replace("http", "ws", 1).rstrip("/") + PATH
        self._credentials = credentials
        self._wanted = wanted or FeedFilter()

    async def __aiter__(self) -> AsyncIterator[FeedAlert | FeedGap]:
        pause_s, renewed, has_answered = PAUSE_S_MIN, False, False
        while True:
            shown = self._credentials.headers()
            try:
                async with connect(
                    self._url, additional_headers=shown, compression=None, max_size=MESSAGE_BYTES_MAX
                ) as socket:
                    has_answered = True
                    async for event in self._events(socket):
                        pause_s, renewed = PAUSE_S_MIN, False
                        if event is not None:
                            yield event
            except ConnectionClosed as closed:
                code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
                if code == NOT_AUTHENTICATED and not renewed and await self._credentials.renew(shown):
                    renewed = True
                    continue
                if code in (NOT_AUTHENTICATED, BAD_HELLO):
                    raise FeedRefused(code, reason) from closed
            except (OSError, TimeoutError, InvalidHandshake, InvalidMessage) as error:
                if not has_answered:
                    raise nobody_at(self._url, error) from error
                # else it restarts, or nothing came for too long
            await asyncio.sleep(random.uniform(0, pause_s))
            pause_s = min(pause_s * 2, PAUSE_S_MAX)

    async def _events(self, socket: ClientConnection) -> AsyncIterator[FeedAlert | FeedGap | None]:
        """What comes, None for what only moves the position."""
        await socket.send(_encode(_Hello(self.position, self._wanted)).decode())
        while True:
            async with asyncio.timeout(SILENCE_S):
                received = await socket.recv()
            try:
                message = _decoder.decode(received)
            except UNREADABLE as error:
                raise unreadable(error) from error
            if isinstance(message, FeedAlert | FeedGap) and self._is_known(message.seq):
                continue
            self.position = message.seq
            yield message if isinstance(message, FeedAlert | FeedGap) else None

    def _is_known(self, seq: int) -> bool:
        """Never with a gateway that keeps its promise; a caller who counts on it shall not depend on that."""
        return self.position is not None and seq <= self.position
