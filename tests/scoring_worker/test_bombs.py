"""A whole worker, and batches that unpack to hundreds of times what was sent."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka.codec import gzip_encode, lz4_encode, snappy_encode, zstd_encode

from contracts.topics import Topics
from pipeline.kafka_producer import broker_arguments
from riskstream_client.partitioner import partition_of
from scoring_worker.dead_letter_replay import DeadLetterReader
from settings import Settings
from storage.database import Pool
from storage.dead_letters import DeadLetterRepository
from tests.scoring_worker.raw_produce import Message, batch_of, produce_raw
from tests.scoring_worker.running_worker import running_worker

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
ACCOUNT = b"bombed"
BOMBS = [
    ("gzip", 1, gzip_encode, 300_000_000),
    ("xerial", 2, snappy_encode, 20_000_000),
    ("snappy", 2, lambda data: snappy_encode(data, xerial_compatible=False), 20_000_000),
    ("lz4", 3, lz4_encode, 200_000_000),
    ("zstd", 4, zstd_encode, 300_000_000),
]
GROWTH_MAX = 250 * 2**20  # of the worker's memory at its highest; one bomb of gzip took 900 MB


@pytest.fixture
def settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """With the default limit of a message: what 64 KiB of snappy hold is no bomb."""
    monkeypatch.setenv("KAFKA_MESSAGE_BYTES_MAX", "1048576")
    return Settings(_env_file=None)


def payment(transaction_id: str) -> Message:
    when = datetime.now(UTC) - timedelta(minutes=5)
    body = {"transaction_id": transaction_id, "amount": 5.0, "timestamp": when.isoformat(), "account_id": "bombed"}
    return ACCOUNT, msgspec.json.encode(body), ()


async def test_bombs_of_every_codec_are_kept_and_their_other_messages_decided(
    settings: Settings, topics: Topics, pool: Pool, environment: dict[str, str], tmp_path: Path
) -> None:
    partition = partition_of(ACCOUNT, settings.kafka_partitions)
    register = DeadLetterRepository(pool)
    sent: list[str] = []
    bombs: dict[int, bytes] = {}

    async def publish(*messages: Message, **how: Any) -> tuple[int, bytes]:
        sent.extend(msgspec.json.decode(value)["transaction_id"] for _, value, _ in messages if value and value[0])
        batch = batch_of(messages, **how)
        return await produce_raw(settings, topics.transactions, partition, batch), batch

    async def all_decided() -> bool:
        return await pool.fetchval("SELECT count(*) FROM decided") == len(sent)

    async def all_kept() -> bool:
        return await all_decided() and await register.count() == len(bombs)

    async with running_worker(tmp_path, environment, "bombed") as worker:
        await publish(payment("calm"))
        await worker.until(all_decided)
        calm = highest_memory(worker.pid)
        for name, codec, compress, size in BOMBS:
            bomb: Message = (ACCOUNT, bytes(size), ())
            offset, batch = await publish(
                payment(f"{name} before"), bomb, payment(f"{name} after"), codec=codec, compress=compress
            )
            bombs[offset + 1] = batch
        await publish(payment("last"))
        await worker.until(all_kept)
        grown = highest_memory(worker.pid) - calm
        assert await worker.terminate() == 0, worker.log
    assert grown < GROWTH_MAX

    rows = {row.source_offset: row for row in await register.page()}
    assert set(rows) == set(bombs)
    async with DeadLetterReader(topics.dead_letters, broker_arguments(settings)) as reader:
        for offset, row in rows.items():
            assert row.reason == "batch_too_large"
            assert f"the batch of offsets {offset - 1} to {offset + 1} " in row.detail
            letter = await reader.read(row.dlq_partition, row.dlq_offset)
            assert letter.value is not None
            assert letter.value[61:] == bombs[offset][61:], "its bytes; the broker writes offset and time before them"


def highest_memory(pid: int) -> int:
    """Bytes that the process has held at its highest."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        pytest.skip("only Linux tells how much memory a process has held")
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024
