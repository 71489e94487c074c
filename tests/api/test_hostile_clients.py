"""Clients that mean harm and have no credentials: what they can make the gateway read, keep, and wait for."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio
from running_gateway import NOWHERE, RunningGateway, running, settings_for

from api import http_protocol
from api.connections import Connections, Worth
from api.feed import socket as feed_socket
from api.feed.socket import FeedProtocol
from api.http_protocol import BoundedHttpProtocol

GET = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
SCORE = b"POST /v1/score HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
HANDSHAKE = (
    b"GET /v1/alerts/stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
PING, PONG, TEXT, CONTINUED = 0x89, 0x8A, 0x01, 0x00  # as first bytes; a text and its continuation are not the last
WAIT_S = 20.0


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What slows attackers down would slow these tests down."""
    monkeypatch.setattr(http_protocol, "LINGER_S", 0.05)
    monkeypatch.setattr(http_protocol, "OFFENDER_DELAY_S", 0)
    monkeypatch.setattr(feed_socket, "HOLD_S", 0)
    monkeypatch.setattr(feed_socket, "LINGER_S", 0.2)


def masked(first: int, content: bytes = b"") -> bytes:
    """A client's frame; the mask is zero, so that the content stays as it is."""
    return bytes([first, 0x80 | len(content)]) + b"\0\0\0\0" + content


@pytest_asyncio.fixture
async def lonely() -> AsyncIterator[RunningGateway]:
    """A gateway whose every store is away: nobody here gets as far as one."""
    async with running(settings_for(f"postgresql://u:p@{NOWHERE}/d")) as gateway:
        yield gateway


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> list[FeedProtocol]:
    """The gateway's side of every WebSocket."""
    found: list[FeedProtocol] = []
    made = FeedProtocol.connection_made

    def connection_made(self: FeedProtocol, transport: Any) -> None:
        found.append(self)
        made(self, transport)

    monkeypatch.setattr(FeedProtocol, "connection_made", connection_made)
    return found


async def connected(gateway: RunningGateway) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(*gateway.address.split(":"))


async def opened_socket(gateway: RunningGateway) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await connected(gateway)
    writer.write(HANDSHAKE + b"\r\n")
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    """What came, piece by piece: a reset takes from a reader what it has not handed out yet."""
    received = b""
    with suppress(ConnectionError):
        while piece := await reader.read(65_536):
            received += piece
    return received


def close_code(received: bytes) -> int:
    """Of the close frame at the end, which carries a sentence."""
    start = received.rindex(b"\x88")
    (code,) = struct.unpack("!H", received[start + 2 : start + 4])
    assert len(received) == start + 2 + received[start + 1]
    return int(code)


async def answered(gateway: RunningGateway, sent: bytes) -> bytes:
    """What comes back until the gateway ends the connection."""
    reader, writer = await connected(gateway)
    writer.write(sent)
    async with asyncio.timeout(WAIT_S):
        answer = await until_closed(reader)
    writer.close()
    return answer


# WebSocket


@pytest.mark.parametrize("kind", [PING, PONG])
@pytest.mark.parametrize("content", [b"", b"x" * 125])
async def test_a_flood_of_control_frames_is_closed_with_1008(lonely: RunningGateway, kind: int, content: bytes) -> None:
    reader, writer = await opened_socket(lonely)
    writer.write(masked(kind, content) * 5000)
    async with asyncio.timeout(WAIT_S):
        received = await until_closed(reader)
    assert close_code(received) == 1008
    assert received.count(b"\x8a") <= feed_socket.CONTROL_FRAMES_A_SECOND
    assert (await lonely.http.get("/livez")).status_code == 200


async def test_pings_that_come_slowly_are_bounded_before_the_hello(
    lonely: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_socket, "CONTROL_FRAMES_A_SECOND", 10**9)
    reader, writer = await opened_socket(lonely)
    writer.write(masked(PING) * 2000)
    async with asyncio.timeout(WAIT_S):
        assert close_code(await until_closed(reader)) == 1008


async def test_empty_fragments_are_closed_with_1008(lonely: RunningGateway) -> None:
    reader, writer = await opened_socket(lonely)
    writer.write(masked(TEXT) + masked(CONTINUED) * 5000)
    async with asyncio.timeout(WAIT_S):
        assert close_code(await until_closed(reader)) == 1008


async def test_who_does_not_read_pongs_is_not_read(
    lonely: RunningGateway, sockets: list[FeedProtocol], monkeypatch: pytest.MonkeyPatch
) -> None:
    for bound in ("CONTROL_FRAMES_A_SECOND", "FREE_FRAMES", "EXTRA_BYTES_BEFORE_HELLO"):
        monkeypatch.setattr(feed_socket, bound, 10**12)
    _, writer = await opened_socket(lonely)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    paused = asyncio.Event()
    pause = FeedProtocol.pause_writing

    def pause_writing(self: FeedProtocol) -> None:
        pause(self)
        paused.set()

    monkeypatch.setattr(FeedProtocol, "pause_writing", pause_writing)
    writer.write(masked(PING, b"x" * 125) * 400_000)  # 52 MB, more than any buffer between us
    async with asyncio.timeout(WAIT_S):
        await paused.wait()
    (socket,) = sockets
    assert not socket.transport.is_reading()
    assert socket.transport.get_write_buffer_size() < 100_000
    parsed = socket._bytes
    assert (await lonely.http.get("/livez")).status_code == 200
    assert socket._bytes == parsed
    writer.transport.abort()


async def test_frames_before_the_handshake_is_answered_wait_for_it(lonely: RunningGateway) -> None:
    reader, writer = await connected(lonely)
    writer.write(HANDSHAKE + b"\r\n" + masked(PING, b"early"))
    async with asyncio.timeout(WAIT_S):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
        assert await reader.readexactly(7) == bytes([PONG, 5]) + b"early"
    writer.close()


@pytest.mark.parametrize("more", [b"x: y\r\n" * 150, b"x: " + b"y" * 20_000 + b"\r\n", b"Content-Length: 5\r\n"])
async def test_a_handshake_that_cannot_be_read_ends(lonely: RunningGateway, more: bytes) -> None:
    assert (await answered(lonely, HANDSHAKE + more + b"\r\n")).startswith(b"HTTP/1.1 400")


# Trailers, and what else surrounds a chunked body


async def test_a_credential_in_a_trailer_is_none(gateway: RunningGateway, key: str) -> None:
    body = b"2\r\n{}\r\n0\r\nX-API-Key: %s\r\nConnection: close\r\n\r\n" % key.encode()
    reader, writer = await connected(gateway)
    writer.write(SCORE + body)
    async with asyncio.timeout(WAIT_S):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 401")
    writer.close()


@pytest.mark.parametrize("head", [SCORE, SCORE.replace(b"POST /v1/score", b"GET /livez")])
@pytest.mark.parametrize(
    ("begin", "endless"),
    [
        (b"0\r\n", b"x: y\r\n"),  # trailers
        (b"0\r\nx: ", b"y"),  # one long trailer
        (b"2;", b"y"),  # a chunk's extension
        (b"", b"1;" + b"y" * 100 + b"\r\nx\r\n"),  # many of them
        (b"", b"1\r\nx\r\n"),  # tiny chunks
    ],
)
async def test_what_surrounds_a_body_is_bounded(
    lonely: RunningGateway, head: bytes, begin: bytes, endless: bytes
) -> None:
    reader, writer = await connected(lonely)
    writer.write(head + begin + endless * (2_000_000 // len(endless)))
    async with asyncio.timeout(WAIT_S):
        answer = await until_closed(reader)
    assert answer == b"" or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 200"))
    writer.close()


@pytest.mark.parametrize("stuck", [b"0\r\n", b"0\r\nx: y\r\n", b"5", b"5\r\n"])
async def test_trailers_that_do_not_come_end_the_connection(
    lonely: RunningGateway, monkeypatch: pytest.MonkeyPatch, stuck: bytes
) -> None:
    monkeypatch.setattr(http_protocol, "TAIL_S", 0.05)
    monkeypatch.setattr(http_protocol, "REST_S", 0.05)
    await answered(lonely, SCORE.replace(b"POST /v1/score", b"GET /livez") + stuck)


async def test_trailers_are_no_reason_to_refuse(lonely: RunningGateway) -> None:
    reader, writer = await connected(lonely)
    for _ in range(2):
        writer.write(SCORE.replace(b"POST /v1/score", b"GET /livez") + b"2\r\n{}\r\n0\r\nx: y\r\n\r\n")
        async with asyncio.timeout(WAIT_S):
            assert (await reader.readuntil(b"\r\n\r\nok")).startswith(b"HTTP/1.1 200")
    writer.close()


# Connections and requests


async def test_pipelined_requests_are_answered_in_order_and_do_not_pile_up(
    lonely: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "PIPELINED_GAP_S", 0)
    waiting: list[int] = []
    complete = BoundedHttpProtocol.on_headers_complete

    def on_headers_complete(self: BoundedHttpProtocol) -> None:
        complete(self)
        waiting.append(len(self.pipeline))

    monkeypatch.setattr(BoundedHttpProtocol, "on_headers_complete", on_headers_complete)
    reader, writer = await connected(lonely)
    writer.write((GET + GET.replace(b"livez", b"nothing")) * 500)
    statuses = []
    async with asyncio.timeout(WAIT_S):
        while len(statuses) < 1000:
            line = await reader.readline()
            if b"HTTP/1.1 " in line:
                statuses.append(line[line.index(b"HTTP/1.1 ") + 9 :][:3])
    assert statuses == [b"200", b"404"] * 500
    assert max(waiting) <= http_protocol.PIPELINED_MAX
    writer.close()


async def test_who_pipelines_and_does_not_read_is_cut_off(
    lonely: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "PIPELINED_GAP_S", 0)
    monkeypatch.setattr(http_protocol, "STALL_S", 0.05)
    lost = asyncio.Event()
    seen: list[int] = []
    connection_lost = BoundedHttpProtocol.connection_lost

    def ended(self: BoundedHttpProtocol, error: Exception | None) -> None:
        seen.append(len(self._unread) + self.transport.get_write_buffer_size())
        connection_lost(self, error)
        lost.set()

    monkeypatch.setattr(BoundedHttpProtocol, "connection_lost", ended)
    _, writer = await connected(lonely)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    writer.write(GET * 200_000)
    async with asyncio.timeout(WAIT_S):
        await lost.wait()
    assert max(seen) < 600_000
    writer.transport.abort()


async def test_an_empty_line_after_a_request_holds_no_connection(
    lonely: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_S", 0.05)
    for start in (b"\r\n", b"\r", b"G"):
        assert (await answered(lonely, GET + start)).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("before", [b"", GET])
async def test_empty_lines_without_end(lonely: RunningGateway, before: bytes) -> None:
    assert (await answered(lonely, before + b"\r\n" * 1000)).count(b"HTTP/1.1 400") == 1
    assert (await answered(lonely, b"\r\n" + GET + b"X\r\n\r\n")).startswith(b"HTTP/1.1 200")  # one is tolerated


async def test_header_fields_without_end(lonely: RunningGateway) -> None:
    sent = b"GET /livez HTTP/1.1\r\nHost: x\r\n" + b"x: y\r\n" * 1000
    assert (await answered(lonely, sent)).startswith(b"HTTP/1.1 431")


async def test_a_body_that_nobody_waits_for_holds_no_connection(
    lonely: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "REST_S", 0.05)
    sent = GET.replace(b"\r\n\r\n", b"\r\nContent-Length: 1000\r\n\r\n") + b"x"
    assert (await answered(lonely, sent)).startswith(b"HTTP/1.1 200")


async def test_a_request_has_an_end(lonely: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "REQUEST_S", 0.05)
    assert await answered(lonely, SCORE.replace(b"chunked", b"chunked\r\nX: y") + b"5\r\nx") == b""


async def test_a_bad_request_after_good_ones_leaves_them_their_answers(lonely: RunningGateway) -> None:
    answer = await answered(lonely, GET + GET + b"NONSENSE\r\n\r\n")
    assert [line[9:12] for line in answer.split(b"\r\n") if b"HTTP/1.1" in line][:1] == [b"200"]
    assert answer.count(b"HTTP/1.1 200") == 2
    assert answer.count(b"HTTP/1.1 400") == 1


async def test_connections_that_ask_nothing_make_room() -> None:
    settings = settings_for(f"postgresql://u:p@{NOWHERE}/d", connections_per_address_max=5)
    async with running(settings) as gateway, asyncio.timeout(WAIT_S):
        idle = [await connected(gateway) for _ in range(12)]
        assert (await gateway.http.get("/livez")).status_code == 200
        for reader, _ in idle[:7]:
            assert await until_closed(reader) == b""
        for _, writer in idle:
            writer.close()


class _Fake:
    def __init__(self, worth: Worth) -> None:
        self.worth = worth
        self.unread_bytes = 60
        self.dropped = False

    def drop(self) -> None:
        self.dropped = True


def test_nobody_is_ended_in_the_middle_of_an_answer() -> None:
    bounds = Connections(total_max=3, address_max=2)
    first, second, other = _Fake(Worth.BUSY), _Fake(Worth.BUSY), _Fake(Worth.IDLE)
    assert bounds.admit(first, "10.0.0.1")
    assert bounds.admit(second, "10.0.0.1")
    assert not bounds.admit(_Fake(Worth.NOTHING_ASKED), "10.0.0.1")
    assert bounds.admit(other, "10.0.0.2")
    assert bounds.admit(_Fake(Worth.NOTHING_ASKED), "10.0.0.3")  # in the place of the idle one
    assert (first.dropped, second.dropped, other.dropped) == (False, False, True)
    for connection in (first, first, second):
        bounds.leave(connection)
    assert len(bounds) == 1


def test_what_nobody_reads_is_bounded_in_all() -> None:
    bounds = Connections(unread_bytes_max=130)
    first, second, third = (_Fake(Worth.BUSY) for _ in range(3))
    for connection in (first, second, third):
        assert bounds.admit(connection, "10.0.0.1")
        bounds.stall(connection)
    assert (first.dropped, second.dropped, third.dropped) == (True, False, False)
    bounds.flow(second)
    fourth = _Fake(Worth.BUSY)
    assert bounds.admit(fourth, "10.0.0.1")
    bounds.stall(fourth)
    assert [each.dropped for each in (second, third, fourth)] == [False] * 3


def test_one_customers_ipv6_addresses_count_as_one_and_a_proxy_may_have_all() -> None:
    bounds = Connections(total_max=10, address_max=1, exempt="10.1.0.0/16, 192.168.0.1")
    assert bounds.admit(_Fake(Worth.BUSY), "2001:db8::1")
    assert not bounds.admit(_Fake(Worth.BUSY), "2001:db8::2")
    for _ in range(3):
        assert bounds.admit(_Fake(Worth.BUSY), "10.1.2.3")


# Heads that two readers could read in two ways


@pytest.mark.parametrize(
    "head",
    [
        b"",  # no Host
        b"Host: x\r\nHost: x\r\n",
        b"Host: x\r\nhost: y\r\n",
        b"Host: x, y\r\n",
        b"Host: x y\r\n",
        b"Host: user@x\r\n",
        b"Host: x/y\r\n",
        b"Host: x:port\r\n",
        b"Host: x\r\nTransfer-Encoding: gzip, chunked\r\n",
        b"Host: x\r\nTransfer-Encoding: chunked, chunked\r\n",
        b"Host: x\r\nTransfer-Encoding: identity\r\n",
        b"Host: x\r\nTransfer-Encoding: gzip\r\n",
        b"Host: x\r\nTransfer-Encoding: xchunked\r\n",
        b"Host: x\r\nTransfer-Encoding: chunked;q=1\r\n",
        b"Host: x\r\nTransfer-Encoding: \r\n",
        b"Host: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"Host: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        b"Host: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n",
        b"Host: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        b"Host: x\r\nTransfer-Encoding : chunked\r\n",
        b"Host: x\r\nTransfer-Encoding: \x0bchunked\r\n",
        b"Host: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n",
        b"Host: x\r\nContent-Length: +3\r\n",
        b"Host: x\r\nContent-Length: 3, 3\r\n",
        b"Host: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n",
        b"Host: x\r\nContent-Length: -3\r\n",
        b"Host: x\r\nContent-Length: 0x3\r\n",
        b"Host: x\r\nContent-Length: \r\n",
        b"Host: x\r\nContent-Length : 3\r\n",
        b"Host: x\r\nTransfer-Encoding: chunked, identity\r\n",
        b"Host: x\r\nTransfer-Encoding: chunked, gzip\r\n",
        b"Host: x\r\nTransfer-Encoding: identity, chunked\r\n",
        b"Host: x\r\nTransfer-Encoding: ,chunked\r\n",
        b'Host: x\r\nTransfer-Encoding: "chunked"\r\n',
        b"Host: x\r\nTransfer-Encoding:\r\n chunked\r\n",  # folded lines: RFC 9112, 5.2
        b"Host: x\r\nTransfer-Encoding: chunked\r\n\t, gzip\r\n",
        b"Host: x\r\nX-Note: a\r\n b\r\n",
        b"Host: x\r\n y\r\n",
        b" Host: x\r\n",
        b"Host: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding : identity\r\n",
        b"Host: x\r\nTransfer\x00-Encoding: chunked\r\n",
        b"Host: x\r\nX-Note: a\x00b\r\n",
        b"Host: x\nTransfer-Encoding: chunked\n",
        b"Host: x\r\nX-Note: a\rTransfer-Encoding: chunked\r\n",
        b"Host:\r\nHost: x\r\n",
        b"Host : x\r\n",
        b"Host: [::1\r\n",
        b"Host: x:80:80\r\n",
        b"Host: x:123456\r\n",
        b"Host: \xc3\xa9.example\r\n",
        b"Host: <script>\r\n",
        b"Host: x\\y\r\n",
        b"Host: x?y\r\n",
        b"Host: x#y\r\n",
    ],
)
async def test_a_head_with_two_meanings_is_a_400(lonely: RunningGateway, head: bytes) -> None:
    answer = await answered(lonely, b"GET /livez HTTP/1.1\r\n" + head + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"urn:riskstream:problem:malformed-request" in answer
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("head", [b"Host: x\r\nHost: y\r\n", b"Transfer-Encoding: chunked\r\n"])
async def test_http_1_0_may_leave_the_host_out_and_no_more(lonely: RunningGateway, head: bytes) -> None:
    assert (await answered(lonely, b"GET /livez HTTP/1.0\r\n\r\n")).startswith(b"HTTP/1.1 200")
    assert (await answered(lonely, b"GET /livez HTTP/1.0\r\n" + head + b"\r\n")).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("host", ["x", "x:80", "my_service:8000", "127.0.0.1:8000", "[::1]:8000", "x.example.", ""])
async def test_hosts_as_they_are_written(lonely: RunningGateway, host: str) -> None:
    assert (await lonely.http.get("/livez", headers={"host": host})).status_code == 200


async def test_an_upgrade_to_something_else_is_passed_over(lonely: RunningGateway) -> None:
    reader, writer = await connected(lonely)
    upgrade = GET.replace(b"\r\n\r\n", b"\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
    writer.write(upgrade + GET)
    async with asyncio.timeout(WAIT_S):
        for _ in range(2):
            assert (await reader.readuntil(b"\r\n\r\nok")).startswith(b"HTTP/1.1 200")
    writer.close()
