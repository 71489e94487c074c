"""Feed clients that come and go, during traffic, while gateways are killed and started again: 0 missed, 0 twice.

Two gateways serve one client's alerts. Each of the clients stays for some alerts, then leaves, politely or not, and
resumes from its last number at either gateway. Gateways are killed in turn. At the end every client must have every
number once, in order.
"""

import argparse
import asyncio
import json
import random
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from bench.feed_traffic import FLAGS_NEARLY_ALL, publish_steadily, settled
from bench.gateway import HOST, Gateway
from bench.harness import Lane, machine, running, write_result

GATEWAYS = 2
STAY_MAX = 40  # alerts a connection
AWAY_S = 0.2  # between two connections at most
KILL_EVERY_S = 6.0  # a gateway is up again after three to five


@dataclass
class Totals:
    """What all clients did together."""

    wanted: int
    connections: int = 0
    last: int | None = None  # the number at which everybody is done, once it is known

    @property
    def enough(self) -> bool:
        return self.connections >= self.wanted


@dataclass
class Watcher:
    """One client; `seen` are the numbers in the order of their arrival."""

    totals: Totals
    gateways: list[Gateway]
    chance: random.Random
    seen: list[int] = field(default_factory=list)

    async def run(self) -> None:
        while self.totals.last is None or self._position < self.totals.last:
            gateway = self.chance.choice(self.gateways)
            with suppress(OSError, ConnectionClosed, InvalidHandshake, InvalidMessage, TimeoutError):
                await self._visit(gateway)
            await asyncio.sleep(self.chance.uniform(0, AWAY_S))

    @property
    def _position(self) -> int:
        return self.seen[-1] if self.seen else 0

    async def _visit(self, gateway: Gateway) -> None:
        url = f"ws://{HOST}:{gateway.port}/v1/alerts/stream"
        headers = {"X-API-Key": gateway.key}
        async with connect(url, additional_headers=headers, compression=None, proxy=None, close_timeout=1) as socket:
            await socket.send(json.dumps({"type": "hello", "resume_from": self._position}))
            ready = json.loads(await socket.recv())
            assert ready == {"type": "ready", "seq": self._position}, ready
            self.totals.connections += 1
            stay = self.chance.randint(0, STAY_MAX)
            while stay and (self.totals.last is None or self._position < self.totals.last):
                async with asyncio.timeout(5):  # nothing comes any more: look whether that was all
                    message = json.loads(await socket.recv())
                if message["type"] == "alert":
                    self.seen.append(message["seq"])
                    stay -= 1
            if self.chance.random() < 0.5:
                socket.transport.abort()


async def drive(lane: Lane, gateways: list[Gateway], wanted: int, clients: int, rate: float) -> dict[str, object]:
    totals, stop = Totals(wanted), asyncio.Event()
    watchers = [Watcher(totals, gateways, random.Random(number)) for number in range(clients)]
    watching = [asyncio.create_task(watcher.run()) for watcher in watchers]
    traffic = asyncio.create_task(publish_steadily(lane, rate, stop))
    kills = 0
    while not totals.enough:
        await asyncio.sleep(KILL_EVERY_S)
        gateway = gateways[kills % GATEWAYS]
        gateway.kill()
        gateway.launch()
        kills += 1
    stop.set()
    payments = await traffic
    totals.last = await settled(lane, payments)
    await asyncio.gather(*watching)
    whole = list(range(1, totals.last + 1))
    return {
        "connections": totals.connections,
        "gateway_kills": kills,
        "clients": clients,
        "alerts": totals.last,
        "missed": sum(len(set(whole) - set(watcher.seen)) for watcher in watchers),
        "twice": sum(len(watcher.seen) - len(set(watcher.seen)) for watcher in watchers),
        "out_of_order": sum(watcher.seen != sorted(watcher.seen) for watcher in watchers),
    }


def main() -> None:
    """Print and keep the figures; fail if a client missed or repeated anything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reconnects", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--rate", type=float, default=40.0, help="payments a second; nearly each raises an alert")
    parser.add_argument("--model", type=Path, default=Path("models"))
    parser.add_argument("--name", default="feed_reconnects", help="of the result file")
    arguments = parser.parse_args()
    with running(arguments.model) as bench:
        lane = bench.lane("feed", partitions=4, LOG_LEVEL="WARNING", **FLAGS_NEARLY_ALL)
        worker = bench.worker(lane)
        worker.start()
        gateways = [Gateway(lane, bench.home.log(f"gateway-{number}")) for number in range(GATEWAYS)]
        for gateway in gateways:
            gateway.start()
        try:
            figures = asyncio.run(drive(lane, gateways, arguments.reconnects, arguments.clients, arguments.rate))
        finally:
            for gateway in gateways:
                gateway.stop()
            worker.stop()
    path = write_result(arguments.name, {"machine": machine(), "figures": figures})
    print(json.dumps(figures, indent=1))
    print(f"Written to {path}")
    if figures["missed"] or figures["twice"] or figures["out_of_order"]:
        raise SystemExit("the feed broke its promise")


if __name__ == "__main__":
    main()
