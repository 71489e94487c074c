"""Promotions under load: another champion every second while a worker runs full and calls come to `POST /v1/score`.

Damaged models are among the promoted. Every decision names the version that made it. So each is made again from its
stored vector by that very version, and must be equal to the last bit: a model that was half loaded, or changed inside
a batch, could not do that. What a caller was answered must be what is stored.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np

from bench.calls import Calls
from bench.gateway import Gateway
from bench.harness import Bench, Lane, StoredOffsets, machine, running, write_result
from bench.model_variants import write_damaged, write_variants
from bench.publishing import publish
from bench.snapshot import read_log
from bench.workload import messages, simulated
from scoring.model import load
from scoring.registry import promote

VERSIONS = 4
DAMAGED_EVERY = 5  # promotions
STALL_MAX_S = 120.0
PUBLISHED_MAX_S = 60.0  # a call's decision goes to its topic after the caller has it
CALL_DEADLINE_MS = "5000"  # so long that the model decides each call, though the stream takes all of the machine
CALLS_SEED, CALLS_MAX = 8, 100_000  # another run of the simulator than the stream's: other ids
_DECISIONS = """
SELECT d.transaction_id, c.model_version, d.probability, d.risk_score, d.vector, d.degraded
FROM decisions AS d JOIN decision_contexts AS c ON c.context_id = d.context_id
"""


def main() -> None:
    """Print and keep the figures; exit code 1 if one of the checks does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--every", type=float, default=1.0, help="seconds between promotions")
    parser.add_argument("--calls", type=float, default=20.0, help="calls a second")
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--model", type=Path, default=Path("models"), help="registry; a quick model is made if empty")
    parser.add_argument("--name", default="promotion", help="of the result file")
    arguments = parser.parse_args()
    result: dict[str, Any] = {"machine": machine(), "rows": arguments.rows, "seconds between": arguments.every}
    with running(arguments.model) as bench, tempfile.TemporaryDirectory() as folder:
        registry = Path(folder)
        versions = write_variants(arguments.model, registry, VERSIONS)
        damaged = write_damaged(registry, versions[0])
        lane = bench.lane(
            "promotion", partitions=arguments.partitions, MODEL_PATH=folder, RATE_LIMIT="", LOG_LEVEL="WARNING",
            SCORE_DEADLINE_MS=CALL_DEADLINE_MS,
        )  # fmt: skip
        rows = messages(simulated(arguments.rows), 0.0, lane.settings.kafka_message_bytes_max)
        asyncio.run(publish(lane, list(rows)))
        gateway = Gateway(lane, bench.home.log("gateway-promotion"))
        gateway.start()
        try:
            calls = Calls(gateway, simulated(CALLS_MAX, seed=CALLS_SEED), arguments.calls)
            result |= _promote_under_load(bench, lane, calls, Promotions(registry, versions, damaged), arguments)
            result |= asyncio.run(_checked(lane, registry, arguments.rows, calls))
        finally:
            gateway.stop()
    print(json.dumps(result, indent=1))
    print(f"Written to {write_result(arguments.name, result)}")
    if not all(result["checks"].values()):
        raise SystemExit(1)


class Promotions:
    """One version after the other becomes champion, every fifth time a damaged one."""

    def __init__(self, registry: Path, versions: list[str], damaged: str) -> None:
        self._registry, self._versions, self._damaged = registry, versions, damaged
        self.made = self.refused = 0

    def next(self) -> None:
        self.made += 1
        bad = self.made % DAMAGED_EVERY == 0
        self.refused += bad
        promote(self._registry, self._damaged if bad else self._versions[self.made % len(self._versions)])


def _promote_under_load(
    bench: Bench, lane: Lane, calls: Calls, promotions: Promotions, arguments: argparse.Namespace
) -> dict[str, Any]:
    worker = bench.worker(lane)
    worker.start()
    offsets = StoredOffsets(lane)
    stored = 0
    began = moved_at = promoted_at = time.monotonic()
    with ExitStack() as calling:
        for now_stored in offsets.totals():
            now = time.monotonic()
            if now_stored and not stored:  # the worker has made the state that calls need
                began = now
                calling.enter_context(calls)
            if now_stored > stored:
                stored, moved_at = now_stored, now
            if stored >= arguments.rows:
                break
            if now - moved_at > STALL_MAX_S or not worker.alive:
                raise SystemExit(f"the worker stands still at {stored}; see {bench.home.logs}")
            if stored and now - promoted_at >= arguments.every:
                promoted_at = now
                promotions.next()
        seconds = time.monotonic() - began
    offsets.close()
    worker.stop()
    told = {"promotions": promotions.made, "of them damaged": promotions.refused, "seconds": round(seconds, 1)}
    return told | {"calls": calls.made, "calls repeated": calls.repeats, "answers": dict(calls.statuses)}


async def _checked(lane: Lane, registry: Path, rows: int, calls: Calls) -> dict[str, Any]:
    connection = await asyncpg.connect(lane.settings.postgres_dsn)
    found = await connection.fetch(_DECISIONS)
    await connection.close()
    by_version: dict[str, list[Any]] = {}
    for row in found:
        if not row["degraded"]:
            by_version.setdefault(row["model_version"], []).append(row)
    different = sum(_different(registry / version, decisions) for version, decisions in by_version.items())
    wanted = rows + calls.made
    ids = Counter(row["transaction_id"] for row in found)
    published = await _published(lane, wanted)
    by_policy = {row["transaction_id"] for row in found if row["degraded"]}  # published until somebody has counted it
    twice = sum(count - 1 for transaction, count in published.items() if transaction not in by_policy)
    called = [row for row in found if row["transaction_id"] in calls.answers]
    contradicted = sum(_contradicts(row, calls.answers[row["transaction_id"]]) for row in called)
    return {
        "decisions by version": {version: len(decisions) for version, decisions in sorted(by_version.items())},
        "calls by version": dict(sorted(Counter(row["model_version"] for row in called).items())),
        "calls decided without the model": len(by_policy),
        "lost": wanted - len(ids),
        "doubled": len(found) - len(ids),
        "published twice": twice,
        "not made by the version they name": different,
        "answered otherwise than stored": contradicted,
        "checks": {
            "every transaction and call has one decision": len(ids) == len(found) == wanted,
            "every call is answered, and as it is stored": len(called) == calls.made > 0 and not contradicted,
            "every decision is published once": len(published) == wanted and not twice,
            "every decision is repeated by the version it names": different == 0,
            "several versions decided, the damaged one nothing": len(by_version) > 1 and "damaged" not in by_version,
        },
    }


def _contradicts(row: Any, answer: dict[str, Any]) -> bool:
    told = [answer[name] for name in ("model_version", "risk_score", "degraded")]
    stored = [row[name] for name in ("model_version", "risk_score", "degraded")]
    return told != stored or (not row["degraded"] and answer["probability"] != row["probability"])


async def _published(lane: Lane, wanted: int) -> Counter[str]:
    """How often each transaction's decision was published, as soon as there are `wanted`, or after a while."""
    give_up_s = time.monotonic() + PUBLISHED_MAX_S
    while True:
        records = await read_log(lane.settings, lane.settings.topics.decisions)
        if len(records) >= wanted or time.monotonic() > give_up_s:
            return Counter(json.loads(record.value)["transaction_id"] for record in records)


def _different(folder: Path, decisions: list[Any]) -> int:
    model = load(folder)
    vectors = np.frombuffer(b"".join(row["vector"] for row in decisions), "<f4").reshape(len(decisions), -1)
    probability = model.predict(vectors)
    score = model.score(probability)
    told = np.array([(row["probability"], row["risk_score"]) for row in decisions])
    return int(((told[:, 0] != probability) | (told[:, 1] != score)).sum())


if __name__ == "__main__":
    main()
