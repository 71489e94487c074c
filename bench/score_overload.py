"""`POST /v1/score` beyond its capacity: `python -m bench.score_overload [--seconds N] [--factors 1.5 3 10]`.

The capacity is measured in the same run: the most calls a second that are decided while 64 callers each wait for their
answer. Then one client sends a multiple of it, each call when it is due (open loop), beside a calm second client with
20 calls a second. Reported for each phase: goodput (decided calls, without degraded ones) as a share of the capacity,
latencies of the decided and of the refused, what became of the second client's calls, and how long after the flood a
second of calls has calm latencies again. The callers run on the same cores as the gateway.
"""

import argparse
import asyncio
import gc
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from bench.gateway import Connections, Gateway
from bench.harness import latency_figures, machine, running, write_result
from bench.workload import simulated
from contracts.transaction import Transaction, encode_transaction

CALLERS = 64  # that wait for their answers, when the capacity is measured
CALM_RATE = 20.0  # calls a second of the second client
PASSWORD = "correct horse battery staple 7"
RECOVERY_S = 10.0
DECIDED, DEGRADED = "decided", "degraded"


@dataclass(slots=True)
class Outcomes:
    """Latencies in ms by what became of a call."""

    latencies: dict[str, list[float]] = field(default_factory=dict)

    def add(self, outcome: str, seconds: float) -> None:
        self.latencies.setdefault(outcome, []).append(1000 * seconds)

    @property
    def figures(self) -> dict[str, Any]:
        return {
            outcome: {"calls": len(each), **latency_figures(each, decimals=1)}
            for outcome, each in sorted(self.latencies.items())
        }

    def count(self, outcome: str) -> int:
        return len(self.latencies.get(outcome, []))


class Client:
    """A client's calls, each with a payment of its own."""

    def __init__(self, connections: Connections, payments: Iterator[Transaction]) -> None:
        self._connections = connections
        self._payments = payments

    async def call(self, outcomes: Outcomes, due_s: float) -> None:
        payment = msgspec.structs.replace(next(self._payments), timestamp=datetime.now(UTC))
        try:
            reply = await self._connections.post("/v1/score", _body(payment))
        except (OSError, asyncio.IncompleteReadError) as error:
            outcomes.add(type(error).__name__, time.perf_counter() - due_s)
            return
        outcome = str(reply.status)
        if reply.status == 200:
            outcome = DEGRADED if json.loads(reply.body)["degraded"] else DECIDED
        outcomes.add(outcome, time.perf_counter() - due_s)

    async def open_loop(self, rate: float, seconds: float, chance: random.Random) -> Outcomes:
        """Call when calls are due, whatever became of those before."""
        outcomes, began_s, at_s = Outcomes(), time.perf_counter(), 0.0
        tasks = []
        while (at_s := at_s + chance.expovariate(rate)) < seconds:
            if (wait_s := began_s + at_s - time.perf_counter()) > 0:
                await asyncio.sleep(wait_s)
            tasks.append(asyncio.create_task(self.call(outcomes, began_s + at_s)))
        await asyncio.gather(*tasks)
        return outcomes

    async def closed_loop(self, callers: int, seconds: float) -> Outcomes:
        """Have so many callers, each of whom calls again when it has its answer."""
        outcomes, until_s = Outcomes(), time.perf_counter() + seconds

        async def caller() -> None:
            while time.perf_counter() < until_s:
                await self.call(outcomes, time.perf_counter())

        await asyncio.gather(*(caller() for _ in range(callers)))
        return outcomes


def _body(payment: Transaction) -> bytes:
    """As a caller sends it: the client comes from its key."""
    document = json.loads(encode_transaction(payment))
    document.pop("client_id", None)
    return json.dumps(document).encode()


async def _second_key(connections: Connections) -> str:
    """An API key of another client, whom nobody bounds."""
    form = {"name": "Calm", "email": f"calm-{time.time_ns()}@example.test", "password": PASSWORD}
    tokens = json.loads((await connections.post_json("/auth/register", form)).body)
    bearer = Connections(connections.port, tokens["access_token"])
    made = await bearer.post_json("/v1/api-keys", {"name": "calm", "scopes": ["score"]})
    bearer.close()
    return str(json.loads(made.body)["key"])


async def measured(gateway: Gateway, seconds: float, factors: list[float]) -> dict[str, Any]:
    gc.freeze()  # a pause of this process would count as the gateway's
    chance = random.Random(7)
    flooding = Connections(gateway.port, gateway.key)
    flood = Client(flooding, simulated(2_000_000))
    calm_connections = Connections(gateway.port, await _second_key(flooding))
    calm = Client(calm_connections, simulated(200_000, seed=8))
    await flood.closed_loop(CALLERS, seconds)  # warms up
    capacity = (await flood.closed_loop(CALLERS, seconds)).count(DECIDED) / seconds
    before = await calm.open_loop(CALM_RATE, seconds, chance)
    phases = []
    for factor in factors:
        flooded, beside = await asyncio.gather(
            flood.open_loop(factor * capacity, seconds, chance), calm.open_loop(CALM_RATE, seconds, chance)
        )
        phases.append(
            {
                "times the capacity": factor,
                "goodput, share of the capacity": round(flooded.count(DECIDED) / seconds / capacity, 3),
                "flood": flooded.figures,
                "second client": beside.figures,
                "seconds until calm": await _recovery(calm, before, chance),
            }
        )
    flooding.close()
    calm_connections.close()
    return {"capacity, calls a second": round(capacity, 1), "calm": before.figures, "phases": phases}


async def _recovery(calm: Client, before: Outcomes, chance: random.Random) -> float | None:
    """Seconds after the flood until a second of calls is decided within twice the calm p99; None: not within 10."""
    limit_ms = 2 * latency_figures(before.latencies[DECIDED], decimals=3)["p99_ms"]
    for second in range(int(RECOVERY_S)):
        found = await calm.open_loop(CALM_RATE, 1.0, chance)
        if Counter(found.latencies.keys()).keys() == {DECIDED} and max(found.latencies[DECIDED]) <= limit_ms:
            return float(second)
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each phase")
    parser.add_argument("--factors", type=float, nargs="+", default=[1.5, 3.0, 10.0])
    parser.add_argument("--model", type=Path, default=Path("models"))
    parser.add_argument("--name", default="score_overload", help="of the result file")
    arguments = parser.parse_args()
    with running(arguments.model) as bench:
        more = {"RATE_LIMIT": "100000000/minute", "AUTH_RATE_LIMIT": "1000000/minute", "LOG_LEVEL": "WARNING"}
        lane = bench.lane("overload", partitions=4, **more)
        worker = bench.worker(lane)
        worker.start()
        gateway = Gateway(lane, bench.home.log("gateway-overload"))
        gateway.start()
        try:
            found = asyncio.run(measured(gateway, arguments.seconds, arguments.factors))
        finally:
            gateway.stop()
            worker.stop()
    result = {"machine": machine(), "seconds": arguments.seconds, **found}
    print(json.dumps(result, indent=1))
    print(f"Written to {write_result(arguments.name, result)}")


if __name__ == "__main__":
    main()
