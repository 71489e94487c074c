"""Redis, Postgres and Kafka stopped and started in turn under calls: nobody hangs, and nothing is lost.

Calls come at fixed times, to a few accounts, whatever became of those before. Every one has to be a decision, a
declared degraded decision or a 503 problem, in time. Afterwards every id is asked for again: what was answered must
stand, what was not must have one decision; and a last call for each account must have counted all before it once.
"""

import argparse
import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np

from bench.gateway import Connections, Gateway, Reply
from bench.harness import Bench, Lane, machine, running, write_result
from features.catalogue import FEATURE_INDEX

PARTS = ("redis", "postgres", "kafka")
ACCOUNTS = 20
ANSWERED_S = 60.0  # for the end: a stopped part is back, and calls are decided as usual
IN_TIME_MS = 200  # the deadline of 150, the route's grace of 20, and the way here and back on busy cores
STEP_S = 0.25
_COUNT = FEATURE_INDEX["account_count_24h"]


@dataclass
class Phase:
    """What became of the calls that were due in it."""

    name: str
    outcomes: Counter[str] = field(default_factory=Counter)
    latencies_ms: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        ranked = sorted(self.latencies_ms) or [0.0]
        return {
            "phase": self.name,
            "calls": len(self.latencies_ms),
            "outcomes": dict(self.outcomes),
            "ms p50": round(ranked[len(ranked) // 2], 1),
            "ms max": round(ranked[-1], 1),
            "later than 200 ms": sum(each > IN_TIME_MS for each in ranked),
        }


class Callers:
    """Calls at a fixed rate, in whichever phase is on. `answers`: what was answered with 200, by id."""

    def __init__(self, connections: Connections, rate: float) -> None:
        self._connections = connections
        self._rate = rate
        self._calls: set[asyncio.Task[None]] = set()
        self.bodies: dict[str, bytes] = {}
        self.answers: dict[str, dict[str, Any]] = {}
        self.phases: list[Phase] = []

    def begin(self, phase: str) -> None:
        self.phases.append(Phase(phase))

    async def run(self) -> None:
        """Until cancelled."""
        began, number = time.perf_counter(), 0
        while True:
            number += 1
            await asyncio.sleep(max(0.0, began + number / self._rate - time.perf_counter()))
            task = asyncio.create_task(self._call(number, self.phases[-1]))
            self._calls.add(task)
            task.add_done_callback(self._calls.discard)

    async def finish(self) -> None:
        await asyncio.gather(*self._calls)

    async def _call(self, number: int, phase: Phase) -> None:
        name, body = payment(f"outage-{number}", number % ACCOUNTS)
        self.bodies[name] = body
        began = time.perf_counter()
        try:
            reply = await self._connections.post("/v1/score", body)
            phase.outcomes[outcome_of(reply)] += 1
            if reply.status == 200:
                self.answers[name] = json.loads(reply.body)
        except (OSError, asyncio.IncompleteReadError) as error:
            phase.outcomes[type(error).__name__] += 1
        phase.latencies_ms.append((time.perf_counter() - began) * 1000)

    async def again(self, name: str) -> dict[str, Any]:
        """The decision of an id, asked for until there is one."""
        async with asyncio.timeout(ANSWERED_S):
            while True:
                reply = await self._connections.post("/v1/score", self.bodies[name])
                if reply.status == 200:
                    document: dict[str, Any] = json.loads(reply.body)
                    return document
                await asyncio.sleep(STEP_S)


def payment(name: str, account: int) -> tuple[str, bytes]:
    document = {
        "transaction_id": name,
        "amount": 10,
        "account_id": f"outage-{account}",
        "timestamp": datetime.now(UTC).isoformat(),
    }
    return name, json.dumps(document).encode()


def outcome_of(reply: Reply) -> str:
    document = json.loads(reply.body)
    if reply.status != 200:
        return str(reply.status)
    return f"degraded: {','.join(document['missing'])}" if document["degraded"] else "decided"


async def outages(bench: Bench, callers: Callers, seconds: float) -> None:
    for name in PARTS:
        part = bench.part(name)
        callers.begin(f"before {name} stops")
        await asyncio.sleep(seconds)
        callers.begin(f"{name} stopped")
        await asyncio.to_thread(part.stop)
        await asyncio.sleep(seconds)
        callers.begin(f"{name} starts")
        await asyncio.to_thread(part.start)
        await asyncio.to_thread(part.wait_ready)
        await asyncio.sleep(seconds)
    callers.begin("all are there")
    await asyncio.sleep(seconds)


async def check(callers: Callers, lane: Lane) -> dict[str, int]:
    """What is left when all parts are back."""
    changed = 0
    for name in callers.bodies:
        answer = await callers.again(name)
        said = callers.answers.get(name, answer)
        changed += any(
            answer[field] != said[field] for field in ("risk_score", "recommendation", "degraded", "reasons")
        )
    database = await asyncpg.connect(lane.environment["DATABASE_URL"])
    try:
        stored = await database.fetchval("SELECT count(*) FROM decided")
        wrong = [account for account in range(ACCOUNTS) if not await counts_all(callers, database, account)]
    finally:
        await database.close()
    return {
        "ids": len(callers.bodies),
        "answers that changed": changed,
        "decisions": stored,
        "wrong counts": len(wrong),
    }


async def counts_all(callers: Callers, database: Any, account: int) -> bool:
    """Whether a new call sees every call before it once. Degraded ones are counted within seconds."""
    made = sum(int(name.split("-")[1]) % ACCOUNTS == account for name in list(callers.bodies) if "last" not in name)
    give_up = time.monotonic() + ANSWERED_S
    tries = 0
    while time.monotonic() < give_up:
        name, callers.bodies[name] = f"last-{account}-{tries}", payment(f"last-{account}-{tries}", account)[1]
        answer = await callers.again(name)
        if not answer["degraded"]:
            vector = await database.fetchval("SELECT vector FROM decisions WHERE transaction_id = $1", name)
            if int(np.frombuffer(vector, "<f4")[_COUNT]) == made + tries:
                return True
        tries += 1
        await asyncio.sleep(STEP_S)
    return False


async def measured(arguments: argparse.Namespace, bench: Bench, lane: Lane, gateway: Gateway) -> dict[str, Any]:
    connections = Connections(gateway.port, gateway.key)
    callers = Callers(connections, arguments.rate)
    callers.begin("warming up")
    running_calls = asyncio.create_task(callers.run())
    await asyncio.sleep(arguments.seconds)
    await outages(bench, callers, arguments.seconds)
    running_calls.cancel()
    await callers.finish()
    ids = len(callers.bodies)
    found = await check(callers, lane)
    connections.close()
    return {"phases": [phase.figures() for phase in callers.phases], **found, "ids": ids}


def main() -> None:
    """Print and keep what was found; ends with 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=50.0, help="calls a second")
    parser.add_argument("--seconds", type=float, default=8.0, help="of each phase")
    parser.add_argument("--model", type=Path, default=Path("models"))
    parser.add_argument("--name", default="score_outages", help="of the result file")
    arguments = parser.parse_args()
    with running(arguments.model) as bench:
        lane = bench.lane("outages", partitions=4, RATE_LIMIT="1000000/second", LOG_LEVEL="WARNING")
        worker, gateway = bench.worker(lane), Gateway(lane, bench.home.log("gateway-outages"))
        worker.start()
        gateway.start()
        try:
            found = asyncio.run(measured(arguments, bench, lane, gateway))
        finally:
            gateway.stop()
            worker.stop()
    shown = {name: value.name if isinstance(value, Path) else value for name, value in vars(arguments).items()}
    result: dict[str, Any] = {"machine": machine(), "arguments": shown, **found}
    print(json.dumps(result, indent=1))
    print(f"Written to {write_result(arguments.name, result)}")
    raise SystemExit(bool(found["answers that changed"] or found["wrong counts"] or found["decisions"] != found["ids"]))


if __name__ == "__main__":
    main()
