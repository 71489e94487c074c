"""What a challenger in shadow costs the stream: throughput with it and without it, in turns within one run.

A backlog keeps the worker full. The challenger is switched on and off every few seconds; the beginning of each turn
does not count. Because what came while it was off waits for it, it always has work while it is on: the most that it
can cost.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import asyncpg

from bench.harness import Bench, Lane, StoredOffsets, machine, running, write_result
from bench.model_variants import write_variants
from bench.publishing import publish
from bench.workload import messages, simulated
from scoring.registry import set_challenger

SETTLE_S = 3.0  # of each turn: the worker looks for a challenger every two seconds, and loads it
WARM_SHARE = 0.1  # of the backlog, before the first turn
STALL_MAX_S = 120.0
COST_MAX = 0.10  # of the throughput: what was promised


def main() -> None:
    """Print and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=600_000)
    parser.add_argument("--turn", type=float, default=8.0, help="seconds on, seconds off")
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--model", type=Path, default=Path("models"), help="registry; a quick model is made if empty")
    parser.add_argument("--name", default="shadow", help="of the result file")
    arguments = parser.parse_args()
    result: dict[str, Any] = {"machine": machine(), "rows": arguments.rows, "seconds a turn": arguments.turn}
    with running(arguments.model) as bench, tempfile.TemporaryDirectory() as folder:
        registry = Path(folder)
        _, challenger = write_variants(arguments.model, registry, 2)
        lane = bench.lane("shadow", partitions=arguments.partitions, MODEL_PATH=folder)
        rows = messages(simulated(arguments.rows), 0.0, lane.settings.kafka_message_bytes_max)
        asyncio.run(publish(lane, list(rows)))
        turns = _turns(bench, lane, registry, challenger, arguments)
        result["scored in shadow"] = asyncio.run(_scored(lane))
    off, on = ([rate for was_on, rate in turns if was_on == wanted] for wanted in (False, True))
    if not off or not on:
        raise SystemExit("the backlog was too short for a turn of each kind; take more --rows")
    cost = 1 - statistics.mean(on) / statistics.mean(off)
    result |= {
        "transactions a second without": [round(rate) for rate in off],
        "transactions a second with": [round(rate) for rate in on],
        "mean without": round(statistics.mean(off)),
        "mean with": round(statistics.mean(on)),
        "cost of throughput": round(cost, 4),
        "below a tenth": cost < COST_MAX,
    }
    print(json.dumps(result, indent=1))
    print(f"Written to {write_result(arguments.name, result)}")


def _turns(
    bench: Bench, lane: Lane, registry: Path, challenger: str, arguments: argparse.Namespace
) -> list[tuple[bool, float]]:
    """(challenger on, transactions a second) of each whole turn."""
    worker = bench.worker(lane)
    worker.start()
    offsets = StoredOffsets(lane)
    turns: list[tuple[bool, float]] = []
    running_on, turn_at, mark = False, 0.0, (0.0, 0)
    stored, moved_at = 0, time.monotonic()
    for now_stored in offsets.totals():
        now = time.monotonic()
        if now_stored > stored:
            stored, moved_at = now_stored, now
        if stored >= arguments.rows:
            break
        if now - moved_at > STALL_MAX_S or not worker.alive:
            raise SystemExit(f"the worker stands still at {stored}; see {bench.home.logs}")
        if not turn_at:
            turn_at = now if stored >= arguments.rows * WARM_SHARE else 0.0
        elif not mark[1] and now - turn_at >= SETTLE_S:
            mark = (now, stored)
        elif mark[1] and now - turn_at >= arguments.turn:
            turns.append((running_on, (stored - mark[1]) / (now - mark[0])))
            running_on, turn_at, mark = not running_on, now, (0.0, 0)
            set_challenger(registry, challenger if running_on else None)
    offsets.close()
    worker.stop()
    return turns


async def _scored(lane: Lane) -> int:
    connection = await asyncpg.connect(lane.settings.postgres_dsn)
    count: int = await connection.fetchval("SELECT count(*) FROM shadow_scores")
    await connection.close()
    return count


if __name__ == "__main__":
    main()
