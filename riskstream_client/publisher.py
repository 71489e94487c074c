"""Publishing transactions to Kafka from one's own code."""

import asyncio
from collections.abc import AsyncIterable, Iterable
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from contracts.errors import StoreUnavailable
from contracts.label import Label, encode_label
from contracts.producers import Signer
from contracts.topics import Topics
from contracts.transaction import Transaction, encode_transaction
from riskstream_client.batches import BATCH_BYTES, RECORD_OVERHEAD_BYTES, BatchWriter, Headers, unavailable
from riskstream_client.connection import connection_arguments

MESSAGE_BYTES_MAX = 1_048_576  # Kafka's default limit, and that of our input topics

DELIVERY_TIMEOUT_MS = (
    60_000  # a broker that restarts on a busy machine is back by then; nothing is sent twice meanwhile
)


class MessageTooLargeError(ValueError):
    """A message is larger than the topic takes; nothing of it was sent."""


class Publisher:
    """Sends to one topic: acknowledged by all replicas, each message once, in order per account.

    An async context manager. After StoreUnavailable open a new one and repeat what was not confirmed:
    the same transaction id is decided once, so a repeat does no harm.
    With `producer_name` and `producer_secret` messages are signed, which an installation may ask for.
    `security` takes the arguments of `connection_arguments`: security_protocol, sasl_username, ssl_cafile …
    """

    def __init__(
        self,
        bootstrap_servers: str,
        topic: str = Topics.with_prefix().transactions,
        *,
        message_bytes_max: int = MESSAGE_BYTES_MAX,
        producer_name: str = "",
        producer_secret: str = "",
        **security: str,
    ) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._topic = topic
        self._message_bytes_max = message_bytes_max
        self._security = security
        self._signer = Signer(producer_name, producer_secret.encode()) if producer_name else None
        self._producer: Any = None
        self._writer: BatchWriter | None = None
        self._one_at_a_time = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Connect. Raises StoreUnavailable when Kafka or the topic is not there."""
        connection = connection_arguments(self._bootstrap_servers, **self._security)
        self._producer = AIOKafkaProducer(
            **{**connection, "request_timeout_ms": DELIVERY_TIMEOUT_MS},
            enable_idempotence=True,
            acks="all",
            compression_type="lz4",
            max_batch_size=min(BATCH_BYTES, self._message_bytes_max),
            max_request_size=self._message_bytes_max,
        )
        try:
            await self._producer.start()
            self._writer = BatchWriter(self._producer, self._topic)
            await self._writer.open()
        except (KafkaError, StoreUnavailable) as error:
            await self._producer.stop()
            raise StoreUnavailable(f"cannot publish to {self._topic} at {self._bootstrap_servers}: {error}") from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                await self.flush()
        finally:
            await self._producer.stop()

    async def publish(self, transaction: Transaction) -> None:
        """Send one transaction and wait until Kafka has it; concurrent calls share a batch.

        Raises StoreUnavailable, or MessageTooLargeError.
        """
        key, value = transaction.account.encode(), encode_transaction(transaction)
        headers = self._signed(key, value, None)
        self._check_size(key, value, headers)
        try:
            await self._producer.send_and_wait(self._topic, value, key, headers=headers)
        except KafkaError as error:
            raise unavailable(error) from error

    async def publish_many(self, transactions: Iterable[Transaction] | AsyncIterable[Transaction]) -> int:
        """Send all and wait until Kafka has them; returns how many. Holds a few batches in memory, never all."""
        count = 0
        async with self._one_at_a_time:
            async for transaction in _as_async(transactions):
                await self._add(transaction.account.encode(), encode_transaction(transaction), None)
                count += 1
            await self._opened().flush()
        return count

    async def publish_labels(self, labels: Iterable[Label]) -> int:
        """Send labels (open the publisher on the labels' topic), keyed by transaction so that revisions keep order."""
        count = 0
        async with self._one_at_a_time:
            for label in labels:
                await self._add(label.transaction_id.encode(), encode_label(label), None)
                count += 1
            await self._opened().flush()
        return count

    async def publish_raw(self, key: bytes | None, value: bytes | None, headers: Headers | None = None) -> None:
        """Hand over one message as it is; `flush` waits for the delivery. Without a key partitions take turns."""
        async with self._one_at_a_time:
            await self._add(key, value, headers)

    async def flush(self) -> None:
        """Return when Kafka has everything that was handed over. Raises StoreUnavailable."""
        async with self._one_at_a_time:
            await self._opened().flush()

    async def _add(self, key: bytes | None, value: bytes | None, headers: Headers | None) -> None:
        headers = self._signed(key, value, headers)
        self._check_size(key, value, headers)
        await self._opened().add(key, value, headers)

    def _signed(self, key: bytes | None, value: bytes | None, headers: Headers | None) -> Headers | None:
        if self._signer is None:
            return headers
        return [*(headers or ()), *self._signer.headers(self._topic, key, value)]

    def _check_size(self, key: bytes | None, value: bytes | None, headers: Headers | None) -> None:
        size = RECORD_OVERHEAD_BYTES + len(key or b"") + len(value or b"")
        size += sum(10 + len(name) + len(content or b"") for name, content in headers or ())
        if size > self._message_bytes_max:
            raise MessageTooLargeError(f"the message takes {size:,} bytes; {self._message_bytes_max:,} are allowed")

    def _opened(self) -> BatchWriter:
        if self._writer is None:
            raise RuntimeError("open the publisher first: async with Publisher(...) as publisher")
        return self._writer


async def _as_async(items: Iterable[Transaction] | AsyncIterable[Transaction]) -> AsyncIterable[Transaction]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item
