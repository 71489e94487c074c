"""Messages that end the process that touches them: workers that are started again get past them."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec
import pytest
import zstandard

from contracts.topics import Topics
from riskstream_client.partitioner import partition_of
from scoring_worker.careful import DEATHS_MAX
from settings import Settings
from storage.database import Pool
from storage.dead_letters import DeadLetterRepository
from tests.scoring_worker.raw_produce import Message, batch_of, produce_raw
from tests.scoring_worker.running_worker import RunningWorker, running_worker
from tests.scoring_worker.test_bombs import ACCOUNT, payment

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]
SIGKILL = -9
Condition = Callable[[], Awaitable[bool]]
STARTS_MAX = 6  # what `riskstream up` allows within five minutes
PATCHES = '''
"""A defect in native code, as far as a worker can tell: SIGKILL in the middle of reading, or of deciding."""

import os
import signal
import sys


class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "pipeline.intake":
            import contracts.transaction as module
            module.decode_transaction = killing(module.decode_transaction, b"kills deciders")
        elif name == "scoring_worker.label_session":
            import contracts.label as module
            module.decode_label = killing(module.decode_label, b"kills forwarders")
        elif name == "pipeline.kafka_consumer":
            import pipeline.batch_payload as module
            module.unpacked = killing(module.unpacked, b"kills readers")
        return None


def killing(function, word):
    def wrapped(*arguments):
        result = function(*arguments)
        if any(isinstance(each, bytes) and word in each for each in (*arguments, result)):
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return wrapped


sys.meta_path.insert(0, Finder())
'''


@pytest.fixture
def patches(tmp_path: Path) -> Path:
    folder = tmp_path / "patches"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(PATCHES)
    return folder


def killer(word: str) -> Message:
    key, value, headers = payment("killer")
    return key, msgspec.json.encode({**msgspec.json.decode(value or b""), "note": word}), headers


async def dies(worker: RunningWorker, all_done: Condition) -> bool:
    """Whether it was killed before everything was done."""

    async def either() -> bool:
        return worker.has_ended or await all_done()

    await worker.until(either, may_end=True)
    if worker.has_ended:
        assert await worker.death() == SIGKILL, worker.log
    return worker.has_ended


async def some_die(tmp_path: Path, environment: dict[str, str], name: str, patches: Path, all_done: Condition) -> None:
    """Start workers until one gets everything done: more than DEATHS_MAX of them die, and fewer than STARTS_MAX."""
    deaths = 0
    for start in range(STARTS_MAX):
        async with running_worker(tmp_path, environment, f"{name} {start}", patches) as worker:
            if not await dies(worker, all_done):
                assert await worker.terminate() == 0, worker.log
                break
        deaths += 1
    assert DEATHS_MAX < deaths < STARTS_MAX


def payments(name: str, count: int) -> list[Message]:
    return [payment(f"{name} {number}") for number in range(count)]


@pytest.mark.parametrize(("word", "is_whole_batch"), [("kills deciders", False), ("kills readers", True)])
async def test_what_kills_workers_is_set_aside(
    word: str, is_whole_batch: bool, settings: Settings, topics: Topics, pool: Pool, environment: dict[str, str],
    tmp_path: Path, patches: Path,
) -> None:  # fmt: skip
    register = DeadLetterRepository(pool)

    async def publish(messages: Sequence[Message]) -> int:
        partition = partition_of(ACCOUNT, settings.kafka_partitions)
        batch = batch_of(messages, codec=4, compress=zstandard.compress) if is_whole_batch else batch_of(messages)
        return await produce_raw(settings, topics.transactions, partition, batch)

    before = payments("before", 10)
    beside = payments("beside", 3)
    await publish(before)
    offset = await publish([*beside[:2], killer(word), *beside[2:]])
    await publish(payments("after", 10))
    expected = {msgspec.json.decode(value or b"")["transaction_id"] for _, value, _ in before + payments("after", 10)}
    expected |= set() if is_whole_batch else {"beside 0", "beside 1", "beside 2"}

    async def all_done() -> bool:
        rows = await pool.fetch("SELECT transaction_id FROM decided")
        return {row[0] for row in rows} == expected and await register.count() == 1

    await some_die(tmp_path, environment, word, patches, all_done)
    (row,) = await register.page()
    assert (row.reason, row.source_offset) == ("killed_workers", offset + (3 if is_whole_batch else 2))
    assert await pool.fetchval("SELECT count(*) FROM offset_attempts") == 0, "a clean end leaves no suspicion"


async def test_a_label_that_kills_workers_is_set_aside(
    settings: Settings, topics: Topics, pool: Pool, environment: dict[str, str], tmp_path: Path, patches: Path
) -> None:
    register = DeadLetterRepository(pool)
    good = {"transaction_id": "unknown", "fraud": True, "known_at": "2026-01-01T00:00:00Z"}
    labels = [good, {**good, "transaction_id": "kills forwarders"}, {**good, "revision": 1}]
    messages: list[Message] = [(b"k", msgspec.json.encode(label), ()) for label in labels]
    offset = await produce_raw(settings, topics.labels, 0, batch_of(messages))

    async def all_done() -> bool:
        return await pool.fetchval("SELECT count(*) FROM labels") == 2 and await register.count() == 1

    await some_die(tmp_path, environment, "label", patches, all_done)
    (row,) = await register.page()
    assert (row.reason, row.source_topic, row.source_offset) == ("killed_workers", topics.labels, offset + 1)
