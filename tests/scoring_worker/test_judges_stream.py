"""JSONTestSuite and naughty strings on the real topic, through a whole worker: each decided, or kept with its reason.

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
from tests.judges.naughty import suite
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


TEXTS = ("account_id", "device_id", "merchant_id", "merchant_category", "beneficiary_id", "channel", "location")


def payment_of(text: str) -> bytes:
    """A payment whose texts are all the same one."""
    known = {"amount": 5.0, "timestamp": datetime.now(UTC).isoformat(), "note": text}
    return msgspec.json.encode({"transaction_id": text, **known, **dict.fromkeys(TEXTS, text)})


async def test_the_suites(
    settings: Settings, topics: Topics, environment: dict[str, str], tmp_path: Path, pool: Pool, read_topic: Read
) -> None:
    texts = {case: text for case, text in cases("json", "*.json").items() if len(text) < 60_000}  # what a message holds
    within = {case: payment_with(case, text) for case, text in texts.items()}
    strings = {string: payment_of(string.text) for string in suite()}
    values = [*within.values(), *texts.values(), *strings.values()]
    await put_through(values, settings, topics, environment, tmp_path, pool)
    stored = {bytes(row[0]) for row in await pool.fetch("SELECT body FROM transactions")}
    letters = {record.value: headers_of(record) for record in await read_topic(topics.dead_letters)}
    assert len(stored) + len(letters) == len(set(values))  # each as it came

    verdicts = Verdicts("JSONTestSuite", "topic of transactions, by a worker")
    for case, text in texts.items():
        whole, inside = letters[text][0], letters.get(within[case], ("decided",))[0]  # none is a payment by itself
        if case.startswith("y_"):
            verdicts.judge(case, inside == "decided" and whole not in NOT_JSON, (inside, whole))
        elif case.startswith("n_"):
            verdicts.judge(case, inside in NOT_JSON, inside)
    verdicts.check()

    verdicts = Verdicts("Naughty strings", "topic of transactions, by a worker")
    for string, body in strings.items():
        reason = letters.get(body, ("", ""))[1]
        named = any(f"`$.{field}`" in reason for field in ("transaction_id", *TEXTS))
        verdicts.judge(string.name, body in stored or named, reason)
    verdicts.check()


async def put_through(
    values: list[bytes], settings: Settings, topics: Topics, environment: dict[str, str], folder: Path, pool: Pool
) -> None:
    """Publish them, and let a worker take them all."""
    letters = DeadLetterRepository(pool)
    messages: list[Message] = [(b"key", value, ()) for value in values]
    for start in range(0, len(messages), BATCH):
        await produce_raw(settings, topics.transactions, 1, batch_of(messages[start : start + BATCH]))

    async def all_done() -> bool:
        decided: int = await pool.fetchval("SELECT count(*) FROM decided")
        return decided + await letters.count() >= len(messages)

    async with running_worker(folder, environment, "one") as worker:
        await worker.until(all_done)
        assert await worker.terminate() == 0, worker.log


def headers_of(record: ConsumerRecord) -> tuple[str, str]:
    """A dead letter's reason, as a code and as a sentence."""
    headers = dict(record.headers)
    code, sentence = (headers[f"__connect.errors.exception.{name}"].decode() for name in ("class.name", "message"))
    return code, sentence
