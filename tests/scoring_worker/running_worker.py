"""A stream worker in a process of its own, and waiting for what it does."""

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
LOOK_EVERY_S = 0.1
STEP_TIMEOUT_S = 90.0  # a start on a busy machine, a rebalance; compiling the kernel for the first time is the longest
STOP_TIMEOUT_S = 30.0


class RunningWorker:
    """`riskstream worker`; `until` fails at once when the process has ended."""

    def __init__(self, process: Process, port: int, log: Path) -> None:
        self._process = process
        self._ended = asyncio.ensure_future(process.wait())
        self._log = log
        self._http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False)

    @property
    def has_ended(self) -> bool:
        return self._ended.done()

    async def until(self, condition: Callable[[], Awaitable[bool]], *, may_end: bool = False) -> None:
        """Return when the condition holds; fails after STEP_TIMEOUT_S, or when the worker is gone but for `may_end`."""
        try:
            async with asyncio.timeout(STEP_TIMEOUT_S):
                while not await condition():
                    done, _ = await asyncio.wait([self._ended], timeout=LOOK_EVERY_S)
                    assert may_end or not done, f"the worker has ended\n{self.log}"
        except TimeoutError:
            raise AssertionError(f"the condition does not come true\n{self.log}") from None

    async def get(self, path: str) -> httpx.Response | None:
        """None while nobody answers."""
        try:
            return await self._http.get(path)
        except httpx.TransportError:
            return None

    async def answers(self) -> bool:
        """Whether its HTTP server is up: it joins the group right after."""
        return await self.get("/livez") is not None

    async def has_partitions(self) -> bool:
        """Whether it has taken some, and none of them waits."""
        response = await self.get("/readyz")
        return response is not None and response.status_code == httpx.codes.OK

    async def terminate(self) -> int:
        """SIGTERM; returns the exit code once it has drained."""
        self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOP_TIMEOUT_S):
            return await asyncio.shield(self._ended)

    async def death(self) -> int:
        """Wait until it ends by itself; returns the exit code, negative for a signal."""
        async with asyncio.timeout(STEP_TIMEOUT_S):
            return await asyncio.shield(self._ended)

    async def close(self) -> None:
        await self._http.aclose()
        if not self._ended.done():
            self._process.kill()
        await self._ended

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        """The end of what it wrote."""
        return self._log.read_text()[-4_000:]

    def events(self) -> list[str]:
        """The names of what it logged."""
        return [json.loads(line)["event"] for line in self._log.read_text().splitlines() if line.startswith("{")]


@asynccontextmanager
async def running_worker(
    folder: Path, environment: Mapping[str, str], name: str, patches: Path | None = None
) -> AsyncIterator[RunningWorker]:
    """Started in `folder`; killed at the end if it still runs. `patches` holds a `sitecustomize.py` that it imports."""
    port, log = _free_port(), folder / f"{name}.log"
    variables = {**os.environ, **environment, "METRICS_PORT": str(port), "LOG_FORMAT": "json"}
    variables["PYTHONPATH"] = os.pathsep.join(map(str, [patches, ROOT] if patches else [ROOT]))
    variables["RISKSTREAM_HOME"] = str(folder / "home")
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "riskstream", "worker", cwd=folder, env=variables, stdout=output, stderr=output
        )  # fmt: skip
    worker = RunningWorker(process, port, log)
    try:
        yield worker
    finally:
        await worker.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def samples(text: str) -> dict[str, Any]:
    """Prometheus' text as name (with labels) -> value."""
    lines = (line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}
