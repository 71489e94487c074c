from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from aiokafka import ConsumerRecord

from contracts.decision import Alert, Decision, Reason, Recommendation, RiskLevel
from contracts.errors import StoreUnavailable
from contracts.topics import Topics
from pipeline.outgoing import KafkaPublisher, alert_document, decision_document
from riskstream_client.partitioner import partition_of
from settings import Settings

Read = Callable[[str], Awaitable[list[ConsumerRecord]]]
REASON = Reason("account_count_5m", 9.0, 1.0, 2.5, "9 payments in 5 minutes; this account's usual is 1")


def decision(number: int) -> Decision:
    return Decision(
        client_id=3, transaction_id=f"tx {number}/é", account=f"account-{number % 7}", event_time_ms=1_767_225_600_007,
        risk_score=91.5, risk_level=RiskLevel.CRITICAL, recommendation=Recommendation.DECLINE, probability=0.1 + 0.2,
        signals={"velocity": 1 / 3}, model_version="m", catalogue_hash="c", policy_version="p", flags=5,
        states={"device": 3}, reasons=(REASON,), degraded=True, missing=("redis",), vector=b"\x01" * 400,
    )  # fmt: skip


def alert(sequence: int) -> Alert:
    return Alert(
        alert_id=f"alert-{sequence}", client_id=3, sequence=sequence, transaction_id=f"tx-{sequence}", account="a",
        event_time_ms=1_767_225_600_007, created_at_ms=1_767_225_601_000, amount=12.5, currency="EUR",
        severity=RiskLevel.HIGH, recommendation=Recommendation.FLAG, risk_score=80, signals={}, reasons=(REASON,),
    )  # fmt: skip


def test_documents_decode_as_what_they_were_without_the_vector() -> None:
    original = decision(1)
    document = decision_document(original)
    assert msgspec.json.decode(document, type=Decision) == msgspec.structs.replace(original, vector=b"")
    assert msgspec.json.decode(document)["event_time"] == "2026-01-01T00:00:00.007000Z"
    assert "vector" not in msgspec.json.decode(document)
    assert msgspec.json.decode(alert_document(alert(4)), type=Alert) == alert(4)


@pytest.mark.stack
async def test_decisions_and_alerts_reach_their_topics_in_order(
    settings: Settings, topics: Topics, producer: Any, read_topic: Read
) -> None:
    publisher = KafkaPublisher(producer, topics)
    decisions = [decision(number) for number in range(2_000)]  # more than a batch holds
    await publisher.publish(decisions, [alert(1), alert(2), alert(3)])
    records = await read_topic(topics.decisions)
    for account in {d.account for d in decisions}:
        got = [msgspec.json.decode(r.value, type=Decision).transaction_id for r in records if r.key == account.encode()]
        assert got == [d.transaction_id for d in decisions if d.account == account]
    assert all(r.partition == partition_of(r.key, settings.kafka_partitions) for r in records)
    assert dict(records[0].headers) == {
        "ce_specversion": b"1.0",
        "ce_type": b"riskstream.decision.v1",
        "ce_source": b"/riskstream/scoring-worker",
        "content-type": b"application/json",
        "ce_id": f"3/{msgspec.json.decode(records[0].value)['transaction_id']}".encode(),
        "ce_time": b"2026-01-01T00:00:00.007+00:00",
    }
    alerts = await read_topic(topics.alerts)
    assert [msgspec.json.decode(r.value, type=Alert).sequence for r in alerts] == [1, 2, 3]
    assert {r.key for r in alerts} == {b"3"}
    await publisher.publish([], [])


@pytest.mark.stack
async def test_a_topic_that_is_not_there_is_said(settings: Settings, topics: Topics, producer: Any) -> None:
    missing = Topics.with_prefix("nowhere.")
    with pytest.raises(StoreUnavailable, match=r"nowhere\.fraud\.decisions\.v1"):
        await KafkaPublisher(producer, missing).publish([decision(1)], [])
