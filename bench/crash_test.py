"""`make crash-test`: kill the worker again and again while it scores, then compare with an undisturbed run.

Both runs score the same messages on the same servers, with one partition, so that everything must be bit-equal.
"""

import argparse
import asyncio
import json
import random
import time
from pathlib import Path
from typing import Any

from bench.harness import Bench, Lane, StoredOffsets, machine, running, write_result
from bench.parity import compare_with_offline_fold
from bench.publishing import publish
from bench.redis_loss import lose_everything, lose_last_second
from bench.snapshot import Snapshot, take
from bench.workload import Sent, handbook, messages, simulated

STALL_MAX_S = 300.0  # without a stored record the run has failed
PROGRESS_S = 10.0


def main() -> None:
    """Exit code 0 only if nothing differs."""
    arguments = _arguments()
    source = handbook(arguments.handbook, arguments.rows) if arguments.handbook else simulated(arguments.rows)
    result: dict[str, Any] = {"machine": machine(), "rows": arguments.rows, "kills": 0}
    with running(arguments.model) as bench:
        lane = bench.lane("calm", partitions=1)
        sent = list(messages(source, arguments.damaged, lane.settings.kafka_message_bytes_max))
        result["messages"], result["damaged"] = len(sent), sum(message.damaged for message in sent)
        calm = _score(bench, lane, sent, result, disturb=None)
        result["offline fold"] = asyncio.run(compare_with_offline_fold(lane, calm))
        lane = bench.lane("crashed", partitions=1)
        crashed = _score(bench, lane, sent, result, disturb=_Disturbance(arguments, result))
    result |= _compared(calm, crashed, result)
    print(json.dumps(result, indent=1))
    print(f"Written to {write_result(arguments.name, result)}")
    raise SystemExit(0 if result["equal"] else 1)


class _Disturbance:
    """Kills at random instants of the run, spread over its length; optionally Redis loses something in the middle."""

    def __init__(self, arguments: argparse.Namespace, result: dict[str, Any]) -> None:
        self._chance = random.Random(arguments.seed)
        self._result = result
        self._redis_after = arguments.redis if arguments.redis != "keep" else None
        points = arguments.kills + 1
        self._share_between = 1.0 / points
        self._next_share = self._share_between * self._chance.uniform(0.5, 1.0)
        self.kills_left = arguments.kills

    def due(self, share_done: float) -> bool:
        return self.kills_left > 0 and share_done >= self._next_share

    def happen(self, bench: Bench, worker: Any) -> None:
        """End the worker without notice at a random instant of a batch, then start it again."""
        time.sleep(self._chance.uniform(0.0, 0.3))  # anywhere between the steps of a batch
        worker.kill()
        self.kills_left -= 1
        self._result["kills"] += 1
        self._next_share += self._share_between * self._chance.uniform(0.9, 1.0)
        if self._redis_after and self._result["kills"] >= 3:
            lost = (lose_last_second if self._redis_after == "lose-second" else lose_everything)(bench)
            self._result["redis"] = {"what": self._redis_after, "bytes of the log lost": lost}
            self._redis_after = None
        worker.start()


def _score(
    bench: Bench, lane: Lane, sent: list[Sent], result: dict[str, Any], disturb: _Disturbance | None
) -> Snapshot:
    worker = bench.worker(lane)
    asyncio.run(publish(lane, sent))
    worker.start()
    began = moved_at = said_at = time.monotonic()
    offsets = StoredOffsets(lane)
    stored = 0
    for now_stored in offsets.totals():
        if now_stored > stored:
            stored, moved_at = now_stored, time.monotonic()
        if stored >= len(sent):
            break
        if time.monotonic() - moved_at > STALL_MAX_S or not worker.alive:
            worker.kill()
            raise SystemExit(f"the worker stands still at {stored} of {len(sent)}; its log is beside the stack's")
        if disturb and disturb.due(stored / len(sent)):
            disturb.happen(bench, worker)
        if time.monotonic() - said_at > PROGRESS_S:
            said_at = time.monotonic()
            print(f"{lane.name}: {stored:,} of {len(sent):,} after {said_at - began:.0f} s", flush=True)
    offsets.close()
    result[f"{lane.name}, seconds"] = round(time.monotonic() - began, 1)
    worker.stop()
    return asyncio.run(take(lane))


def _compared(calm: Snapshot, crashed: Snapshot, result: dict[str, Any]) -> dict[str, Any]:
    differences = calm.differences(crashed)
    offline = result["offline fold"]
    valid = result["messages"] - result["damaged"]
    checks = {
        "every valid message has one decision": len(calm.decisions) == len(crashed.decisions) == valid,
        "every damaged message is a dead letter": len(calm.dead_letters) == result["damaged"],
        "offsets agree": list(crashed.next_offsets.values()) == [result["messages"]],
        "crashed run equals calm run": not any(differences.values()),
        "stored vectors equal the offline fold": not offline["different vectors"] and not offline["different states"],
        "no journal entry is left": calm.journal_entries == crashed.journal_entries == 0,
    }
    counts = {
        "decisions": len(crashed.decisions),
        "alerts": len(crashed.alerts),
        "entity states": len(crashed.state),
        "dead letters": len(crashed.dead_letters),
    }
    return {"counts": counts, "differences": differences, "checks": checks, "equal": all(checks.values())}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=60_000, help="valid transactions")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--damaged", type=float, default=0.01, help="share of damaged messages mixed in")
    parser.add_argument("--handbook", type=Path, help="a Handbook CSV instead of simulated transactions")
    parser.add_argument("--redis", choices=("keep", "lose-second", "empty"), default="keep", help="what Redis loses")
    parser.add_argument("--model", type=Path, default=Path("models"), help="registry; a quick model is made if empty")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--name", default="crash_test", help="of the result file")
    return parser.parse_args()


if __name__ == "__main__":
    main()
