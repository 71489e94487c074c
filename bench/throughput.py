"""`make bench`: transactions a second through the whole path: Kafka, worker, Redis, Postgres, Kafka, on one machine.

A backlog is published first, then the workers start; the rate is taken between the first and the last stored offset,
so starting a process does not count, and neither does publishing.
"""

import argparse
import asyncio
import json
import statistics
import time
from pathlib import Path
from typing import Any

from bench.harness import Bench, StoredOffsets, machine, running, tree_cpu_seconds, write_result
from bench.publishing import publish
from bench.workload import handbook, messages, simulated

STALL_MAX_S = 120.0
WARM_SHARE = 0.1  # of the backlog: caches, JIT and page cache; its time does not count


def main() -> None:
    """Print and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--handbook", type=Path, help="a Handbook CSV instead of simulated transactions")
    parser.add_argument("--model", type=Path, default=Path("models"))
    parser.add_argument("--name", default="throughput", help="of the result file")
    arguments = parser.parse_args()
    result: dict[str, Any] = {
        "machine": machine(),
        "arguments": {name: _shown(value) for name, value in vars(arguments).items()},
    }
    with running(arguments.model) as bench:
        result["runs"] = [_run(bench, arguments, number) for number in range(arguments.runs)]
    rates = [run["transactions a second"] for run in result["runs"]]
    result["median transactions a second"] = round(statistics.median(rates))
    print(json.dumps(result, indent=1))
    print(f"Written to {write_result(arguments.name, result)}")


def _shown(value: Any) -> Any:
    """An argument as it is kept: of a path only the last part, which names no machine."""
    return value.name if isinstance(value, Path) else value


def _run(bench: Bench, arguments: argparse.Namespace, number: int) -> dict[str, Any]:
    lane = bench.lane(f"run{number}", partitions=arguments.partitions)
    source = handbook(arguments.handbook, arguments.rows) if arguments.handbook else simulated(arguments.rows)
    asyncio.run(publish(lane, list(messages(source, 0.0, lane.settings.kafka_message_bytes_max))))
    workers = [bench.worker(lane) for _ in range(arguments.workers)]
    for worker in workers:
        worker.start()
    marks: list[tuple[float, int, dict[str, float]]] = []
    moved_at = time.monotonic()
    offsets = StoredOffsets(lane)
    stored = 0
    for now_stored in offsets.totals():
        if now_stored > stored:
            stored, moved_at = now_stored, time.monotonic()
            cpu = bench.cpu_seconds() | {"workers": sum(tree_cpu_seconds(worker.pid) for worker in workers)}
            marks.append((moved_at, stored, cpu))
        if time.monotonic() - moved_at > STALL_MAX_S:
            raise SystemExit(f"nothing was stored for {STALL_MAX_S:.0f} s; see {bench.home.logs}")
        if stored >= arguments.rows:
            break
    offsets.close()
    for worker in workers:
        worker.stop()
    first = next(mark for mark in marks if mark[1] >= arguments.rows * WARM_SHARE)
    last = marks[-1]
    count, seconds = last[1] - first[1], last[0] - first[0]
    return {
        "transactions": count,
        "seconds": round(seconds, 2),
        "transactions a second": round(count / seconds),
        "cpu us a transaction": {k: round((last[2][k] - first[2][k]) / count * 1e6, 1) for k in last[2]},
    }


if __name__ == "__main__":
    main()
