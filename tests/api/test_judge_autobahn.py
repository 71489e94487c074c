"""Autobahn's WebSocket cases, driven by kosoku: our protocol with an echo in it, and the real feed by every caller.

The suite's own rule is that a server sends back what it gets. The feed answers a hello only, so there a case that wants
an echo is right when the feed ends it in order, for want of a hello. What is broken is refused the same way everywhere.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import uvicorn
from feed_client import feed
from kosoku import FailureError, run_fuzzingclient
from running_gateway import QUICK, RunningGateway, listening_at, running, settings_for

from api.feed.protocol import Close
from api.feed.socket import FeedProtocol
from tests.judges.suites import Verdicts

AT_ONCE = 4
LARGE, COMPRESSED = "9.*", ("12.*", "13.*")  # messages up to 16 MB; an extension that is not offered
HELLO_S = 0.5  # some cases send no message at all
PATH = "/v1/alerts/stream"


async def results(url: str, leave_out: list[str]) -> dict[str, Any]:
    """What each case found. One that failed runs again, alone: the suite's own clocks are short for a busy machine."""
    found = await _run(url, exclude_cases=leave_out, concurrency=AT_ONCE)
    failed = [case for case, result in found.items() if not result.passed]
    return found | (await _run(url, cases=failed, concurrency=1) if failed else {})


async def _run(url: str, **options: Any) -> dict[str, Any]:
    try:
        found = await run_fuzzingclient(url, **options)
    except FailureError as failure:
        found = failure.results
    return {result.case_id: result for result in found}


async def echo(scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] != "websocket.disconnect":
        await send({**message, "type": "websocket.send"})


@asynccontextmanager
async def echoing() -> AsyncIterator[str]:
    """Our protocol, with room for the suite's messages."""
    config = uvicorn.Config(
        echo, ws=FeedProtocol, ws_per_message_deflate=False, ws_max_size=2**25, log_config=None, lifespan="off"
    )
    server = uvicorn.Server(config)
    listening = listening_at(0)
    serving = asyncio.create_task(server.serve([listening]))
    try:
        yield f"ws://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def with_key(address: str, key: str) -> AsyncIterator[str]:
    """A way to the feed that puts the key into the handshake, which the suite cannot."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        their_reader, their_writer = await asyncio.open_connection(*address.split(":"))
        head = await reader.readuntil(b"\r\n")
        their_writer.write(head + b"X-API-Key: " + key.encode() + b"\r\n")
        await asyncio.gather(_pump(reader, their_writer), _pump(their_reader, writer), return_exceptions=True)
        for each in (their_writer, writer):
            each.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    try:
        yield f"ws://{host}:{port}{PATH}"
    finally:
        server.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(65_536):
        writer.write(piece)
        await writer.drain()
    writer.write_eof()


def is_ended_for_want_of_a_hello(result: Any) -> bool:
    return result.was_clean and result.remote_close_code in (Close.BAD_HELLO, Close.NO_HELLO)


async def test_our_protocol_with_an_echo() -> None:
    verdicts = Verdicts("Autobahn", "our protocol, with an echo")
    async with echoing() as url:
        for case, result in (await results(url, [*COMPRESSED])).items():
            verdicts.judge(case, result.passed, result.result_close)
        refused = await results(url, [f"{part}.*" for part in range(1, 12)] + ["13.*"])
    assert {result.behavior.value for result in refused.values()} == {"UNIMPLEMENTED"}  # said in the handshake
    verdicts.check()


@pytest.mark.parametrize("place", ["feed, without a credential", "feed, with an API key"])
async def test_the_feed(database_url: str, key: str, place: str) -> None:
    async with running(settings_for(database_url), replace(QUICK, hello_s=HELLO_S)) as gateway:
        if "key" in place:
            async with with_key(gateway.address, key) as url:
                found = await results(url, [LARGE, *COMPRESSED])
        else:
            found = await results(f"ws://{gateway.address}{PATH}", [LARGE, *COMPRESSED])
        assert gateway.parts.hub.sockets == 0
        async with feed(gateway.address, key) as client:  # and the feed is as it was
            assert client.seq == 0
    verdicts, wanting = Verdicts("Autobahn", place), Verdicts("Autobahn", f"{place}, ended for want of a hello")
    for case, result in found.items():
        if not result.passed and is_ended_for_want_of_a_hello(result):
            wanting.judge(case, right=True)
        else:
            verdicts.judge(case, result.passed, f"{result.result_close} {result.remote_close_code}")
    verdicts.check()
    wanting.check()


async def test_what_follows_a_hello_is_passed_over(gateway: RunningGateway, alerts: Any, key: str) -> None:
    async with feed(gateway.address, key) as client:
        await client.socket.send("hello?")
        await client.socket.send(b"\xff\x00")
        await client.socket.send(["in ", "three ", "pieces"])
        await (await client.socket.ping())
        await alerts.store(1)
        assert await client.numbers(1) == [1]


async def test_text_that_is_not_utf8_ends_with_1007(gateway: RunningGateway, key: str) -> None:
    async with feed(gateway.address, key) as client:
        await client.socket.send(b"\xff", text=True)
        assert await client.until_closed() == ([], 1007)
