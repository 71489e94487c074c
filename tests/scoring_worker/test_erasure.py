"""A person is erased: afterwards nothing that is theirs can be found in any table, key, topic, log or file."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from aiokafka import ConsumerRecord
from redis.asyncio import Redis

from api.erasing import UploadInUse, erase_account
from contracts.topics import Topics
from contracts.transaction import Transaction, decode_transaction
from features.events import entity_key
from features.plan import Entity
from scoring_worker.erasures import finish_erasures
from settings import Settings
from storage import erasure
from storage.audit import AuditEntry, record
from storage.database import ClientPool, Pool, connect, session
from storage.roles import GATEWAY
from tests.analysis.parquet_rows import write_upload
from tests.scoring import small_model
from tests.scoring_worker.raw_produce import batch_of, produce_raw
from tests.scoring_worker.running_worker import running_worker
from tests.scoring_worker.search_everywhere import found_anywhere

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
Read = Callable[[str], Awaitable[list[ConsumerRecord]]]
PERSON = "acct-Wanjiru-4711"
# What is hers alone; the shop, and the phone that another account uses too, stay.
HERS = {
    "account_id": PERSON, "phone_number": "+254711223344", "beneficiary_id": "mother-of-Wanjiru",
    "ip_address": "203.0.113.77", "location": "Kiambu-Ridgeways", "name": "Wanjiru Mwangi-Otieno",
    "latitude": -1.2297531, "longitude": 36.8391246, "device_id": "handset-of-Wanjiru",
}  # fmt: skip
NOTE = "Wanjiru told me that it was her sister"
PAYMENTS = 6


@pytest.fixture(scope="session")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    raw = bytes(small_model.booster().save_raw("ubj"))
    return small_model.write(tmp_path_factory.mktemp("model") / "small", raw, small_model.manifest_of(raw))


@pytest.fixture
def whole(
    stack: Any, settings: Settings, redis_prefix: str, model_path: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Settings:  # fmt: skip
    for name, value in {
        "REDIS_URL": stack.redis_url,
        "REDIS_KEY_PREFIX": redis_prefix,
        "MODEL_PATH": str(model_path),
        "RISK_THRESHOLD_HIGH": "0.000001",
        "UPLOAD_DIR": str(tmp_path / "uploads"),
        "SHUTDOWN_DEADLINE_S": "10",
    }.items():
        monkeypatch.setenv(name, value)
    return Settings(_env_file=None)


def payment(number: int, **fields: Any) -> tuple[bytes, bytes, tuple[()]]:
    at = datetime.now(UTC) - timedelta(hours=1) + timedelta(seconds=number)
    body = {"transaction_id": f"t{number}", "amount": 5 + number, "timestamp": at, "merchant_id": "shop", **fields}
    return fields.get("account_id", "").encode(), msgspec.json.encode(body), ()


async def published(settings: Settings) -> None:
    """Hers and others', one of whom uses a phone that she uses too; and a broken message of hers."""
    hers = [payment(number, **HERS) for number in range(PAYMENTS)]
    hers[0] = payment(0, **HERS | {"device_id": "shared-tablet"})
    others = [payment(100 + number, account_id="other", device_id="shared-tablet") for number in range(3)]
    broken = (PERSON.encode(), msgspec.json.encode(HERS), ())
    await produce_raw(settings, settings.topics.transactions, 0, batch_of([*hers, *others, broken]))


async def counts(pool: Pool) -> dict[str, Any]:
    return {
        query: [tuple(row) for row in await pool.fetch(query)]
        for query in (
            "SELECT count(*), sum(amount), min(event_time_ms), max(event_time_ms) FROM transactions",
            "SELECT count(*), sum(risk_score) FROM decisions",
            "SELECT count(*), min(sequence), max(sequence), sum(risk_score) FROM alerts",
            "SELECT count(*), sum(alert_count) FROM cases",
            "SELECT count(*) FROM decided",
            "SELECT sum(decisions), sum(amount), (SELECT count(*) FROM decision_deltas) FROM decision_rollups",
        )
    }


async def worked_on(pool: Pool, settings: Settings) -> UUID:
    """A note, a verdict with its audit entry, an answer that is kept, an anomaly and a file with her in it."""
    case_id = await pool.fetchval("SELECT case_id FROM cases WHERE account = $1", PERSON)
    await pool.execute(
        "INSERT INTO case_notes (client_id, case_id, actor, body, written_at) VALUES (1, $1, 'key:1', $2, now())",
        case_id, NOTE,
    )  # fmt: skip
    await pool.execute(
        "INSERT INTO case_decisions (client_id, case_id, verdict, reason, actor, decided_at)"
        " VALUES (1, $1, 'legitimate', $2, 'key:1', now())", case_id, NOTE,
    )  # fmt: skip
    async with session(pool) as connection, connection.transaction():
        await record(connection, AuditEntry(
            client_id=1, actor="key:1", action="case.decided", subject=f"case:{case_id}", detail={"reason": NOTE},
        ))  # fmt: skip
    await pool.execute(
        "INSERT INTO idempotent_requests (client_id, actor, key_hash, request_hash, attempt, tried_until, status, body,"
        " expires_at) VALUES (1, 'key:1', 'k', 'r', $1, now(), 200, $2, now() + interval '1 day')",
        uuid4(), f'{{"account": "{PERSON}"}}'.encode(),
    )  # fmt: skip
    return await write_upload(pool, settings.upload_dir, [PERSON, "other"])


async def test_nothing_of_a_person_is_left_and_every_count_stays(
    whole: Settings, topics: Topics, pool: Pool, read_topic: Read, tmp_path: Path
) -> None:
    redis = Redis.from_url(whole.redis_url)
    words = [str(value) for value in HERS.values()] + [NOTE, "Wanjiru"]
    async with running_worker(tmp_path, {}, "worker") as worker:
        await published(whole)
        await worker.until(lambda: _is_decided(pool, PAYMENTS + 3))
        await worker.until(lambda: _has_dead_letter(pool))
        await worker.until(lambda: _is_rolled_up(pool))
        upload_id = await worked_on(pool, whole)
        files = [tmp_path / "worker.log"]
        all_topics = (topics.transactions, topics.labels, topics.dead_letters, topics.decisions, topics.alerts)
        arguments = (pool, redis, whole, read_topic, all_topics)
        before = await found_anywhere(*arguments, [*files, *_files(whole)], words)
        assert {place.split(":")[0] for place in before} >= {"alerts", "case_notes", "audit_log", "idempotent_requests"}
        counted = await counts(pool)
        key = entity_key(Entity.ACCOUNT, 1, PERSON)[0]
        assert await _has_state(redis, whole, key)

        async with await connect(whole.postgres_dsn, size_max=1, role=GATEWAY) as gateway:
            client = ClientPool(gateway, 1)
            async with session(client) as connection:
                exported = await erasure.export(connection, 1, PERSON)
            assert len(exported["transactions"]) == PAYMENTS
            assert HERS["name"] in exported["transactions"][0]["received"]
            assert exported["case_notes"][0]["body"] == NOTE
            erased = await erase_account(client, redis, whole, PERSON, (1, "key:1", "r"))
            assert erased is not None
            assert (erased.state_done, erased.counts["transactions"], erased.counts["uploads"]) == (True, PAYMENTS, 1)
            assert await erase_account(client, redis, whole, PERSON, (1, "key:1", "r")) is None
        await worker.until(lambda: _is_finished(whole, pool))

        assert await found_anywhere(*arguments, [*files, *_files(whole)], words) == []
        assert not (whole.upload_dir / "1" / str(upload_id)).exists()
        assert await counts(pool) == counted
        assert not await _has_state(redis, whole, key)
        assert await pool.fetchval("SELECT count(*) FROM transactions WHERE device_id = 'shared-tablet'") == 4
        (entry,) = await pool.fetch("SELECT actor, detail::text FROM audit_log WHERE action = 'account.erased'")
        assert entry["actor"] == "key:1"
        for body in await pool.fetch("SELECT body FROM transactions"):
            assert isinstance(decode_transaction(body["body"]), Transaction)  # the state can still be rebuilt

        await produce_raw(whole, topics.transactions, 0, batch_of([payment(500, account_id="other")]))
        await worker.until(lambda: _is_decided(pool, PAYMENTS + 4))  # the stream goes on where records were deleted
    await redis.aclose()


async def test_a_run_over_her_file_is_waited_for_and_another_clients_account_is_not_touched(
    whole: Settings, topics: Topics, pool: Pool
) -> None:
    redis = Redis.from_url(whole.redis_url)
    upload_id = await write_upload(pool, whole.upload_dir, [PERSON])
    job_id, run_id = uuid4(), uuid4()
    await pool.execute("INSERT INTO jobs (job_id, client_id, kind, subject, priority, created_by)"
                       " VALUES ($1, 1, 'run', $2, 1, 'x')", job_id, str(run_id))  # fmt: skip
    await pool.execute(
        "INSERT INTO analysis_runs (run_id, client_id, job_id, upload_id, strategy_id, strategy_version, strategy,"
        " created_by) VALUES ($1, 1, $2, $3, 's', 1, '{}', 'x')", run_id, job_id, upload_id,
    )  # fmt: skip
    async with await connect(whole.postgres_dsn, size_max=1, role=GATEWAY) as gateway:
        with pytest.raises(UploadInUse):
            await erase_account(ClientPool(gateway, 1), redis, whole, PERSON, (1, "key:1", ""))
        assert await erase_account(ClientPool(gateway, 2), redis, whole, PERSON, (2, "key:2", "")) is None
    assert (whole.upload_dir / "1" / str(upload_id)).exists()
    await redis.aclose()


def _files(settings: Settings) -> list[Path]:
    return [path for path in settings.upload_dir.rglob("*") if path.is_file()]


async def _is_decided(pool: Pool, count: int) -> bool:
    return bool(await pool.fetchval("SELECT count(*) FROM decided") >= count)


async def _has_dead_letter(pool: Pool) -> bool:
    return bool(await pool.fetchval("SELECT count(*) FROM dead_letters"))


async def _is_rolled_up(pool: Pool) -> bool:
    return bool(await pool.fetchval("SELECT NOT EXISTS (SELECT FROM decision_deltas)"))


async def _has_state(redis: Redis, settings: Settings, key: bytes) -> bool:
    names = [name async for name in redis.scan_iter(match=f"{settings.redis_key_prefix}:*")]
    return any(name.endswith(b":e:" + key) for name in names)


async def _is_finished(settings: Settings, pool: Pool) -> bool:
    return await finish_erasures(settings, pool) == 0


async def test_the_command_erases_as_an_operator_and_cleans_the_topics(
    whole: Settings, topics: Topics, pool: Pool, read_topic: Read
) -> None:
    upload_id = await write_upload(pool, whole.upload_dir, [PERSON])
    await produce_raw(whole, topics.decisions, 1, batch_of([(PERSON.encode(), b"{}", ())]))
    rewrites = await _rewrites(whole)
    for expected in ("Erased (", "Nothing is stored about this account."):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "riskstream", "erase", PERSON, "--client", "1", "--yes",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()
        assert process.returncode == 0, output.decode()
        assert expected in output.decode()
        assert "Kafka's records are deleted." in output.decode()
    assert await read_topic(topics.decisions) == []
    assert not (whole.upload_dir / "1" / str(upload_id)).exists()
    entry = await pool.fetchrow("SELECT actor, detail::text FROM audit_log WHERE action = 'account.erased'")
    assert entry is not None
    assert (entry["actor"], PERSON in entry["detail"]) == ("operator", False)
    async with asyncio.timeout(30):
        while await _rewrites(whole) == rewrites:  # noqa: ASYNC110 - Redis says it when asked
            await asyncio.sleep(0.1)


async def _rewrites(settings: Settings) -> int:
    """How often Redis has written its append-only file anew."""
    redis = Redis.from_url(settings.redis_url)
    try:
        return int((await redis.info("persistence"))["aof_rewrites"])
    finally:
        await redis.aclose()
