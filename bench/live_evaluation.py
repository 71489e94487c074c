"""The same recall of each kind of fraud from a live stream as from the offline evaluation of the same rows.

Simulated people whom the model has never met, published day by day to Kafka; the labels follow on their own topic, at
the midnight after they became known, as a bank's chargeback file does. A worker scores, the label forwarder forwards.
Then vectors, probabilities, scores and alerts that were stored are compared bit for bit with an offline fold and
evaluation of the same rows and labels. One partition: with several, the order at shared devices and shops is free.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import numpy as np

from bench.harness import Bench, Lane, Worker, machine, running, write_result
from contracts.label import Label
from contracts.transaction import Transaction
from features.money import Money
from riskstream_client.publisher import Publisher
from scoring.model import Model, Vectors, load
from scoring.policy import policy_of
from scoring.registry import champion_version, promote, resolve
from training.datasets import Dataset, told_by_simulator
from training.evaluation.groups import TYPOLOGY, groups_of
from training.evaluation.outcomes import Booleans, Floats, Outcomes
from training.history import History
from training.simulator.history import training_transactions
from training.simulator.world import DEFAULT_DAYS
from training.sources import history_from_dataset

SEED = 1_009  # not the first model's: other people, other frauds
DAY = timedelta(days=1)
STALL_MAX_S = 120.0
POLL_S = 0.05
_STORED = "SELECT count(*) FROM decided"
_SETTLED = "SELECT count(*) FROM labels WHERE state IN ('forwarded', 'unchanged', 'stale')"
_DECISIONS = """
SELECT d.transaction_id, d.probability, d.risk_score, d.vector, a.transaction_id IS NOT NULL AS alert
FROM decisions AS d LEFT JOIN alerts AS a ON a.client_id = d.client_id AND a.transaction_id = d.transaction_id
"""


def main() -> None:
    """Print and keep the figures; exit code 1 if live and offline differ, or a kind of fraud is never found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=SEED, help="of the simulation")
    parser.add_argument("--model", type=Path, default=Path("models"), help="registry; a quick model is made if empty")
    parser.add_argument("--retrain", action="store_true", help="then `riskstream retrain` on what was stored")
    parser.add_argument("--name", default="live_evaluation", help="of the result file")
    arguments = parser.parse_args()
    told = history_at_midnights(arguments.rows, arguments.seed)
    result: dict[str, Any] = {"machine": machine(), "rows": arguments.rows, "seed": arguments.seed}
    with running(arguments.model) as bench:
        model = load(resolve(arguments.model))
        result |= {"model": model.version, "labels": len(told.labels)} | _streamed(bench, told, model, arguments)
    print(json.dumps(result, indent=1))
    print(f"Written to {write_result(arguments.name, result)}")
    if not all(result["checks"].values()):
        raise SystemExit(1)


def history_at_midnights(rows: int, seed: int, days: float = DEFAULT_DAYS) -> Dataset:
    """Simulated transactions with their labels, each told at the first midnight at which it was known."""
    simulated = list(training_transactions(rows, seed=seed, days=days))
    dataset = told_by_simulator(simulated, {"source": "simulator"})
    labels = [msgspec.structs.replace(label, known_at=_midnight(label.known_at)) for label in dataset.labels]
    labels.sort(key=lambda label: (label.known_at, label.transaction_id, label.revision))
    return replace(dataset, labels=labels)


def _streamed(bench: Bench, told: Dataset, model: Model, arguments: argparse.Namespace) -> dict[str, Any]:
    lane = bench.lane("live", partitions=1, LOG_LEVEL="WARNING")
    worker = bench.worker(lane)
    worker.start()
    began = time.monotonic()
    asyncio.run(stream(lane, worker, told))
    seconds = time.monotonic() - began
    worker.stop()
    found = {"seconds": round(seconds, 1)} | asyncio.run(compared(lane, told, model))
    return found | ({"retrain": _retrained(lane, arguments.model)} if arguments.retrain else {})


def _retrained(lane: Lane, models: Path) -> dict[str, Any]:
    """What `riskstream retrain` makes of the stored decisions and labels, in a copy of the registry."""
    with tempfile.TemporaryDirectory() as folder:
        registry = Path(folder) / "models"
        shutil.copytree(resolve(models), registry / resolve(models).name)
        promote(registry, resolve(models).name)
        began = time.monotonic()
        command = [sys.executable, "-m", "riskstream", "retrain", "--json", "--registry", str(registry)]
        ended = subprocess.run(command, env=os.environ | lane.environment, capture_output=True, text=True, check=False)
        if not ended.stdout:
            raise SystemExit(ended.stderr)
        told = {"exit code": ended.returncode, "seconds": round(time.monotonic() - began, 1)}
        return told | json.loads(ended.stdout) | {"champion then": champion_version(registry)}


async def stream(lane: Lane, worker: Worker, told: Dataset) -> None:
    """Publish day by day; each day's labels go into the log behind its transactions, before those of the next."""
    settings = lane.settings
    connection = await asyncpg.connect(settings.postgres_dsn)
    async with (
        Publisher(settings.kafka_bootstrap_servers, settings.topics.transactions) as sender,
        Publisher(settings.kafka_bootstrap_servers, settings.topics.labels) as teller,
    ):
        sent = labels = 0
        for transactions, known in days(told):
            sent += await sender.publish_many(transactions)
            await _until(connection, worker, _STORED, sent)
            labels += await teller.publish_labels(known)
            await _until(connection, worker, _SETTLED, labels)
    await connection.close()


def days(told: Dataset) -> Iterator[tuple[list[Transaction], list[Label]]]:
    """Each day's transactions, and the labels told at the midnight after them; labels later than all are left out."""
    midnight = _midnight(told.transactions[0].timestamp)
    first = label = 0
    while first < len(told.transactions):
        end = first
        while end < len(told.transactions) and told.transactions[end].timestamp <= midnight:
            end += 1
        until = label
        while until < len(told.labels) and told.labels[until].known_at <= midnight:
            until += 1
        yield told.transactions[first:end], told.labels[label:until]
        first, label, midnight = end, until, midnight + DAY


def _midnight(moment: datetime) -> datetime:
    """The first midnight (UTC) not before a moment."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return day if day == moment else day + DAY


async def _until(connection: Any, worker: Worker, question: str, wanted: int) -> None:
    """Wait until the count is reached. Raises SystemExit when nothing moves any more."""
    count, moved_at = -1, time.monotonic()
    while count < wanted:
        now = await connection.fetchval(question)
        if now != count:
            count, moved_at = now, time.monotonic()
        if time.monotonic() - moved_at > STALL_MAX_S or not worker.alive:
            raise SystemExit(f"the worker stands still at {count} of {wanted}")
        await asyncio.sleep(POLL_S)


async def compared(lane: Lane, told: Dataset, model: Model) -> dict[str, Any]:
    """What the stream stored against what the offline evaluation of the same rows says."""
    settings = lane.settings
    connection = await asyncpg.connect(settings.postgres_dsn)
    rows = {row["transaction_id"]: row for row in await connection.fetch(_DECISIONS)}
    await connection.close()
    money = Money(settings.currency_base, settings.currency_default, settings.currency_rates)
    history = history_from_dataset(told, money)
    live = [rows[transaction.transaction_id] for transaction in told.transactions]
    packed = b"".join(row["vector"] for row in live)
    vectors: Vectors = np.frombuffer(packed, "<f4").reshape(history.vectors.shape)
    probability, score, alert = (np.array([row[n] for row in live]) for n in ("probability", "risk_score", "alert"))
    offline = model.predict(history.vectors)
    offline_score = model.score(offline)
    flagged = offline_score >= policy_of(model.manifest.thresholds, settings.risk_threshold_high).flag
    differences = {
        "vectors": int((vectors.view(np.uint32) != history.vectors.view(np.uint32)).any(axis=1).sum()),
        "probabilities": int((probability != offline).sum()),
        "scores": int((score != offline_score).sum()),
        "alerts": int((alert != flagged).sum()),
    }
    kinds = _kinds(history, offline, flagged), _kinds(history, probability, alert)
    return {
        "decisions": len(rows),
        "differences": differences,
        "recall at 0.5 % false positives, and of alerts": {
            name: {"fraud": one[0], "offline": one[1:], "live": kinds[1][name][1:]} for name, one in kinds[0].items()
        },
        "checks": {
            "every transaction has one decision": len(rows) == len(told.transactions),
            "nothing differs": not any(differences.values()) and kinds[0] == kinds[1],
            "no kind of fraud is never found": all(recall > 0 for _, recall, _ in kinds[1].values()),
        },
    }


def _kinds(history: History, score: Floats, flagged: Booleans) -> dict[str, tuple[int, float, float]]:
    """Each kind of fraud: how many, recall at 0.5 % false positives, share that is flagged."""
    usable = np.flatnonzero(history.usable)
    outcomes: Outcomes = history.outcomes(usable)
    groups = groups_of(score[usable], flagged[usable], outcomes)
    return {g.name: (g.frauds, g.recall or 0.0, g.recall_at_flag or 0.0) for g in groups if g.dimension == TYPOLOGY}


if __name__ == "__main__":
    main()
