"""A client of the feed, over a real WebSocket."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

WAIT_S = 20.0


class FeedClient:
    """One open feed; `seq` is what `ready` said."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.seq: int | None = None

    async def hello(
        self, resume_from: int | None = None, ticket: str | None = None, wanted: dict[str, Any] | None = None
    ) -> None:
        hello = {"type": "hello", "ticket": ticket, "resume_from": resume_from, "filter": wanted or {}}
        await self.socket.send(json.dumps(hello))
        ready = await self.message()
        assert ready["type"] == "ready"
        self.seq = ready["seq"]

    async def message(self) -> dict[str, Any]:
        return await self.message_within(WAIT_S)

    async def message_within(self, wait_s: float) -> dict[str, Any]:
        """Raises TimeoutError."""
        async with asyncio.timeout(wait_s):
            message: dict[str, Any] = json.loads(await self.socket.recv())
        return message

    async def numbers(self, count: int) -> list[int]:
        """The numbers of the next alerts, in the order of their arrival."""
        found: list[int] = []
        while len(found) < count:
            message = await self.message()
            if message["type"] == "alert":
                assert message["alert"]["sequence"] == message["seq"]
                found.append(message["seq"])
        return found

    async def until_closed(self) -> tuple[list[int], int]:
        """What still came, and the close code."""
        found: list[int] = []
        try:
            while True:
                message = await self.message()
                if message["type"] == "alert":
                    found.append(message["seq"])
        except ConnectionClosed as closed:
            return found, closed.rcvd.code if closed.rcvd else 1006


@asynccontextmanager
async def opened(
    address: str, key: str | None = None, *, headers: dict[str, str] | None = None, **options: Any
) -> AsyncIterator[FeedClient]:
    """A connection without a hello yet."""
    sent = dict(headers or {})
    if key is not None:
        sent["X-API-Key"] = key
    url = f"ws://{address}/v1/alerts/stream"
    async with connect(
        url, additional_headers=sent, compression=None, proxy=None, close_timeout=2, **options
    ) as socket:
        yield FeedClient(socket)


@asynccontextmanager
async def feed(
    address: str,
    key: str | None = None,
    *,
    resume_from: int | None = None,
    ticket: str | None = None,
    wanted: dict[str, Any] | None = None,
    **options: Any,
) -> AsyncIterator[FeedClient]:
    """A feed that is ready."""
    async with opened(address, key, **options) as client:
        await client.hello(resume_from, ticket, wanted)
        yield client
