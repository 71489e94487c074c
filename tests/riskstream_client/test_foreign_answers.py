"""What answers in the gateway's place is told as one sentence, over HTTP as in the feed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import ServerConnection, serve

from contracts.errors import RiskstreamError
from riskstream_client import AnswerUnreadable, Client, Feed
from riskstream_client.credentials import ApiKey
from riskstream_client.errors import problem_of

NOT_OURS = (b"<html>Sign in to the Wi-Fi</html>", b"", b"{}", b"[" * 5_000, b'{"a":NaN}', b'"\xff"')


@asynccontextmanager
async def answering(body: bytes) -> AsyncIterator[str]:
    """The address of something that answers 200 with `body`, whatever is asked."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.close()


@pytest.mark.parametrize("body", NOT_OURS)
async def test_an_answer_that_is_not_the_gateways(body: bytes) -> None:
    async with answering(body) as url, Client(url, "key") as client:
        with pytest.raises(AnswerUnreadable, match="does a proxy answer") as raised:
            await client.decide("00000000-0000-0000-0000-000000000000", "legitimate", "why")  # type: ignore[arg-type]
    assert isinstance(raised.value, RiskstreamError)


@pytest.mark.parametrize("message", NOT_OURS)
async def test_a_message_that_is_not_the_feeds(message: bytes) -> None:
    async def say(socket: ServerConnection) -> None:
        await socket.recv()
        await socket.send('{"type":"ready","seq":1}')
        await socket.send(message)

    async with serve(say, "127.0.0.1", 0, compression=None) as server:
        host, port = server.sockets[0].getsockname()[:2]
        feed = Feed(f"http://{host}:{port}", ApiKey("key"))
        with pytest.raises(AnswerUnreadable, match="does a proxy answer"):
            await anext(aiter(feed))
    assert feed.position == 1


@pytest.mark.parametrize("body", NOT_OURS)
def test_a_refusal_that_is_no_problem_document(body: bytes) -> None:
    assert "502" in str(problem_of(502, body))
