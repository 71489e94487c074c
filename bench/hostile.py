"""A good client's latency, and the gateway's memory, while clients without credentials attack it.

Before each attack lies a calm phase, so that all figures are of one run. The calm figure is the median of the calm
phases', and an attack's the median of its repeats': other programs of the machine disturb single ones. A latency
counts from the time at which a request was due.
"""

import argparse
import asyncio
import gc
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import psutil

from bench.gateway import Connections, Gateway, Reply
from bench.harness import latency_figures, machine, running, write_result
from bench.hostile_attacks import ATTACKS
from bench.workload import simulated
from contracts.transaction import Transaction, encode_transaction
from devstack.part import tied

CONNECTIONS = (1, 20)
LATENCY_RATIO_MAX = 2.0
MEMORY_RATIO_MAX = 1.1
SETTLE_S = 40.0  # for memory to come back; what a stalled peer holds is given up after 30
WARM_S = 1.0  # of each attack, before it counts
LIVEZ, SCORE = "livez", "score"
PAYMENTS = 60_000


@dataclass(frozen=True, slots=True)
class Options:
    """Of a run: requests a second to each address, and the length of each phase."""

    rate: float
    seconds: float


class GoodClient:
    """One caller of `/livez` and of `/v1/score`, each over a connection that stays."""

    def __init__(self, gateway: Gateway, options: Options) -> None:
        self._connections = {name: Connections(gateway.port, gateway.key) for name in (LIVEZ, SCORE)}
        self._payments: Iterator[Transaction] = simulated(PAYMENTS)
        self._options = options

    async def phase(self, seconds: float) -> dict[str, Any]:
        """Latencies by address, in ms, and how many requests were not answered with 200."""
        (livez, livez_failed), (score, score_failed) = await asyncio.gather(
            self._ask(self._livez, seconds), self._ask(self._score, seconds)
        )
        return {
            LIVEZ: latency_figures(livez, decimals=2),
            SCORE: latency_figures(score, decimals=2),
            "failed": livez_failed + score_failed,
        }

    async def _ask(self, ask: Callable[[], Awaitable[Reply]], seconds: float) -> tuple[list[float], int]:
        latencies_ms, failed = [], 0
        start_s = time.perf_counter()
        for number in range(int(seconds * self._options.rate)):
            due_s = start_s + number / self._options.rate
            await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
            try:
                failed += (await ask()).status != 200
            except (OSError, asyncio.IncompleteReadError):
                failed += 1
            latencies_ms.append((time.perf_counter() - due_s) * 1000)
        return latencies_ms, failed

    async def _livez(self) -> Reply:
        return await self._connections[LIVEZ].get("/livez")

    async def _score(self) -> Reply:
        payment = msgspec.structs.replace(next(self._payments), client_id=1, timestamp=datetime.now(UTC))
        return await self._connections[SCORE].post("/v1/score", encode_transaction(payment))


async def attacked(
    attack: str, connections: int, client: GoodClient, gateway: Gateway, options: Options
) -> dict[str, Any]:
    """A calm phase, the attack, and the memory before, in and after it."""
    process = psutil.Process(gateway.pid)
    calm = await client.phase(options.seconds)
    before = process.memory_info().rss
    command = [sys.executable, "-m", "bench.hostile_attacks", attack, str(gateway.port), str(connections)]
    attacker = await asyncio.create_subprocess_exec(*tied(command), stdin=asyncio.subprocess.DEVNULL)
    try:
        await client.phase(WARM_S)
        hostile = await client.phase(options.seconds)
        during = process.memory_info().rss
        if attacker.returncode is not None:
            raise SystemExit(f"the attack {attack} ended by itself")
    finally:
        attacker.kill()
        await attacker.wait()
    after, settled_s = await settled(process, before)
    memory = {"before": before, "attacked": during, "after": after}
    return {
        "attack": attack,
        "connections": connections,
        "calm": calm,
        "attacked": hostile,
        "rss_mib": {name: round(size / 2**20, 1) for name, size in memory.items()},
        "memory_ratio": round(after / before, 3),
        "memory_settled_s": round(settled_s, 1),
    }


async def settled(process: psutil.Process, before: int) -> tuple[int, float]:
    """The memory once it has come back, or after SETTLE_S."""
    start_s = time.perf_counter()
    while True:
        after, passed_s = process.memory_info().rss, time.perf_counter() - start_s
        if after <= before * MEMORY_RATIO_MAX or passed_s > SETTLE_S:
            return after, passed_s
        await asyncio.sleep(0.2)


def judged(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """The calm figures, and each attack beside them."""
    calm = {name: statistics.median(each["calm"][name]["p99_ms"] for each in rounds) for name in (LIVEZ, SCORE)}
    found = []
    for attack, connections in dict.fromkeys((each["attack"], each["connections"]) for each in rounds):
        same = [each for each in rounds if (each["attack"], each["connections"]) == (attack, connections)]
        p99 = {name: statistics.median(each["attacked"][name]["p99_ms"] for each in same) for name in (LIVEZ, SCORE)}
        ratios = {name: round(p99[name] / calm[name], 2) for name in p99}
        memory_ratio = max(each["memory_ratio"] for each in same)
        failed = sum(each["attacked"]["failed"] for each in same)
        held = max(ratios.values()) <= LATENCY_RATIO_MAX and memory_ratio <= MEMORY_RATIO_MAX and not failed
        figures_of_attack = {"memory_ratio": memory_ratio, "failed": failed, "held": held}
        found.append({"attack": attack, "connections": connections, **ratios, **figures_of_attack})
    spread = {
        name: [min(values), max(values)]
        for name in (LIVEZ, SCORE)
        if (values := [each["calm"][name]["p99_ms"] for each in rounds])
    }
    return {
        "calm_p99_ms": calm,
        "calm_p99_ms_range": spread,
        "held": sum(each["held"] for each in found),
        "of": len(found),
        "p99_ratios": found,
    }


async def _run(gateway: Gateway, options: Options, attacks: list[str], repeats: int) -> list[dict[str, Any]]:
    client = GoodClient(gateway, options)
    gc.freeze()  # a pause of this process would count as the gateway's
    await client.phase(3 * options.seconds)  # the first calls compile and fill what later ones find
    rounds = []
    for attack, connections in [*product(attacks, CONNECTIONS)] * repeats:
        rounds.append(await attacked(attack, connections, client, gateway, options))
        print(json.dumps(rounds[-1]), flush=True)
    return rounds


def main() -> None:
    """Print and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rate", type=float, default=50.0, help="requests a second to /livez, and as many to /v1/score"
    )
    parser.add_argument("--seconds", type=float, default=6.0, help="of each phase")
    parser.add_argument("--repeats", type=int, default=1, help="of every attack")
    parser.add_argument("--attacks", nargs="*", choices=ATTACKS, default=list(ATTACKS))
    parser.add_argument("--model", type=Path, default=Path("models"))
    parser.add_argument("--name", default="hostile", help="of the result file")
    arguments = parser.parse_args()
    options = Options(arguments.rate, arguments.seconds)
    with running(arguments.model) as bench:
        lane = bench.lane("hostile", partitions=4, RATE_LIMIT="1000000/minute", LOG_LEVEL="WARNING")
        gateway = Gateway(lane, bench.home.log("gateway-hostile"))
        gateway.start()
        try:
            rounds = asyncio.run(_run(gateway, options, arguments.attacks, arguments.repeats))
        finally:
            gateway.stop()
    result = {"machine": machine(), "verdict": judged(rounds), "rounds": rounds}
    print(json.dumps(result["verdict"], indent=1))
    print(f"Written to {write_result(arguments.name, result)}")


if __name__ == "__main__":
    main()
