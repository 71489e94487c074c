"""Promotions under load: another champion every second while a worker runs full, a damaged one among them.

Every decision names the version that made it. So each is made again from its stored vector by that very version, and
must be equal to the last bit: a model that was half loaded, or changed inside a batch, could not do that.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np

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
_DECISIONS = """
SELECT d.transaction_id, c.model_version, d.probability, d.risk_score, d.vector
FROM decisions AS d JOIN decision_contexts AS c ON c.context_id = d.context_id
"""


def main() -> None:
    """Print and keep the figures; exit code 1 if one of the checks does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--every", type=float, default=1.0, help="seconds between promotions")
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--model", type=Path, default=Path("models"), help="registry; a quick model is made if empty")
    parser.add_argument("--name", default="promotion", help="of the result file")
    arguments = parser.parse_args()
    result: dict[str, Any] = {"machine": machine(), "rows": arguments.rows, "seconds between": arguments.every}
    with running(arguments.model) as bench, tempfile.TemporaryDirectory() as folder:
        registry = Path(folder)
        versions = write_variants(arguments.model, registry, VERSIONS)
        damaged = write_damaged(registry, versions[0])
        lane = bench.lane("promotion", partitions=arguments.partitions, MODEL_PATH=folder)
        rows = messages(simulated(arguments.rows), 0.0, lane.settings.kafka_message_bytes_max)
        asyncio.run(publish(lane, list(rows)))
        result |= _promote_under_load(bench, lane, registry, versions, damaged, arguments)
        result |= asyncio.run(_checked(lane, registry, arguments.rows))
    print(json.dumps(result, indent=1))
    print(f"Written to {write_result(arguments.name, result)}")
    if not all(result["checks"].values()):
        raise SystemExit(1)


def _promote_under_load(
    bench: Bench, lane: Lane, registry: Path, versions: list[str], damaged: str, arguments: argparse.Namespace
) -> dict[str, Any]:
    worker = bench.worker(lane)
    worker.start()
    offsets = StoredOffsets(lane)
    promotions = refused = stored = 0
    began = moved_at = promoted_at = time.monotonic()
    for now_stored in offsets.totals():
        now = time.monotonic()
        if now_stored > stored:
            began = began if stored else now
            stored, moved_at = now_stored, now
        if stored >= arguments.rows:
            break
        if now - moved_at > STALL_MAX_S or not worker.alive:
            raise SystemExit(f"the worker stands still at {stored}; see {bench.home.logs}")
        if stored and now - promoted_at >= arguments.every:
            promoted_at, promotions = now, promotions + 1
            bad = promotions % DAMAGED_EVERY == 0
            refused += bad
            promote(registry, damaged if bad else versions[promotions % len(versions)])
    offsets.close()
    worker.stop()
    return {"promotions": promotions, "of them damaged": refused, "seconds": round(time.monotonic() - began, 1)}


async def _checked(lane: Lane, registry: Path, rows: int) -> dict[str, Any]:
    connection = await asyncpg.connect(lane.settings.postgres_dsn)
    found = await connection.fetch(_DECISIONS)
    await connection.close()
    by_version: dict[str, list[Any]] = {}
    for row in found:
        by_version.setdefault(row["model_version"], []).append(row)
    different = sum(_different(registry / version, decisions) for version, decisions in by_version.items())
    published = Counter(json.loads(record.value)["transaction_id"] for record in await _published(lane))
    ids = Counter(row["transaction_id"] for row in found)
    return {
        "decisions by version": {version: len(decisions) for version, decisions in sorted(by_version.items())},
        "lost": rows - len(ids),
        "doubled": len(found) - len(ids),
        "published twice": sum(count - 1 for count in published.values()),
        "not made by the version they name": different,
        "checks": {
            "every transaction has one decision": len(ids) == len(found) == rows,
            "every decision is published once": len(published) == published.total() == rows,
            "every decision is repeated by the version it names": different == 0,
            "several versions decided, the damaged one nothing": len(by_version) > 1 and "damaged" not in by_version,
        },
    }


async def _published(lane: Lane) -> list[Any]:
    return await read_log(lane.settings, lane.settings.topics.decisions)


def _different(folder: Path, decisions: list[Any]) -> int:
    model = load(folder)
    vectors = np.frombuffer(b"".join(row["vector"] for row in decisions), "<f4").reshape(len(decisions), -1)
    probability = model.predict(vectors)
    score = model.score(probability)
    told = np.array([(row["probability"], row["risk_score"]) for row in decisions])
    return int(((told[:, 0] != probability) | (told[:, 1] != score)).sum())


if __name__ == "__main__":
    main()
