"""Decisions and alerts on their way out: JSON documents with CloudEvents headers (Kafka binding, binary mode)."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import numpy as np

from contracts.decision import Alert, Decision
from contracts.topics import Topics
from contracts.transaction import EPOCH
from riskstream_client.batches import BatchWriter

_SOURCE = b"/riskstream/scoring-worker"
_NOT_PUBLISHED = ("vector",)  # large, and of use only beside the model; it is stored


def _published(of: type[msgspec.Struct]) -> tuple[Callable[..., msgspec.Struct], int]:
    """The document: every field of `of` but those not published, and `event_time` in RFC 3339 besides."""
    fields = [(field.name, field.type) for field in msgspec.structs.fields(of) if field.name not in _NOT_PUBLISHED]
    assert of.__struct_fields__[: len(fields)] == tuple(name for name, _ in fields)  # values are taken by position
    return msgspec.defstruct(f"Published{of.__name__}", [*fields, ("event_time", datetime)], gc=False), len(fields)


_decision, _decision_fields = _published(Decision)
_alert, _alert_fields = _published(Alert)
_encode = msgspec.json.Encoder().encode


def _static_headers(kind: bytes) -> list[tuple[str, bytes | None]]:
    return [
        ("ce_specversion", b"1.0"),
        ("ce_type", kind),
        ("ce_source", _SOURCE),
        ("content-type", b"application/json"),
    ]


_DECISION_HEADERS = _static_headers(b"riskstream.decision.v1")
_ALERT_HEADERS = _static_headers(b"riskstream.alert.v1")


def decision_document(decision: Decision) -> bytes:
    """The JSON of one decision; it decodes as `contracts.decision.Decision` again, without its vector."""
    values = msgspec.structs.astuple(decision)[:_decision_fields]
    return _encode(_decision(*values, EPOCH + timedelta(milliseconds=decision.event_time_ms)))


def alert_document(alert: Alert) -> bytes:
    """The JSON of one alert; it decodes as `contracts.decision.Alert` again."""
    values = msgspec.structs.astuple(alert)[:_alert_fields]
    return _encode(_alert(*values, EPOCH + timedelta(milliseconds=alert.event_time_ms)))


class KafkaPublisher:
    """Implements `pipeline.protocols.Publisher` over a started producer (`pipeline.kafka_producer`)."""

    def __init__(self, producer: Any, topics: Topics) -> None:
        self._producer = producer
        self._topics = topics

    async def publish(self, decisions: Sequence[Decision], alerts: Sequence[Alert]) -> None:
        """Produce and wait for the acknowledgements: decisions keyed by account, alerts by client.

        Raises StoreUnavailable; part of it may have been delivered, and a repeat does no harm.
        """
        writers = []
        if decisions:
            writers.append(writer := await self._open(self._topics.decisions))
            for decision, time in zip(decisions, _times([d.event_time_ms for d in decisions]), strict=True):
                identity = f"{decision.client_id}/{decision.transaction_id}".encode()
                headers = [*_DECISION_HEADERS, ("ce_id", identity), ("ce_time", time)]
                await writer.add(decision.account.encode(), decision_document(decision), headers)
        if alerts:
            writers.append(writer := await self._open(self._topics.alerts))
            for alert, time in zip(alerts, _times([a.created_at_ms for a in alerts]), strict=True):
                headers = [*_ALERT_HEADERS, ("ce_id", alert.alert_id.encode()), ("ce_time", time)]
                await writer.add(str(alert.client_id).encode(), alert_document(alert), headers)
        for writer in writers:
            await writer.flush()

    async def _open(self, topic: str) -> BatchWriter:
        writer = BatchWriter(self._producer, topic)
        await writer.open()
        return writer


def _times(times_ms: list[int]) -> list[bytes]:
    """RFC 3339 in UTC; a batch at once, a fifth of the cost of one by one."""
    texts = np.datetime_as_string(np.array(times_ms, "datetime64[ms]"))
    return [f"{text}+00:00".encode() for text in texts.tolist()]
