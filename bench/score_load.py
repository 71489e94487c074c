"""`POST /v1/score` under an open-loop load: calls start when they are due, whatever became of those before.

The times of arrival are drawn beforehand (exponential gaps from a seed) and a latency counts from the time at which a
call was due, so that a gateway that falls behind cannot hide it by being asked less (coordinated omission). With
`--logins` phases with and without a storm of sign-ins alternate within one run.
"""

import argparse
import asyncio
import gc
import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from bench.gateway import Connections, Gateway, Reply
from bench.harness import Bench, machine, running, tree_cpu_seconds, write_result
from bench.workload import simulated
from contracts.transaction import Transaction, encode_transaction

PERCENTILES = (50, 90, 95, 99, 99.9)
LOGIN_RATE = 20.0  # sign-ins a second: an argon2 verification takes some 0.1 s of one core
PASSWORD = "correct horse battery staple 7"


def main() -> None:
    """Print and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=300.0, help="calls a second")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each phase")
    parser.add_argument("--warm", type=float, default=15.0, help="seconds at the same rate that do not count")
    parser.add_argument("--phases", type=int, default=1, help="pairs of phases with --logins")
    parser.add_argument("--logins", action="store_true", help="a storm of sign-ins in every second phase")
    parser.add_argument("--model", type=Path, default=Path("models"))
    parser.add_argument("--name", default="score_load", help="of the result file")
    arguments = parser.parse_args()
    with running(arguments.model) as bench:
        lane = bench.lane("score", partitions=4, RATE_LIMIT="", AUTH_RATE_LIMIT="1000000/minute", LOG_LEVEL="WARNING")
        worker = bench.worker(lane)
        worker.start()
        gateway = Gateway(lane, bench.home.log("gateway-score"))
        gateway.start()
        try:
            phases = asyncio.run(_load(arguments, bench, gateway))
        finally:
            gateway.stop()
            worker.stop()
    result: dict[str, Any] = {
        "machine": machine(),
        "arguments": {
            name: value.name if isinstance(value, Path) else value for name, value in vars(arguments).items()
        },
        "phases": phases,
    }
    print(json.dumps(result, indent=1))
    print(f"Written to {write_result(arguments.name, result)}")


async def _load(arguments: argparse.Namespace, bench: Bench, gateway: Gateway) -> list[dict[str, Any]]:
    rounds = 2 * arguments.phases if arguments.logins else 1
    calls = int(arguments.rate * (arguments.warm + rounds * arguments.seconds) * 1.1) + 100
    payments = list(islice(simulated(calls), calls))
    gc.freeze()  # a pause of this process would count as the gateway's
    connections = Connections(gateway.port, gateway.key)
    storm = Storm(connections) if arguments.logins else None
    if storm is not None:
        await storm.prepare()
    chance = random.Random(7)
    await _phase(connections, payments, arguments.rate, arguments.warm, chance)
    found = []
    for number in range(rounds):
        stormy = storm is not None and number % 2 == 1
        before = bench.cpu_seconds() | {"gateway": tree_cpu_seconds(gateway.pid)}
        logins = asyncio.create_task(storm.blow(arguments.seconds)) if storm is not None and stormy else None
        phase = await _phase(connections, payments, arguments.rate, arguments.seconds, chance)
        after = bench.cpu_seconds() | {"gateway": tree_cpu_seconds(gateway.pid)}
        cpu = {name: round((after[name] - before[name]) / arguments.seconds, 2) for name in after}
        found.append({"sign-ins": await logins if logins else 0, **phase, "cores used": cpu})
    connections.close()
    return found


async def _phase(
    connections: Connections, payments: list[Transaction], rate: float, seconds: float, chance: random.Random
) -> dict[str, Any]:
    due, at = [], 0.0
    while (at := at + chance.expovariate(rate)) < seconds:
        due.append(at)
    taken = [payments.pop() for _ in due]
    began = time.perf_counter()
    latencies: list[float] = []
    outcomes: Counter[str] = Counter()

    async def call(at: float, payment: Transaction) -> None:
        body = encode_transaction(msgspec.structs.replace(payment, client_id=1, timestamp=datetime.now(UTC)))
        try:
            reply = await connections.post("/v1/score", body)
            outcomes[_outcome(reply)] += 1
        except (OSError, asyncio.IncompleteReadError) as error:
            outcomes[type(error).__name__] += 1
        latencies.append(time.perf_counter() - began - at)

    tasks = []
    for moment, payment in zip(due, taken, strict=True):
        if (wait := moment - (time.perf_counter() - began)) > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(call(moment, payment)))
    await asyncio.gather(*tasks)
    return {"calls": len(due), "outcomes": dict(outcomes), "latency ms": _percentiles(latencies)}


def _outcome(reply: Reply) -> str:
    """In one line: decided, degraded and why, or the problem."""
    document = json.loads(reply.body)
    if reply.status == HTTPStatus.OK:
        return f"degraded: {','.join(document['missing'])}" if document["degraded"] else "decided"
    return f"{reply.status} {document['detail']}"


def _percentiles(seconds: Sequence[float]) -> dict[str, float]:
    ranked = sorted(seconds)
    found = {f"p{p:g}": ranked[min(len(ranked) - 1, int(len(ranked) * p / 100))] for p in PERCENTILES}
    return {name: round(1000 * value, 2) for name, value in {**found, "max": ranked[-1]}.items()}


class Storm:
    """Sign-ins at a fixed rate, each of them a right password."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._emails = [f"storm-{number}@example.test" for number in range(50)]

    async def prepare(self) -> None:
        for email in self._emails:
            form = {"name": "Storm", "email": email, "password": PASSWORD}
            reply = await self._connections.post_json("/auth/register", form)
            if reply.status >= 300:
                raise SystemExit(f"cannot register: {reply.status} {reply.body.decode()}")

    async def blow(self, seconds: float) -> dict[str, int]:
        """How many were answered, by status."""
        answers: Counter[str] = Counter()

        async def sign_in(email: str) -> None:
            reply = await self._connections.post_json("/auth/login", {"email": email, "password": PASSWORD})
            answers[str(reply.status)] += 1

        tasks = []
        for number in range(int(LOGIN_RATE * seconds)):
            tasks.append(asyncio.create_task(sign_in(self._emails[number % len(self._emails)])))
            await asyncio.sleep(1 / LOGIN_RATE)
        await asyncio.gather(*tasks)
        return dict(answers)


if __name__ == "__main__":
    main()
