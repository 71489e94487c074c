"""A demo's past, loaded on the real servers: stored, counted and decided as the stream would have done it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api.demo_cases import DemoAnalyst
from contracts.topics import LABEL_HEADER
from contracts.transaction import DEMO_CLIENT_ID
from scoring_worker.past_loader import past_loader
from scoring_worker.skew_command import TIME_MAX, TIME_MIN, _checked
from settings import Settings
from storage.backdate import backdate, is_empty
from storage.clients import ClientRepository
from storage.database import AnyPool
from tests.training.stored_world import learned
from training.simulator.past import RUN_ID, Past, past_of

NOW = datetime(2026, 11, 30, 12, 34, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
HOUR_MS = 3_600_000


@pytest.fixture
def loading_settings(
    settings: Settings, stack: Any, redis_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    learned(tmp_path, "v1", rounds=5)
    for name, value in {
        "REDIS_URL": stack.redis_url,
        "REDIS_KEY_PREFIX": redis_prefix,
        "MODEL_PATH": str(tmp_path / "v1"),
        "RISK_THRESHOLD_HIGH": "30",  # a small model is never as sure as a real one
    }.items():
        monkeypatch.setenv(name, value)
    return Settings(_env_file=None)


@pytest.fixture
def past() -> Past:
    return past_of(NOW_MS, transactions=1_500, accounts=150)


async def _load(settings: Settings, pool: AnyPool, past: Past) -> tuple[int, int]:
    analyst = DemoAnalyst(settings, past.fraud)
    async with past_loader(settings) as loader:
        for part in past.slices:
            await loader.transactions(part.transactions)
            await analyst.decide_until(datetime.fromtimestamp(part.end_ms / 1000, UTC))
            await loader.labels(part.labels)
            await loader.labels_given()
        await loader.fold_counts()
    await analyst.close()
    await backdate(pool, DEMO_CLIENT_ID, RUN_ID)
    return loader.done.decided, analyst.decided


def _end(records: list[Any], number: int) -> int:
    return max((record.offset + 1 for record in records if record.partition == number), default=0)


async def test_what_is_loaded_is_what_a_worker_would_have_stored(
    loading_settings: Settings, topics: Any, pool: AnyPool, past: Past, read_topic: Any
) -> None:
    await ClientRepository(pool).ensure_demo()
    assert await is_empty(pool)
    decided, cases = await _load(loading_settings, pool, past)
    assert decided == past.transactions > 1_000
    assert not await is_empty(pool)

    # A replay of what is stored computes the same bits, for accounts in every case.
    found = await _checked(loading_settings, (TIME_MIN, TIME_MAX), 1.0)
    assert found.transactions == decided
    assert found.mismatches == []
    assert found.compared["account"] == decided

    # The log holds what is stored, and nobody has to decide anything of it again.
    records = await read_topic(topics.transactions)
    labels = [record for record in records if (LABEL_HEADER, b"1") in record.headers]
    assert len(records) - len(labels) == decided
    offsets = {r["partition"]: r["next_offset"] for r in await pool.fetch("SELECT * FROM partition_offsets")}
    assert offsets == {number: _end(records, number) for number in range(loading_settings.kafka_partitions)}
    assert len(labels) == await pool.fetchval("SELECT count(*) FROM labels WHERE state = 'forwarded'") > 0

    # Alerts have numbers without gaps, times of their own, and cases, the older of them decided by their truth.
    alerts = await pool.fetch("SELECT * FROM alerts ORDER BY sequence")
    assert [alert["sequence"] for alert in alerts] == list(range(1, len(alerts) + 1))
    assert alerts
    assert all(0 <= alert["created_at_ms"] - alert["event_time_ms"] < HOUR_MS for alert in alerts)
    assert cases > 0
    verdicts = await pool.fetch(
        "SELECT a.transaction_id, d.verdict, d.decided_at, a.event_time_ms FROM alerts AS a"
        " JOIN case_decisions AS d ON d.decision_id = a.decision_id"
    )
    for verdict in verdicts:
        assert (verdict["verdict"] == "confirmed_fraud") == (verdict["transaction_id"] in past.fraud)
        assert verdict["event_time_ms"] < verdict["decided_at"].timestamp() * 1000 <= NOW_MS


async def test_no_label_is_there_before_it_became_known(
    loading_settings: Settings, topics: Any, pool: AnyPool, past: Past
) -> None:
    await ClientRepository(pool).ensure_demo()
    await _load(loading_settings, pool, past)
    newest = await pool.fetchval("SELECT max(known_at_ms) FROM labels")
    assert newest <= NOW_MS
    waiting = await pool.fetchval("SELECT count(*) FROM labels WHERE state IN ('waiting', 'ready')")
    assert waiting == 0
    assert await pool.fetchval("SELECT count(*) FROM label_outbox") == 0


def test_the_past_ends_before_now_and_is_the_same_for_an_hour() -> None:
    past = past_of(NOW_MS, transactions=1_000, accounts=100)
    again = past_of(NOW_MS + HOUR_MS // 4, transactions=1_000, accounts=100)
    assert past == again
    transactions = [each for part in past.slices for each in part.transactions]
    assert max(each.event_time_ms for each in transactions) < NOW_MS
    assert all(each.transaction_id.startswith(RUN_ID) for each in transactions)
    for part in past.slices:
        assert all(label.known_at.timestamp() * 1000 < part.end_ms for label in part.labels)
