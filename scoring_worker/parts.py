"""What a stream worker is made of."""

import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from redis.asyncio import Redis

from contracts.log import LogRecord
from contracts.producers import Producers
from features.catalogue import CATALOGUE_HASH
from features.events import EventBuilder
from features.money import Money
from features.redis_store.store import RedisStateStore
from pipeline.client_book import ClientBook
from pipeline.decider import ModelDecider
from pipeline.durability import Pipeline
from pipeline.intake import Gate, Rejected
from pipeline.kafka_consumer import bounded_consumer
from pipeline.kafka_producer import broker_arguments, producer_arguments
from pipeline.outgoing import KafkaPublisher
from pipeline.repair import Repairer
from pipeline.served_model import ServedModel
from pipeline.state_fingerprint import fingerprint_of
from scoring_worker.consumer_log import ConsumerLog
from scoring_worker.dead_letters import DeadLetterSink, dead_letter_of
from scoring_worker.kafka import consumer_arguments, dead_letter_producer_arguments
from scoring_worker.label_forwarder import LabelForwarder
from scoring_worker.label_publisher import LabelPublisher
from scoring_worker.log_reader import LogReader
from scoring_worker.sealed_batch import SealedBatches
from settings import Settings
from storage.clients import ClientRepository
from storage.database import AnyPool, connect
from storage.dead_letters import DeadLetterRepository
from storage.decision_store import PostgresDecisionStore
from storage.label_outbox import LabelOutbox
from storage.labels import LabelRepository
from storage.offset_attempts import OffsetAttempts
from storage.roles import PIPELINE
from storage.rollups import RollupFolder
from storage.worker_status import WorkerStatusRepository

REDIS_TIMEOUT_S = 10.0  # of one command; an apply of a full batch takes some ten milliseconds
POOL_SIZE_MAX = 8


@dataclass(frozen=True, slots=True)
class Parts:
    """One stream worker, connected. The consumer is started by the worker itself."""

    consumer: Any
    reader: LogReader
    sealed_batches: SealedBatches
    kafka_log: ConsumerLog
    pipeline: Pipeline
    repairer: Repairer
    model: ServedModel
    book: ClientBook
    clients: ClientRepository
    worker_status: WorkerStatusRepository
    label_forwarder: LabelForwarder
    label_publisher: LabelPublisher
    rollups: RollupFolder
    pool: AnyPool


@asynccontextmanager
async def connected(
    settings: Settings, progress: Callable[[int, int], None] = lambda _source, _events: None
) -> AsyncIterator[Parts]:
    """Connect to the stores; `progress` hears of repairs (source, events folded).

    Raises StoreUnavailable or StateMismatch; closes everything at the end.
    """
    topics = settings.topics
    async with AsyncExitStack() as stack:
        name = "riskstream-worker"
        pool = await connect(settings.postgres_dsn, size_max=POOL_SIZE_MAX, application_name=name, role=PIPELINE)
        stack.push_async_callback(pool.close)
        redis = Redis.from_url(settings.redis_url, socket_timeout=REDIS_TIMEOUT_S, protocol=2)
        stack.push_async_callback(redis.aclose)
        outgoing = await _started(stack, AIOKafkaProducer(**producer_arguments(settings)))
        letters = await _started(stack, AIOKafkaProducer(**dead_letter_producer_arguments(settings)))
        consumer = bounded_consumer(settings.kafka_message_bytes_max, **consumer_arguments(settings))
        stack.push_async_callback(consumer.stop)

        money = Money(settings.currency_base, settings.currency_default, settings.currency_rates)
        fingerprint = fingerprint_of(CATALOGUE_HASH, money)
        state = RedisStateStore(redis, settings.redis_key_prefix, fingerprint, settings.state_ttl_s)
        await state.check_policy()
        model = ServedModel(settings.model_path)
        book = ClientBook(model, settings.risk_threshold_high)
        builder = EventBuilder(money, book.zone)
        store = PostgresDecisionStore(pool, topics.transactions, currency_default=settings.currency_default)
        publisher = KafkaPublisher(outgoing, topics)
        sink = DeadLetterSink(letters, DeadLetterRepository(pool), topics, settings.kafka_message_bytes_max)
        labels = LabelRepository(pool, currency_default=settings.currency_default)
        kafka_log = ConsumerLog(consumer, topics.transactions)
        clients = ClientRepository(pool)

        async def learn_clients() -> None:
            book.replace(await clients.all())

        pipeline = Pipeline(
            state=state,
            store=store,
            publisher=publisher,
            dead_letters=_Sink(sink, topics.transactions),
            log=kafka_log,
            decider=ModelDecider(lambda: model.current, book.policy),
            builder=builder,
            gate=Gate(
                book.knows,
                money.knows,
                settings.event_age_max_ms,
                settings.kafka_message_bytes_max,
                learn_clients,
                labels.written,
                complaint_of(settings.producers, topics.transactions),
                cards=settings.card_policy,
            ),
        )
        yield Parts(
            consumer=consumer,
            reader=LogReader(consumer),
            sealed_batches=SealedBatches(broker_arguments(settings)),
            kafka_log=kafka_log,
            pipeline=pipeline,
            repairer=Repairer(state, store, publisher, builder, fingerprint, progress),
            model=model,
            book=book,
            clients=clients,
            worker_status=WorkerStatusRepository(pool),
            label_forwarder=LabelForwarder(
                settings, labels, sink, OffsetAttempts(pool, topics.labels, f"labels-{uuid.uuid4().hex}")
            ),
            label_publisher=LabelPublisher(outgoing, LabelOutbox(pool), topics, settings.signer),
            rollups=RollupFolder(pool),
            pool=pool,
        )


def complaint_of(producers: Producers | None, topic: str) -> Callable[[LogRecord, int], str | None] | None:
    """What to say of a topic's records that nobody wrote who may; None where nobody has to sign."""
    if producers is None:
        return None
    return lambda record, client_id: producers.complaint(topic, record.key, record.value, record.headers, client_id)


async def _started(stack: AsyncExitStack, producer: Any) -> Any:
    await producer.start()
    stack.push_async_callback(producer.stop)
    return producer


class _Sink:
    """The pipeline's rejected records as dead letters of the transaction topic."""

    def __init__(self, sink: DeadLetterSink, topic: str) -> None:
        self._sink = sink
        self._topic = topic

    async def send(self, rejected: Sequence[Rejected]) -> None:
        await self._sink.send([dead_letter_of(self._topic, record, rejection) for record, rejection in rejected])
