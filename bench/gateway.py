"""A gateway as a process of its own, and a plain HTTP client that costs little beside it."""

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.harness import POLL_S, Lane
from devstack.part import tied
from devstack.ports import choose

READY_S = 120.0
HOST = "127.0.0.1"


class Gateway:
    """`riskstream api` on a lane; `key` is an API key of its demo client."""

    def __init__(self, lane: Lane, log: Path, **more: str) -> None:
        self._log = log
        self.port = choose({"api": 0}, {}, {"api": "API_PORT"})["api"]
        self._environment = lane.environment | {"API_PORT": str(self.port), "API_HOST": HOST, **more}
        self._process: subprocess.Popen[bytes] | None = None
        self.key = ""

    def start(self) -> None:
        """Seed the client and its key, start, and wait until it is ready. Raises SystemExit if it never is."""
        seeded = subprocess.run(
            [sys.executable, "-m", "riskstream", "seed", "--json"],
            env=os.environ | self._environment,
            check=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
        )
        self.key = json.loads(seeded.stdout)["RISKSTREAM_API_KEY"]
        self.launch()
        self._wait_ready()

    def launch(self) -> None:
        """Start the process alone; it may serve before it is ready to score."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                tied([sys.executable, "-m", "riskstream", "api"]),
                env=os.environ | self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _wait_ready(self) -> None:
        give_up_s = time.monotonic() + READY_S
        while time.monotonic() < give_up_s:
            with suppress(OSError), urllib.request.urlopen(f"http://{HOST}:{self.port}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return
            time.sleep(POLL_S)
        raise SystemExit(f"the gateway is not ready; see {self._log}")

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(30)

    def kill(self) -> None:
        """As `kill -9`: no socket is closed in good order."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid


@dataclass(frozen=True, slots=True)
class Reply:
    """Status and body of an answer."""

    status: int
    body: bytes


class Connections:
    """Keep-alive connections to one gateway; each request takes a free one, or opens one more."""

    def __init__(self, port: int, key: str) -> None:
        self.port = port
        self._head = f"Host: {HOST}:{port}\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\n"
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, path: str, body: bytes) -> Reply:
        """Raises OSError when the gateway is away."""
        return await self._ask(f"POST {path} HTTP/1.1\r\n{self._head}Content-Length: {len(body)}\r\n\r\n", body)

    async def get(self, path: str) -> Reply:
        """Raises OSError when the gateway is away."""
        return await self._ask(f"GET {path} HTTP/1.1\r\n{self._head}\r\n", b"")

    async def _ask(self, head: str, body: bytes) -> Reply:
        reader, writer = connection = self._live() or await asyncio.open_connection(HOST, self.port)
        writer.write(head.encode() + body)
        reply = await _read(reader)
        self._free.append(connection)
        return reply

    def _live(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """A free connection that the gateway has not closed for idleness."""
        while self._free:
            reader, writer = self._free.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return None

    async def post_json(self, path: str, document: Any) -> Reply:
        return await self.post(path, json.dumps(document).encode())

    def close(self) -> None:
        for _, writer in self._free:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Reply:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
    return Reply(int(head[0].split(" ", 2)[1]), await reader.readexactly(int(headers["content-length"])))
