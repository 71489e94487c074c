"""One dashboard that stops reading, among hundreds: the others' latency, and the gateway's memory.

Phases alternate within one run: calm, stalled, calm, stalled … The calm ones are equal runs, and what lies between
their figures is the spread by which the stalled ones are judged. A latency is from the alert's commit (as Postgres
dates it) to its arrival.
"""

import argparse
import asyncio
import json
import socket
import time
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from websockets.asyncio.client import ClientConnection, connect

from bench.feed_traffic import FLAGS_NEARLY_ALL, publish_steadily
from bench.gateway import HOST, Gateway
from bench.harness import Lane, latency_figures, machine, running, write_result

WARM_S = 3.0  # of each phase; does not count
STALLED_BUFFER_BYTES = 4096


class Dashboards:
    """Sockets that read. `latencies_ms` are those of the phase that is on."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._tasks: list[asyncio.Task[None]] = []
        self.latencies_ms: list[float] = []
        self.measures = False

    async def open(self, count: int) -> None:
        for _ in range(count):
            self._tasks.append(asyncio.create_task(self._watch(await opened(self._gateway))))

    async def _watch(self, feed: ClientConnection) -> None:
        async for text in feed:
            if self.measures and '"type":"alert"' in text[:20]:  # type: ignore[operator]
                created_ms = int(text[text.index('"created_at_ms":') + 16 :].split(",", 1)[0])  # type: ignore
                self.latencies_ms.append(time.time() * 1000 - created_ms)

    async def until_first(self) -> None:
        """Until alerts arrive: the worker has to start first."""
        self.measures = True
        while not self.latencies_ms:
            self.check()
            await asyncio.sleep(0.1)

    def check(self) -> None:
        """Raises what ended a dashboard, if any has ended."""
        for task in self._tasks:
            if task.done():
                task.result()
                raise SystemExit("a dashboard that reads was closed")

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()


async def opened(gateway: Gateway, **more: Any) -> ClientConnection:
    """A feed that is ready."""
    url, headers = f"ws://{HOST}:{gateway.port}/v1/alerts/stream", {"X-API-Key": gateway.key}
    feed = await connect(url, additional_headers=headers, compression=None, proxy=None, close_timeout=1, **more)
    await feed.send('{"type":"hello"}')
    await feed.recv()
    return feed


async def stalled(gateway: Gateway) -> ClientConnection:
    """A feed whose peer takes nothing any more."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, STALLED_BUFFER_BYTES)
    narrow.setblocking(False)
    await asyncio.get_running_loop().sock_connect(narrow, (HOST, gateway.port))
    feed = await opened(gateway, sock=narrow, max_queue=1)
    feed.transport.pause_reading()  # type: ignore[attr-defined]
    return feed


async def drive(lane: Lane, gateway: Gateway, dashboards: int, rate: float, seconds: float, pairs: int) -> Any:
    stop, readers, process = asyncio.Event(), Dashboards(gateway), psutil.Process(gateway.pid)
    await readers.open(dashboards)
    traffic = asyncio.create_task(publish_steadily(lane, rate, stop))
    await readers.until_first()
    phases: list[dict[str, Any]] = []
    for number in range(2 * pairs):
        kind = "stalled" if number % 2 else "calm"
        stuck = await stalled(gateway) if kind == "stalled" else None
        await asyncio.sleep(WARM_S)
        readers.latencies_ms, readers.measures = [], True
        await asyncio.sleep(seconds)
        readers.measures = False
        readers.check()
        phases.append({"kind": kind, **figures_of(readers.latencies_ms), "rss_mib": process.memory_info().rss // 2**20})
        if stuck is not None:
            stuck.transport.abort()
    stop.set()
    await traffic
    readers.close()
    return phases


def figures_of(latencies_ms: list[float]) -> dict[str, float]:
    return {"alerts_delivered": len(latencies_ms), **latency_figures(latencies_ms, decimals=1)}


def judged(phases: list[dict[str, Any]]) -> dict[str, Any]:
    """The stalled phases' median beside the range of the calm ones."""
    verdict: dict[str, Any] = {}
    for name in ("p50_ms", "p99_ms"):
        calm = [phase[name] for phase in phases if phase["kind"] == "calm"]
        stuck = median(phase[name] for phase in phases if phase["kind"] == "stalled")
        verdict[name] = {"calm_min": min(calm), "calm_max": max(calm), "stalled_median": stuck}
    verdict["rss_mib_growth"] = phases[-1]["rss_mib"] - phases[0]["rss_mib"]
    return verdict


def main() -> None:
    """Print and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dashboards", type=int, default=300)
    parser.add_argument("--rate", type=float, default=15.0, help="payments a second; nearly each raises an alert")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each phase")
    parser.add_argument("--pairs", type=int, default=4, help="of a calm and a stalled phase")
    parser.add_argument("--model", type=Path, default=Path("models"))
    parser.add_argument("--name", default="feed_stall", help="of the result file")
    arguments = parser.parse_args()
    with running(arguments.model) as bench:
        lane = bench.lane("stall", partitions=4, LOG_LEVEL="WARNING", **FLAGS_NEARLY_ALL)
        worker, gateway = bench.worker(lane), Gateway(lane, bench.home.log("gateway-stall"))
        worker.start()
        gateway.start()
        try:
            phases = asyncio.run(
                drive(lane, gateway, arguments.dashboards, arguments.rate, arguments.seconds, arguments.pairs)
            )
        finally:
            gateway.stop()
            worker.stop()
    result = {"machine": machine(), "verdict": judged(phases), "phases": phases}
    path = write_result(arguments.name, result)
    print(json.dumps(result["verdict"], indent=1))
    print(f"Written to {path}")


if __name__ == "__main__":
    main()
