"""The Faust application: one agent over the decisions, one turn a second."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import faust
from aiokafka.helpers import create_ssl_context

from pipeline.kafka_consumer import bound_batches
from scoring_worker.live_statistics.windows import LastMinute, MemoryTable
from settings import Settings

NAME = "riskstream-live-statistics"  # the consumer group, and the beginning of Faust's own topics
TURN_S = 1.0
LOOK_BEHIND_TURNS = 5  # between looks at the lag while there is no flood: after a start, or a pause
BEHIND_MAX = 2_000  # decisions of a partition, two turns of a flood; what lies further back is skipped
BUFFER_DECISIONS_MAX = 1_000  # between Kafka and the agent
FETCH_BYTES = 256 * 1024  # of a partition; in a flood most of a larger one would be skipped
CLEAN_UP_EVERY_S = 10.0  # of windows that have expired

OnTurn = Callable[[LastMinute, float], Awaitable[None]]


def application(settings: Settings, folder: Path, on_turn: OnTurn) -> Any:
    """A Faust application, not started, for the running event loop; `folder` is where Faust may make its own.

    `on_turn` is called about every second, with the last minute and the time in seconds since 1970; it must not raise.
    """
    bound_batches(settings.kafka_message_bytes_max)
    app = faust.App(
        f"{settings.kafka_topic_prefix}{NAME}",
        broker=[f"aiokafka://{server.strip()}" for server in settings.kafka_bootstrap_servers.split(",")],
        broker_credentials=_credentials(settings),
        store="memory://",
        datadir=folder,
        autodiscover=False,
        web_enabled=False,
        topic_disable_leader=True,
        topic_partitions=1,
        topic_replication_factor=settings.kafka_replication_factor,
        consumer_auto_offset_reset="latest",
        consumer_max_fetch_size=FETCH_BYTES,
        stream_buffer_maxsize=BUFFER_DECISIONS_MAX,
        stream_wait_empty=False,  # what is in the buffer at the end is lost, and harms nothing
        table_cleanup_interval=CLEAN_UP_EVERY_S,
        Table=MemoryTable,
    )
    topic = settings.topics.decisions
    minute = LastMinute(app.Table("slices", partitions=1, use_partitioner=True, key_type=int), time.time())
    go_on = asyncio.Event()
    turns = 0

    async def count(stream: Any) -> None:
        """Look at the decisions, no more than a turn's; the rest waits in Kafka, and is skipped if it is too much."""
        async for event in stream.events():
            message = event.message
            minute.filling.count(event.value or b"", int(message.timestamp * 1000), message.partition, message.offset)
            if minute.filling.turn_is_full:
                go_on.clear()
                await go_on.wait()

    async def turn() -> None:
        nonlocal turns
        turns += 1
        partitions = [place for place in app.consumer.assignment() if place.topic == topic]
        minute.filling.forget_partitions(but={place.partition for place in partitions})
        if minute.filling.turn_is_full or turns % LOOK_BEHIND_TURNS == 0:
            await _skip_forward(app.consumer, partitions)
        now_s = time.time()
        minute.turn(now_s)
        go_on.set()
        await on_turn(minute, now_s)

    app.agent(app.topic(topic, key_serializer="raw", value_serializer="raw"), name="count")(count)
    app.timer(interval=TURN_S)(turn)
    return app


async def _skip_forward(consumer: Any, partitions: Sequence[Any]) -> None:
    """Go to the end of every partition that is far behind."""
    for place, end in (await consumer.highwaters(*partitions) if partitions else {}).items():
        position = await consumer.position(place)
        if position is not None and end - position > BEHIND_MAX:
            await consumer.seek(place, end - 1)  # Faust goes on behind the offset that it is given


def _credentials(settings: Settings) -> Any:
    """Kafka's security settings as Faust takes them; None for plain text."""
    context = None
    if settings.kafka_security_protocol.endswith("SSL"):
        context = create_ssl_context(
            cafile=settings.kafka_ssl_cafile or None,
            certfile=settings.kafka_ssl_certfile or None,
            keyfile=settings.kafka_ssl_keyfile or None,
        )
    if settings.kafka_security_protocol.startswith("SASL"):
        return faust.SASLCredentials(
            username=settings.kafka_sasl_username,
            password=settings.kafka_sasl_password.get_secret_value(),
            ssl_context=context,
            mechanism=settings.kafka_sasl_mechanism,
        )
    return faust.SSLCredentials(context) if context else None
