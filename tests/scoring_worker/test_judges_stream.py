"""JSONTestSuite on the real topic, through a whole worker: decided once, or kept byte for byte with its reason.

Small cases of our own stand in `damaged.py`.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import ConsumerRecord

from contracts.topics import Topics
from settings import Settings
from storage.database import Pool
from storage.dead_letters import DeadLetterRepository
from tests.judges.suites import Verdicts, cases
from tests.scoring import small_model
from tests.scoring_worker.raw_produce import Message, batch_of, produce_raw
from tests.scoring_worker.running_worker import running_worker

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
Read = Callable[[str], Awaitable[list[ConsumerRecord]]]
BATCH = 50  # records
NOT_JSON = {"not_json", "not_utf8", "empty"}


@pytest.fixture
def environment(stack: Any, settings: Settings, redis_prefix: str, tmp_path: Path) -> dict[str, str]:
    raw = bytes(small_model.booster().save_raw("ubj"))
    model = small_model.write(tmp_path / "small", raw, small_model.manifest_of(raw))
    return {"REDIS_URL": stack.redis_url, "REDIS_KEY_PREFIX": redis_prefix, "MODEL_PATH": str(model)}


def payment_with(case: str, text: bytes) -> bytes:
    """A payment in which the case is the value of a field that is none of ours."""
    known = {
        "transaction_id": case,
        "amount": 5.0,
        "timestamp": datetime.now(UTC).isoformat(),
        "account_id": f"account-{len(text) % 7}",
    }
    return msgspec.json.encode(known)[:-1] + b',"extra":' + text + b"}"


async def put_through(
    texts: dict[str, bytes], settings: Settings, topics: Topics, environment: dict[str, str], folder: Path, pool: Pool
) -> set[str]:
    """Publish each text in a payment and by itself; the cases whose payment was decided."""
    letters = DeadLetterRepository(pool)
    values = [payment_with(case, text) for case, text in texts.items()] + list(texts.values())
    messages: list[Message] = [(b"key", value, ()) for value in values]
    for start in range(0, len(messages), BATCH):
        await produce_raw(settings, topics.transactions, 1, batch_of(messages[start : start + BATCH]))

    async def decided() -> list[str]:
        return [record[0] for record in await pool.fetch("SELECT transaction_id FROM decided")]

    async def all_done() -> bool:
        return len(await decided()) + await letters.count() >= len(messages)

    async with running_worker(folder, environment, "one") as worker:
        await worker.until(all_done)
        assert await worker.terminate() == 0, worker.log
    found = await decided()
    assert len(set(found)) == len(found)
    assert len(found) + await letters.count() == len(messages)
    return set(found)


async def test_the_suite(
    settings: Settings, topics: Topics, environment: dict[str, str], tmp_path: Path, pool: Pool, read_topic: Read
) -> None:
    texts = {case: text for case, text in cases("json", "*.json").items() if len(text) < 60_000}  # what a message holds
    decided = await put_through(texts, settings, topics, environment, tmp_path, pool)
    letters = {record.value: reason_of(record) for record in await read_topic(topics.dead_letters)}
    verdicts = Verdicts("JSONTestSuite", "topic of transactions, by a worker")
    for case, text in texts.items():
        whole = letters.get(text)
        assert whole, case  # none of them is a transaction by itself
        if case.startswith("y_"):
            verdicts.judge(case, case in decided and whole not in NOT_JSON, whole)
        elif case.startswith("n_"):
            reasons = [reason for value, reason in letters.items() if value.endswith(b',"extra":' + text + b"}")]
            verdicts.judge(case, case not in decided and set(reasons) <= NOT_JSON and bool(reasons), reasons)
    verdicts.check()


def reason_of(record: ConsumerRecord) -> str:
    return dict(record.headers)["__connect.errors.exception.class.name"].decode()
