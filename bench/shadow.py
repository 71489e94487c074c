"""What a challenger in shadow costs the stream: throughput with it and without it, in turns within one run.

A backlog keeps the worker full. The challenger is switched on and off every few seconds; the beginning of each turn
does not count. Because what came while it was off waits for it, it always has work while it is on: the most that it
can cost. Each turn is compared with the mean of its neighbours, as throughput drifts while tables grow; and by the CPU
time of all processes for a transaction, which swings less than throughput where checkpoints and vacuums come between.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg

from bench.harness import Bench, Lane, StoredOffsets, Worker, machine, running, tree_cpu_seconds, write_result
from bench.model_variants import write_variants
from bench.publishing import publish
from bench.workload import messages, simulated
from scoring.registry import set_challenger

SETTLE_S = 3.0  # of each turn: the worker looks for a challenger every two seconds, and loads it
WARM_SHARE = 0.1  # of the backlog, before the first turn
STALL_MAX_S = 120.0
CATCH_UP_S = 10.0
TURNS_MIN = 7  # three with the challenger, each between two without
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
        turns = _turns(bench, lane, registry, challenger, arguments, result)
    if len(turns) < TURNS_MIN:
        raise SystemExit("the backlog was too short for turns of each kind; take more --rows")
    throughput = _cost([1 / turn.rate for turn in turns])
    result |= {
        "transactions a second without": [round(turn.rate) for turn in turns if not turn.on],
        "transactions a second with": [round(turn.rate) for turn in turns if turn.on],
        "cpu us a transaction without": [round(turn.cpu_us) for turn in turns if not turn.on],
        "cpu us a transaction with": [round(turn.cpu_us) for turn in turns if turn.on],
        "more time a transaction, mean and standard error": throughput,
        "more cpu a transaction, mean and standard error": _cost([turn.cpu_us for turn in turns]),
        "below a tenth": throughput[0] < COST_MAX,
    }
    print(json.dumps(result, indent=1))
    print(f"Written to {write_result(arguments.name, result)}")


class Turn(NamedTuple):
    """With the challenger `on` or not: transactions a second, and CPU time of all processes for one."""

    on: bool
    rate: float
    cpu_us: float


def _cost(values: list[float]) -> tuple[float, float]:
    """How much more each turn with the challenger takes than the mean of its neighbours: mean, standard error."""
    more = [2 * values[i] / (values[i - 1] + values[i + 1]) - 1 for i in range(1, len(values) - 1, 2)]
    return round(statistics.mean(more), 4), round(statistics.stdev(more) / len(more) ** 0.5, 4)


def _turns(
    bench: Bench, lane: Lane, registry: Path, challenger: str, arguments: argparse.Namespace, result: dict[str, Any]
) -> list[Turn]:
    """Each whole turn; the first one is without. Then, with no more to decide, how fast the shadow catches up."""
    worker = bench.worker(lane)
    worker.start()
    offsets = StoredOffsets(lane)
    turns: list[Turn] = []
    running_on, turn_at, mark = False, 0.0, (0.0, 0, 0.0)
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
            mark = (now, stored, _cpu_s(bench, worker))
        elif mark[1] and now - turn_at >= arguments.turn:
            count = stored - mark[1]
            cpu_s = _cpu_s(bench, worker) - mark[2]
            turns.append(Turn(running_on, count / (now - mark[0]), cpu_s / count * 1e6))
            running_on, turn_at, mark = not running_on, now, (0.0, 0, 0.0)
            set_challenger(registry, challenger if running_on else None)
    offsets.close()
    set_challenger(registry, challenger)
    scored = asyncio.run(_scored(lane))
    time.sleep(CATCH_UP_S)
    caught_up = asyncio.run(_scored(lane)) - scored
    worker.stop()
    result |= {"scored while full": scored, "scored a second when idle": round(caught_up / CATCH_UP_S)}
    return turns


def _cpu_s(bench: Bench, worker: Worker) -> float:
    return sum(bench.cpu_seconds().values()) + tree_cpu_seconds(worker.pid)


async def _scored(lane: Lane) -> int:
    connection = await asyncpg.connect(lane.settings.postgres_dsn)
    count: int = await connection.fetchval("SELECT count(*) FROM shadow_scores")
    await connection.close()
    return count


if __name__ == "__main__":
    main()
