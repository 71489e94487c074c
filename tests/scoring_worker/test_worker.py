"""Whole workers, each a process of its own, on real servers: what they do with everything that a topic can hold."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.codec import zstd_encode

from contracts.decision import Decision
from contracts.topics import Topics
from contracts.transaction import Transaction, encode_transaction
from riskstream_client.partitioner import partition_of
from scoring_worker.dead_letters import EXACT_NAMES, original_headers
from scoring_worker.kafka import consumer_arguments
from settings import Settings
from storage.database import Pool
from storage.dead_letters import DeadLetterRepository
from tests.scoring_worker.damaged import damaged
from tests.scoring_worker.raw_produce import Message, batch_of, produce_raw
from tests.scoring_worker.running_worker import running_worker, samples

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
Read = Callable[[str], Awaitable[list[ConsumerRecord]]]
ZSTD = 4
ACCOUNTS = 20
ROUNDS_MAX = 200  # some tenths of a second each


class Traffic:
    """What was published, and what has become of it."""

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self._settings, self._pool = settings, pool
        self._now = datetime.now(UTC)
        self.ids: list[str] = []

    async def publish(self, count: int, *, beside: Sequence[Message] = ()) -> None:
        """So many transactions, every tenth of them twice, into their accounts' partitions; `beside` in between."""
        batches: dict[int, list[Message]] = {number: [] for number in range(self._settings.kafka_partitions)}
        for number in range(len(self.ids), len(self.ids) + count):
            account = f"account-{number % ACCOUNTS}"
            transaction = Transaction(
                transaction_id=f"t{number}", amount=5 + number % 7, account_id=account, merchant_id="m",
                timestamp=self._now - timedelta(hours=2) + timedelta(milliseconds=100 * number),
            )  # fmt: skip
            message = (account.encode(), encode_transaction(transaction), ())
            batch = batches[partition_of(account.encode(), len(batches))]
            batch += [message, message] if number % 10 == 0 else [message]
            self.ids.append(transaction.transaction_id)
        for number, message in enumerate(beside):
            batch = batches[number % len(batches)]
            batch.insert(number * 7 % (len(batch) + 1), message)
        for partition, batch in batches.items():
            if batch:
                await produce_raw(self._settings, self._settings.topics.transactions, partition, batch_of(batch))

    async def decided(self) -> list[str]:
        return [record[0] for record in await self._pool.fetch("SELECT transaction_id FROM decided")]

    async def all_decided(self) -> bool:
        return len(await self.decided()) >= len(self.ids)

    async def assert_each_decided_once(self, read_topic: Read) -> None:
        assert sorted(await self.decided()) == sorted(self.ids)
        published = [
            msgspec.json.decode(record.value, type=Decision).transaction_id
            for record in await read_topic(self._settings.topics.decisions)
        ]
        assert sorted(published) == sorted(self.ids)

    async def committed(self) -> list[tuple[int | None, int]]:
        """Of every partition: the group's committed offset, and the log's end."""
        arguments = consumer_arguments(self._settings)
        places = [
            TopicPartition(self._settings.topics.transactions, number)
            for number in range(self._settings.kafka_partitions)
        ]
        async with AIOKafkaConsumer(**arguments) as consumer:
            consumer.assign(places)
            ends = await consumer.end_offsets(places)
            return [(await consumer.committed(place), ends[place]) for place in places]


@pytest.fixture
def traffic(settings: Settings, topics: Topics, pool: Pool) -> Traffic:
    return Traffic(settings, pool)


async def test_damaged_messages_are_kept_and_everything_else_is_decided_once(
    traffic: Traffic, settings: Settings, topics: Topics, environment: dict[str, str], tmp_path: Path, pool: Pool,
    read_topic: Read,
) -> None:  # fmt: skip
    cases = damaged(datetime.now(UTC))
    letters = DeadLetterRepository(pool)
    await traffic.publish(100)
    for case in cases:  # each in a batch of its own: some are as large as a batch may be
        packed = batch_of([case.message], codec=ZSTD, compress=zstd_encode) if case.compressed else None
        await produce_raw(settings, topics.transactions, 1, packed or batch_of([case.message]))
    small = [case for case in cases if len(case.message[1] or b"") < 500]
    await traffic.publish(100, beside=[case.message for case in small])  # and in batches with good ones

    async with running_worker(tmp_path, environment, "one") as worker:

        async def all_done() -> bool:
            return await traffic.all_decided() and await letters.count() >= len(cases) + len(small)

        await worker.until(all_done)
        await worker.until(worker.has_partitions)
        await traffic.publish(1)  # into an idle stream
        await worker.until(traffic.all_decided)
        found = await worker.get("/metrics")
        assert found is not None
        metrics = samples(found.text)
        assert metrics["riskstream_decided_total"] == 201
        assert metrics["riskstream_duplicates_total"] == 21
        assert metrics["riskstream_dead_letters_total"] == len(cases) + len(small)
        assert metrics['riskstream_model_info{version="2026-01-01-small"}'] == 1
        livez = await worker.get("/livez")
        assert livez is not None
        assert (livez.status_code, livez.json()["status"]) == (200, "ok")
        assert await worker.terminate() == 0
        assert "worker_stopped" in worker.events()

    await traffic.assert_each_decided_once(read_topic)
    assert all(committed == end for committed, end in await traffic.committed())
    kept = Counter(repr(as_it_was(record)) for record in await read_topic(topics.dead_letters))
    expected = Counter(repr((case.reason, *case.message)) for case in [*cases, *small])
    assert kept - expected == expected - kept == Counter()


def as_it_was(record: ConsumerRecord) -> tuple[str, bytes | None, bytes | None, list[tuple[bytes, bytes | None]]]:
    """(reason, key, value, headers) of a dead letter's original."""
    headers = dict(record.headers)
    original = [(name.encode(), value) for name, value in original_headers(record.headers)]
    if EXACT_NAMES in headers:
        exact = [bytes.fromhex(name) for name in headers[EXACT_NAMES].decode().split(",")]
        original = [(name, value) for name, (_, value) in zip(exact, original, strict=True)]
    return headers["__connect.errors.exception.class.name"].decode(), record.key, record.value, original


async def test_workers_come_and_go(
    traffic: Traffic, environment: dict[str, str], tmp_path: Path, read_topic: Read
) -> None:
    small_batches = environment | {"BATCH_SIZE_MAX": "20"}  # so that a rebalance falls between batches
    async with running_worker(tmp_path, small_batches, "first") as first:
        await first.until(first.has_partitions)
        async with running_worker(tmp_path, small_batches, "second") as second:
            await second.until(second.answers)
            for _ in range(ROUNDS_MAX):  # while the second one joins
                await traffic.publish(100)
                await first.until(traffic.all_decided)
                if await second.has_partitions():
                    break
            await second.until(second.has_partitions)
            assert "partitions_left" in first.events()
            await traffic.publish(600)
            assert await first.terminate() == 0, first.log
            await traffic.publish(300)
            await second.until(traffic.all_decided)
            assert await second.terminate() == 0, second.log
    await traffic.assert_each_decided_once(read_topic)
    assert all(committed == end for committed, end in await traffic.committed())
