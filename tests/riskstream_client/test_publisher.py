"""The publisher and the command on a real broker."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from contracts.errors import StoreUnavailable
from contracts.field_names import ZERO_AMOUNT
from contracts.label import Label, decode_label
from contracts.topics import Topics
from contracts.transaction import Transaction, decode_transaction
from riskstream_client import MessageTooLargeError, Publisher
from riskstream_client.partitioner import partition_of

pytestmark = pytest.mark.stack
PARTITIONS = 3
START = datetime(2026, 1, 1, tzinfo=UTC)
NOTHING = f"Expected `float` > 0.0 (it is '0.0'): {ZERO_AMOUNT}"
HEAD = "TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_FRAUD,TX_FRAUD_SCENARIO\n"
COMMAND = "import typer; from riskstream_client.commands import publish; typer.run(publish)"


@pytest.fixture
async def topics(stack: Any, topic_prefix: str) -> AsyncIterator[Topics]:
    topics = Topics.with_prefix(topic_prefix)
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    await admin.start()
    await admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in (topics.transactions, topics.labels)])
    yield topics
    await admin.close()


async def read(stack: Any, topic: str) -> list[ConsumerRecord]:
    async with AIOKafkaConsumer(bootstrap_servers=stack.kafka, auto_offset_reset="earliest") as consumer:
        places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        records: list[ConsumerRecord] = []
        while any([await consumer.position(place) < ends[place] for place in places]):
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                records += batch
        return sorted(records, key=lambda record: (record.partition, record.offset))


def transaction(number: int) -> Transaction:
    return Transaction(
        transaction_id=f"t{number}", amount=1 + number, timestamp=START + timedelta(seconds=number),
        account_id=f"account-{number % 11}",
    )  # fmt: skip


async def test_every_transaction_arrives_once_in_order_per_account(stack: Any, topics: Topics) -> None:
    sent = [transaction(number) for number in range(20_000)]  # several batches a partition
    async with Publisher(stack.kafka, topics.transactions) as publisher:
        assert await publisher.publish_many(sent[:15_000]) == 15_000
        for one in sent[15_000:15_003]:
            await publisher.publish(one)
        await asyncio.gather(publisher.publish_many(sent[15_003:]))
    records = await read(stack, topics.transactions)
    assert len(records) == len(sent)
    for account in {t.account for t in sent}:
        mine = [r for r in records if r.key == account.encode()]
        assert [decode_transaction(r.value) for r in mine] == [t for t in sent if t.account == account]
        assert {r.partition for r in mine} == {partition_of(account.encode(), PARTITIONS)}


async def test_messages_as_they_are(stack: Any, topics: Topics) -> None:
    async with Publisher(stack.kafka, topics.transactions, message_bytes_max=5_000) as publisher:
        with pytest.raises(MessageTooLargeError, match="5,000 are allowed"):
            await publisher.publish_raw(b"k", b"x" * 5_000)
        for key, value in ((None, None), (b"", b""), (b"\xff", b"\xfe"), (None, b"{")):
            await publisher.publish_raw(key, value, [("h", None)])
    records = await read(stack, topics.transactions)
    assert {(r.key, r.value, tuple(r.headers)) for r in records} == {
        (key, value, (("h", None),)) for key, value in ((None, None), (b"", b""), (b"\xff", b"\xfe"), (None, b"{"))
    }


async def test_a_broker_or_topic_that_is_not_there_is_said(stack: Any) -> None:
    with pytest.raises(StoreUnavailable, match=r"cannot publish to x at 127\.0\.0\.1:1"):
        await Publisher("127.0.0.1:1", "x").__aenter__()
    with pytest.raises(StoreUnavailable, match=r"does not know the topic nowhere"):
        await Publisher(stack.kafka, "nowhere").__aenter__()


async def run(stack: Any, topics: Topics, folder: Path, *arguments: str, stop_at: str = "") -> tuple[int, str]:
    """Run `publish` as a process of its own; `stop_at` sends Ctrl-C once that stands in its output."""
    environment = os.environ | {
        "KAFKA_BOOTSTRAP_SERVERS": stack.kafka,
        "KAFKA_TOPIC_PREFIX": topics.labels.removesuffix(Topics.with_prefix().labels),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "COLUMNS": "300",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", COMMAND, *arguments, cwd=folder, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    output = ""
    async with asyncio.timeout(60):
        while line := (await process.stdout.readline()).decode():
            output += line
            if stop_at and stop_at in line:
                process.send_signal(signal.SIGINT)
                stop_at = ""
        return await process.wait(), output


async def test_a_handbook_file_with_labels_and_bad_rows(stack: Any, topics: Topics, tmp_path: Path) -> None:
    rows = "".join(f"{n},2018-04-01 00:00:{n:02d},{n % 5},9,{0 if n == 7 else n + 1}.50,{n % 2},0\n" for n in range(50))
    (tmp_path / "h.csv").write_text(
        HEAD + rows.replace("7,2018-04-01 00:00:07,2,9,0.50", "7,2018-04-01 00:00:07,2,9,0")
    )
    code, output = await run(stack, topics, tmp_path, "h.csv", "--format", "handbook", "--labels",
                             "--label-after", "7d", "--set", "currency=EUR", "--rejects", "bad.csv")  # fmt: skip
    assert code == 1, output
    assert "Published 49 transactions" in output
    assert f"refused line 9, column TX_AMOUNT: {NOTHING}" in output
    assert (tmp_path / "bad.csv").read_text() == HEAD + "7,2018-04-01 00:00:07,2,9,0,1,0\n"
    assert (tmp_path / "bad.csv.reasons").read_text() == f"9\tTX_AMOUNT\t{NOTHING}\n"
    records = await read(stack, topics.transactions)
    assert len(records) == 49
    labels = [decode_label(record.value) for record in await read(stack, topics.labels)]
    assert len(labels) == 49
    known = datetime(2018, 4, 8, 0, 0, 3, tzinfo=UTC)
    assert Label(transaction_id="3", fraud=True, known_at=known, source="file") in labels


async def test_ctrl_c_says_how_to_go_on_and_going_on_completes_the_file(
    stack: Any, topics: Topics, tmp_path: Path
) -> None:
    line = '{{"transaction_id":"t{0}","amount":1,"timestamp":"2026-01-01T00:{1:02d}:00Z","account_id":"a"}}\n'
    (tmp_path / "f.jsonl").write_text("".join(line.format(n, n // 10) for n in range(100)))
    code, output = await run(stack, topics, tmp_path, "f.jsonl", "--speed", "8", stop_at="published")
    assert code == 130, output
    assert "Go on with: riskstream publish f.jsonl --skip 10 " in output
    code, output = await run(stack, topics, tmp_path, "f.jsonl", "--skip", "10")
    assert code == 0, output
    records = await read(stack, topics.transactions)
    assert [r.value + b"\n" for r in records] == (tmp_path / "f.jsonl").read_bytes().splitlines(keepends=True)


async def test_strict_stops_at_the_first_refused_row(stack: Any, topics: Topics, tmp_path: Path) -> None:
    good = '{"transaction_id":"t","amount":1,"timestamp":"2026-01-01T00:00:00Z","account_id":"a"}\n'
    (tmp_path / "f.jsonl").write_text(good + "{}\n" + good)
    code, output = await run(stack, topics, tmp_path, "f.jsonl", "--strict")
    assert code == 1
    assert "Published 1 transaction in" in output
    code, output = await run(stack, topics, tmp_path, "f.jsonl", "--no-validate")
    assert code == 0
    assert len(await read(stack, topics.transactions)) == 4


async def test_a_dry_run_sends_nothing_and_tells_misspelt_fields(stack: Any, topics: Topics, tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(
        "transaction_id,amount,timestamp,account_id,devise_id,Merchant-ID,colour\n"
        "t1,5,2026-01-05T10:00:00Z,a,d,m,red\nt2,0,2026-01-05T10:00:00Z,a,d,m,red\n"
    )
    code, output = await run(stack, topics, tmp_path, "f.csv", "--dry-run")
    assert code == 1, output
    assert "Checked 1 transaction in" in output
    assert "Refused 1 row" in output
    assert "'devise_id' is not a field of a transaction: it is kept" in output
    assert "did you mean device_id?" in output
    assert "did you mean merchant_id?" in output
    assert "'colour' is not a field of a transaction: it is kept, and nothing is computed from it\n" in output
    assert await read(stack, topics.transactions) == []
