"""The whole path on real servers: what the stream stored equals the offline fold of its log, also after kills."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.harness import Lane, StoredOffsets, Worker
from bench.live_evaluation import compared, history_at_midnights, stream
from bench.parity import compare_with_offline_fold
from bench.publishing import publish
from bench.snapshot import take
from bench.workload import messages, simulated
from scoring import registry
from scoring.model import load
from scoring_worker.topics import ensure_topics
from tests.scoring import small_model
from tests.training.stored_world import learned

TRANSACTIONS = 20_000
DAMAGED_SHARE = 0.005
KILL_AT = (3_000, 11_000)  # stored records; the batch that is under way then dies between any two steps
DEADLINE_S = 240.0
LIVE_TRANSACTIONS, LIVE_DAYS = 6_000, 16.0  # longer than the label delay, so that labels count
KINDS_FOUND_MIN = 2  # by a model that has learned a little: something to compare beside zeros


@pytest.fixture
def lane(stack: Any, database_url: str, topic_prefix: str, redis_prefix: str, raw_model: bytes, tmp_path: Path) -> Lane:
    manifest = small_model.manifest_of(raw_model)
    small_model.write(tmp_path / "models" / manifest.version, raw_model, manifest)
    registry.promote(tmp_path / "models", manifest.version)
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": stack.kafka,
        "KAFKA_TOPIC_PREFIX": topic_prefix,
        "KAFKA_PARTITIONS": "1",
        "REDIS_URL": stack.redis_url,
        "REDIS_KEY_PREFIX": redis_prefix,
        "DATABASE_URL": database_url,
        "MODEL_PATH": str(tmp_path / "models"),
        "METRICS_PORT": "0",
    }
    made = Lane("parity", environment)
    asyncio.run(ensure_topics(made.settings))
    return made


@pytest.fixture
def raw_model() -> bytes:
    return bytes(small_model.booster(rows=1000).save_raw("ubj"))


@pytest.fixture
def worker(lane: Lane, tmp_path: Path) -> Iterator[Worker]:
    made = Worker(lane, tmp_path / "worker.log")
    yield made
    if made.alive:
        made.kill()


def test_stored_vectors_equal_the_offline_fold_though_the_worker_is_killed(lane: Lane, worker: Worker) -> None:
    sent = list(messages(simulated(TRANSACTIONS), DAMAGED_SHARE, bytes_max=100_000))
    damaged = sum(message.damaged for message in sent)
    asyncio.run(publish(lane, sent))
    worker.start()
    _wait_until_stored(lane, worker, len(sent))
    worker.stop()

    found = asyncio.run(take(lane))

    assert len(found.decisions) == TRANSACTIONS
    assert len(found.dead_letters) == damaged
    assert found.next_offsets == {0: len(sent)}
    assert [alert[1] for alert in found.alerts] == list(range(1, len(found.alerts) + 1))
    assert found.journal_entries == 0
    compared = asyncio.run(compare_with_offline_fold(lane, found))
    assert compared["vectors"] == TRANSACTIONS
    assert compared["different vectors"] == 0
    assert compared["different states"] == 0


def test_a_live_stream_finds_what_the_offline_evaluation_says(lane: Lane, worker: Worker) -> None:
    models = Path(lane.environment["MODEL_PATH"])
    model = load(learned(models, "learned"))
    registry.promote(models, "learned")
    told = history_at_midnights(LIVE_TRANSACTIONS, seed=3, days=LIVE_DAYS)
    worker.start()
    asyncio.run(stream(lane, worker, told))
    worker.stop()

    found = asyncio.run(compared(lane, told, model))

    assert found["decisions"] == LIVE_TRANSACTIONS
    assert not any(found["differences"].values())
    assert found["checks"]["nothing differs"]
    kinds = found["recall at 0.5 % false positives, and of alerts"].values()
    assert sum(kind["live"][0] > 0 for kind in kinds) >= KINDS_FOUND_MIN


def _wait_until_stored(lane: Lane, worker: Worker, records: int) -> None:
    offsets = StoredOffsets(lane)
    kill_at = list(KILL_AT)
    deadline = time.monotonic() + DEADLINE_S
    for stored in offsets.totals():
        if stored >= records:
            break
        assert time.monotonic() < deadline, f"{stored} of {records} are stored"
        if kill_at and stored >= kill_at[0]:
            kill_at.pop(0)
            worker.kill()
            worker.start()
    offsets.close()
