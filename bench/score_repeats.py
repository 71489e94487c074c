"""One transaction id, 100 calls at once, 1,000 times: one effect each. And 50 calls for one account: counts 0 to 49."""

import argparse
import asyncio
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np

from bench.gateway import Connections, Gateway
from bench.harness import Lane, machine, running, write_result
from features.catalogue import FEATURE_INDEX

ATTEMPTS_MAX = 50  # of one call that is told to repeat
_COUNT = FEATURE_INDEX["account_count_24h"]
_VECTORS = "SELECT vector FROM decisions WHERE transaction_id LIKE $1"


def main() -> None:
    """Print and keep what was found; ends with 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ids", type=int, default=1_000)
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--accounts", type=int, default=100)
    parser.add_argument("--calls", type=int, default=50, help="for each account at once")
    parser.add_argument("--model", type=Path, default=Path("models"))
    parser.add_argument("--name", default="score_repeats", help="of the result file")
    arguments = parser.parse_args()
    with running(arguments.model) as bench:
        lane = bench.lane(
            "repeats", partitions=1, RATE_LIMIT="1000000/second", SCORE_DEADLINE_MS="5000", LOG_LEVEL="WARNING"
        )
        worker = bench.worker(lane)
        worker.start()
        gateway = Gateway(lane, bench.home.log("gateway-repeats"))
        gateway.start()
        try:
            found = asyncio.run(_all(arguments, lane, gateway))
        finally:
            gateway.stop()
            worker.stop()
    arguments_shown = {name: v.name if isinstance(v, Path) else v for name, v in vars(arguments).items()}
    result: dict[str, Any] = {"machine": machine(), "arguments": arguments_shown, **found}
    print(json.dumps(result, indent=1))
    print(f"Written to {write_result(arguments.name, result)}")
    raise SystemExit(bool(found["ids with another answer"] or found["wrong counts"] or found["decisions too many"]))


async def _all(arguments: argparse.Namespace, lane: Lane, gateway: Gateway) -> dict[str, Any]:
    connections, numbers = Connections(gateway.port, gateway.key), count()
    began = time.perf_counter()
    differing = 0
    for _ in range(arguments.ids):
        body = _payment(numbers, f"account-{next(numbers)}")
        answers = await asyncio.gather(*(_decided(connections, body) for _ in range(arguments.repeats)))
        alike = {json.dumps([a["risk_score"], a["reasons"], a["signals"]], sort_keys=True) for a in answers}
        differing += len(alike) != 1 or sum(not a["repeated"] for a in answers) > 1
    wrong = 0
    database = await asyncpg.connect(lane.environment["DATABASE_URL"])
    for account in range(arguments.accounts):
        now = datetime.now(UTC)  # one moment: an earlier payment does not count a later one, whoever came first
        bodies = [_payment(numbers, f"hot-{account}", f"hot-{account}-", now) for _ in range(arguments.calls)]
        await asyncio.gather(*(_decided(connections, body) for body in bodies))
        rows = await database.fetch(_VECTORS, f"hot-{account}-%")
        counts = sorted(int(np.frombuffer(row["vector"], "<f4")[_COUNT]) for row in rows)
        wrong += counts != list(range(arguments.calls))
    stored = await database.fetchval("SELECT count(*) FROM decided")
    await database.close()
    connections.close()
    return {
        "calls": arguments.ids * arguments.repeats + arguments.accounts * arguments.calls,
        "seconds": round(time.perf_counter() - began, 1),
        "ids with another answer": differing,
        "wrong counts": wrong,
        "decisions too many": stored - arguments.ids - arguments.accounts * arguments.calls,
    }


def _payment(numbers: Iterator[int], account: str, prefix: str = "repeat-", at: datetime | None = None) -> bytes:
    document = {
        "transaction_id": f"{prefix}{next(numbers)}",
        "amount": 10,
        "account_id": account,
        "timestamp": (at or datetime.now(UTC)).isoformat(),
    }
    return json.dumps(document).encode()


async def _decided(connections: Connections, body: bytes) -> dict[str, Any]:
    """The answer, asked for again where it is a 503: repeating is what a caller does then."""
    for _ in range(ATTEMPTS_MAX):
        reply = await connections.post("/v1/score", body)
        document: dict[str, Any] = json.loads(reply.body)
        if reply.status == 200:
            return document
        if reply.status != 503:
            raise SystemExit(f"{reply.status}: {document}")
    raise SystemExit("a call was never answered")


if __name__ == "__main__":
    main()
