"""What clients without credentials do to a gateway, as a process of its own, until it is ended.

Each attack is one connection's script; when the gateway ends the connection the attacker opens the next at once.
"""

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress

from bench.gateway import HOST

GET = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"POST /v1/score HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
HANDSHAKE = (
    b"GET /v1/alerts/stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
PING, PONG, TEXT, CONTINUED = (bytes([first, 0x80, 0, 0, 0, 0]) for first in (0x89, 0x8A, 0x01, 0x00))
PIECE_BYTES = 256 * 1024
DRIP_S = 1.0
# The attackers share two cores with the gateway and with who measures it, which those on a network do not.
NICENESS = 10

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def flood(begin: bytes, endless: bytes, *, reads: bool = True) -> Script:
    """`begin`, and then `endless` as fast as the gateway takes it; what comes back is read, or not."""
    piece = endless * max(1, PIECE_BYTES // len(endless))

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers = asyncio.create_task(_read_all(reader)) if reads else None
        if not reads:
            writer.transport.pause_reading()  # type: ignore[attr-defined]
        try:
            writer.write(begin)
            while True:
                writer.write(piece)
                await writer.drain()
        finally:
            if answers is not None:
                answers.cancel()

    return script


def drip(begin: bytes, drop: bytes) -> Script:
    """`begin`, and then one `drop` a second, until the gateway ends the connection."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(begin)
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(DRIP_S):
                    if not await reader.read(PIECE_BYTES):
                        return
            writer.write(drop)

    return script


ATTACKS: dict[str, Script] = {
    "websocket_pings": flood(HANDSHAKE, PING),
    "websocket_pings_unread": flood(HANDSHAKE, bytes([0x89, 0x80 | 125, 0, 0, 0, 0]) + b"x" * 125, reads=False),
    "websocket_pongs": flood(HANDSHAKE, PONG),
    "websocket_empty_fragments": flood(HANDSHAKE + TEXT, CONTINUED),
    "websocket_silent": drip(HANDSHAKE, b""),
    "trailers": flood(CHUNKED + b"2\r\n{}\r\n0\r\n", b"x: y\r\n"),
    "chunk_extensions": flood(CHUNKED, b"1;" + b"y" * 4000 + b"\r\n{\r\n"),
    "tiny_chunks": flood(CHUNKED, b"1\r\n \r\n"),
    "pipelined": flood(b"", GET),
    "pipelined_unread": flood(b"", GET, reads=False),
    "large_answers_unread": flood(b"", GET.replace(b"/livez", b"/openapi.json"), reads=False),
    "endless_head": flood(b"GET / HTTP/1.1\r\n", b"x: y\r\n"),
    "empty_lines": flood(b"", b"\r\n"),
    "slow_head": drip(b"GET / HTTP/1.1\r\n", b"x"),
    "slow_body": drip(CHUNKED.replace(b"Transfer-Encoding: chunked", b"Content-Length: 1000"), b"x"),
    "one_byte": drip(b"G", b""),
}


async def _read_all(reader: asyncio.StreamReader) -> None:
    with suppress(OSError):
        while await reader.read(PIECE_BYTES):
            pass


async def _attack(script: Script, port: int) -> None:
    while True:
        with suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection(HOST, port)
            try:
                await script(reader, writer)
            finally:
                writer.transport.abort()


async def _attack_with(script: Script, port: int, connections: int) -> None:
    await asyncio.gather(*(_attack(script, port) for _ in range(connections)))


def main() -> None:
    """Attack until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("attack", choices=ATTACKS)
    parser.add_argument("port", type=int)
    parser.add_argument("connections", type=int)
    arguments = parser.parse_args()
    os.nice(NICENESS)
    asyncio.run(_attack_with(ATTACKS[arguments.attack], arguments.port, arguments.connections))


if __name__ == "__main__":
    main()
