"""The forwarder on real servers: each label once, whatever moment it dies at."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.errors import KafkaConnectionError, ProducerFenced

from contracts.decision import Decision, Recommendation, RiskLevel
from contracts.errors import PartitionLost, StoreUnavailable
from contracts.journal import JournalEntry, Outcome
from contracts.label import ForwardedLabel, Label, decode_forwarded, encode_label
from contracts.topics import LABEL_HEADER, Topics
from contracts.transaction import Transaction, encode_transaction
from riskstream_client.partitioner import partition_of
from scoring_worker.dead_letters import DeadLetterSink
from scoring_worker.kafka import forwarder_producer_arguments
from scoring_worker.label_forwarder import LabelForwarder
from scoring_worker.label_publisher import LabelPublisher
from scoring_worker.label_session import WAITING_INTERVAL_S, LabelSession, _ours
from settings import Settings
from storage.database import Pool
from storage.dead_letters import DeadLetterRepository
from storage.decision_store import PostgresDecisionStore
from storage.label_outbox import LabelOutbox, last_labels, write
from storage.labels import LabelRepository
from storage.offset_attempts import OffsetAttempts
from tests.scoring_worker.conftest import MESSAGE_BYTES_MAX
from tests.scoring_worker.raw_produce import batch_of, produce_raw

pytestmark = pytest.mark.stack
Read = Callable[[str], Awaitable[list[ConsumerRecord]]]
AT = datetime(2026, 1, 1, tzinfo=UTC)
STEPS_MAX = 60  # half a second each: far more than a takeover needs


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Crash(RuntimeError):
    """The process dies here."""


class CrashingLabels(LabelRepository):
    """The real repository of a process that dies right after (or right before) one of its calls."""

    crash_after = crash_before = ""

    async def take(self, labels: Sequence[Label], label_delay_ms: int) -> list[ForwardedLabel]:
        ready = await super().take(labels, label_delay_ms)
        if self.crash_after == "take" and labels:
            raise Crash
        return ready

    async def confirm(self, labels: Sequence[ForwardedLabel]) -> None:
        if self.crash_before == "confirm" and labels:
            raise Crash
        await super().confirm(labels)


class House:
    """What the tests need of the servers, and the forwarder's sessions on them."""

    def __init__(self, settings: Settings, pool: Pool, producer: Any, dead_letter_producer: Any) -> None:
        self.settings, self.pool, self.producer = settings, pool, producer
        self.dead_letters = DeadLetterRepository(pool)
        self._sink = DeadLetterSink(dead_letter_producer, self.dead_letters, settings.topics, MESSAGE_BYTES_MAX)
        self.clock = Clock()
        self._open: list[LabelSession] = []

    async def session(self, repository: LabelRepository | None = None) -> LabelSession:
        attempts = OffsetAttempts(self.pool, self.settings.topics.labels, f"session-{len(self._open)}")
        labels = repository or LabelRepository(self.pool)
        forwarder = LabelForwarder(self.settings, labels, self._sink, attempts, self.clock)
        session = forwarder.session()
        self._open.append(session)
        await session.open()
        return session

    async def close(self) -> None:
        for session in self._open:
            await session.close()

    async def decide(self, *names: str, start: int = 0) -> None:
        store = PostgresDecisionStore(self.pool, self.settings.topics.transactions)
        await store.start_partition(0, 0)
        outcomes = tuple(outcome(start + index, name) for index, name in enumerate(names))
        await store.store(JournalEntry(0, start, start + len(names), 1, outcomes))

    async def publish(self, *values: bytes) -> None:
        for value in values:
            await self.producer.send_and_wait(self.settings.topics.labels, value, b"one partition")


def outcome(offset: int, name: str) -> Outcome:
    transaction = Transaction(
        transaction_id=name, amount=5, timestamp=AT, account_id=f"account-{name}", merchant_id="m"
    )
    decision = Decision(
        client_id=1, transaction_id=name, account=transaction.account, event_time_ms=transaction.event_time_ms,
        risk_score=1, risk_level=RiskLevel.LOW, recommendation=Recommendation.APPROVE, probability=0.01, signals={},
        model_version="m", catalogue_hash="c", policy_version="p", vector=b"\x00" * 8,
    )  # fmt: skip
    return Outcome(offset, encode_transaction(transaction), decision)


def label(name: str, *, fraud: bool = True, revision: int = 0) -> bytes:
    return encode_label(
        Label(transaction_id=name, fraud=fraud, known_at=AT + timedelta(days=30), source="test", revision=revision)
    )


async def forward(session: LabelSession, count: int) -> None:
    """Step until so many labels went into the log."""
    done = 0
    for _ in range(STEPS_MAX):
        done += await session.step()
        if done >= count:
            assert done == count
            return
    raise AssertionError(f"{done} of {count} labels were forwarded")


@pytest.fixture
async def house(
    settings: Settings, topics: Topics, pool: Pool, producer: Any, dead_letter_producer: Any
) -> AsyncIterator[House]:
    house = House(settings, pool, producer, dead_letter_producer)
    yield house
    await house.close()


@pytest.fixture
def forwarded(settings: Settings, read_topic: Read) -> Callable[[], Awaitable[list[tuple[str, int, int]]]]:
    async def read() -> list[tuple[str, int, int]]:
        """(transaction, revision, change) of every label in the log; each in its account's partition, marked."""
        found = []
        for record in await read_topic(settings.topics.transactions):
            parsed = decode_forwarded(record.value)
            assert isinstance(parsed, ForwardedLabel)
            assert LABEL_HEADER in dict(record.headers)
            assert record.key == parsed.account.encode()
            assert record.partition == partition_of(record.key, settings.kafka_partitions)
            found.append((parsed.transaction_id, parsed.revision, parsed.change))
        return sorted(found)

    return read


async def test_a_producers_highest_revision_leaves_numbers_for_people(house: House, pool: Pool) -> None:
    """What somebody says over HTTP takes the number after the highest, and is the last word."""
    session = await house.session()
    await house.decide("a")
    await house.publish(label("a", fraud=False, revision=2**31 - 1), label("a", fraud=False, revision=2_000_000_000))
    await forward_all(session, pool, 1)
    (letter,) = await house.dead_letters.page()
    assert letter.reason == "not_authorised"
    async with pool.acquire() as connection, connection.transaction():
        last = (await last_labels(connection, 1, ["a"]))["a"]
        given = Label(transaction_id="a", fraud=True, known_at=AT + timedelta(days=31), revision=last.revision + 1)
        await write(connection, [given])
    assert given.revision == 2_000_000_001
    await LabelPublisher(house.producer, LabelOutbox(pool), house.settings.topics).publish()
    await forward(session, 1)
    await house.publish(label("a", fraud=False, revision=2_000_000_002), encode_label(given))  # the second: a repeat
    await house.publish(label("a", fraud=False, revision=2_000_000_000))
    await until(session, lambda: house.dead_letters.count(), 2)
    rows = await pool.fetch("SELECT revision, fraud FROM labels WHERE transaction_id = 'a' ORDER BY revision DESC")
    assert (rows[0]["revision"], rows[0]["fraud"]) == (2_000_000_001, True)


async def forward_all(session: LabelSession, pool: Pool, count: int) -> None:
    await until(session, lambda: pool.fetchval("SELECT count(*) FROM labels"), count)


async def until(session: LabelSession, number: Callable[[], Awaitable[int]], count: int) -> None:
    """Step until that many are there."""
    for _ in range(STEPS_MAX):
        if await number() >= count:
            return
        await session.step()
    raise AssertionError(f"{await number()} of {count}")


async def test_labels_reach_their_account_once_and_bad_ones_the_dead_letters(house: House, forwarded: Any) -> None:
    await house.decide("a", "b", "c")
    await house.publish(label("a"), label("a"), b"{", label("b", fraud=False), label("c"), b"",
                        label("c", fraud=False, revision=1))  # fmt: skip
    session = await house.session()
    await forward(session, 3)
    assert await forwarded() == [("a", 0, 1), ("c", 0, 1), ("c", 1, -1)]
    assert [letter.reason for letter in await house.dead_letters.page()] == ["empty", "not_json"]


async def test_a_label_for_an_id_that_no_transaction_can_have_is_refused_but_what_was_stored_keeps_its_labels(
    house: House, forwarded: Any
) -> None:
    await house.decide("a", "old\u200b")  # stored before the spelling of ids mattered
    await house.publish(label("a "), label("a"), label("old\u200b"), label("\uff41"))
    session = await house.session()
    await forward(session, 2)
    assert await forwarded() == [("a", 0, 1), ("old\u200b", 0, 1)]
    letters = await house.dead_letters.page()
    assert [(letter.reason, letter.detail.rpartition(" - at ")[2]) for letter in letters] == [
        ("invalid_field", "`$.transaction_id`")
    ] * 2
    assert await LabelRepository(house.pool).waiting_count() == 0


async def test_headers_that_are_no_text_stop_nothing(
    house: House, forwarded: Any, settings: Settings, topics: Topics, read_topic: Read
) -> None:
    await house.decide("a", "b", "c", "d")
    damaged = (b"k", label("b"), [(b"\xff\xfe", b"v")])
    for partition, messages in ((0, [(b"k", label("a"), []), damaged]), (1, [(None, label("c"), [])])):
        await produce_raw(settings, topics.labels, partition, batch_of(messages))
    session = await house.session()
    await forward(session, 2)
    await produce_raw(settings, topics.labels, 0, batch_of([(None, label("d"), [])]))
    await forward(session, 1)
    assert await forwarded() == [("a", 0, 1), ("c", 0, 1), ("d", 0, 1)]
    (letter,) = await house.dead_letters.page()
    assert (letter.reason, letter.source_topic, letter.source_offset) == ("unreadable_headers", topics.labels, 1)
    (record,) = await read_topic(topics.dead_letters)
    assert (record.key, record.value) == damaged[:2]


async def test_a_label_that_is_early_waits_for_its_transaction(house: House, forwarded: Any) -> None:
    await house.publish(label("late"))
    session = await house.session()
    while not (session.owns and await LabelRepository(house.pool).waiting_count()):
        assert await session.step() == 0
    await house.decide("late")
    house.clock.now_s += WAITING_INTERVAL_S
    await forward(session, 1)
    assert await forwarded() == [("late", 0, 1)]


@pytest.mark.parametrize("crash", [{"crash_after": "take"}, {"crash_before": "confirm"}])
async def test_dying_at_any_step_loses_no_label(house: House, forwarded: Any, crash: dict[str, str]) -> None:
    """Before Kafka's commit nothing is doubled; between it and `confirm` a revision may stand in the log twice."""
    await house.decide("a", "b")
    await house.publish(label("a"), label("b"))
    labels = CrashingLabels(house.pool)
    vars(labels).update(crash)
    dying = await house.session(labels)
    with pytest.raises(Crash):
        await forward(dying, 2)
    await dying.close()
    after = await house.session()
    await house.decide("c", start=2)
    await house.publish(label("c"))
    await forward(after, 1)  # besides the two that it wrote when it took over
    found = await forwarded()
    assert set(found) == {("a", 0, 1), ("b", 0, 1), ("c", 0, 1)}
    assert len(found) == (3 if "crash_after" in crash else 5)
    assert await LabelRepository(house.pool).unconfirmed() == []


async def test_a_transaction_left_open_by_a_dead_forwarder_is_never_seen(
    house: House, forwarded: Any, settings: Settings, topics: Topics
) -> None:
    await house.decide("a")
    await house.publish(label("a"))
    zombie = AIOKafkaProducer(**forwarder_producer_arguments(settings))
    await zombie.start()
    await zombie.begin_transaction()
    await zombie.send_and_wait(topics.transactions, b"not committed", b"account-a", headers=[(LABEL_HEADER, b"1")])
    session = await house.session()
    await forward(session, 1)
    assert await forwarded() == [("a", 0, 1)]
    with pytest.raises(Exception, match=r"(?i)fenced|epoch|transactional"):
        await zombie.commit_transaction()
    await zombie.stop()


async def test_a_standby_takes_over_and_a_fenced_owner_stops(house: House, forwarded: Any) -> None:
    await house.decide("a", "b")
    first = await house.session()
    await house.publish(label("a"))
    await forward(first, 1)
    second = await house.session()
    await house.publish(label("b"))
    done = 0
    for _ in range(STEPS_MAX):
        done += sum(await asyncio.gather(first.step(), second.step()))
        if done and first.owns != second.owns:
            break
    assert done == 1
    owner, standby = (first, second) if first.owns else (second, first)
    await owner.close()
    await house.decide("c", start=2)
    await house.publish(label("c"))
    await forward(standby, 1)
    assert await forwarded() == [("a", 0, 1), ("b", 0, 1), ("c", 0, 1)]


async def test_kafka_errors_have_our_names(settings: Settings, house: House) -> None:
    assert isinstance(_ours(ProducerFenced()), PartitionLost)
    assert isinstance(_ours(KafkaConnectionError()), StoreUnavailable)
