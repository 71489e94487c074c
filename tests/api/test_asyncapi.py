"""docs/asyncapi.yaml says what the code does."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from api.feed.limits import FeedLimits
from api.feed.protocol import AlertMessage, Close, Filter, Gap, Heartbeat, Hello, Ready
from contracts.decision import Alert, Decision, Reason
from contracts.label import Label
from contracts.topics import Topics
from contracts.transaction import Transaction, decode_transaction
from pipeline.outgoing import alert_document, decision_document

DOCUMENT: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / "docs" / "asyncapi.yaml").read_text())
CHANNELS = DOCUMENT["channels"]
MESSAGES = DOCUMENT["components"]["messages"]
SCHEMAS = DOCUMENT["components"]["schemas"]


def resolved(node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        target: Any = DOCUMENT
        for name in node["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        node = target
    return node


def properties(schema: Any) -> dict[str, Any]:
    schema = resolved(schema)
    found = dict(schema.get("properties", {}))
    for part in schema.get("allOf", []):
        found |= properties(part)
    return found


def test_every_reference_leads_somewhere() -> None:
    def walk(node: Any) -> None:
        if isinstance(node, dict):
            assert resolved(node) is not None
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(DOCUMENT)


def test_the_topics() -> None:
    topics = Topics.with_prefix()
    documented = {channel["address"] for channel in CHANNELS.values() if not channel["address"].startswith("/")}
    assert documented == {topics.transactions, topics.dead_letters, topics.labels, topics.decisions, topics.alerts}


@pytest.mark.parametrize(
    ("name", "struct"),
    [("Transaction", Transaction), ("Label", Label), ("Reason", Reason), ("Alert", Alert), ("Decision", Decision)],
)
def test_the_fields(name: str, struct: type[msgspec.Struct]) -> None:
    assert set(properties(SCHEMAS[name])) == set(struct.__struct_fields__) - {"vector"}


@pytest.mark.parametrize("message", ["alert", "decision"])
def test_the_published_documents(message: str) -> None:
    from test_feed_channel import alert

    document = alert_document(alert(1)) if message == "alert" else decision_document(a_decision())
    assert set(msgspec.json.decode(document)) == set(properties(MESSAGES[message]["payload"]))


def a_decision() -> Decision:
    schema = SCHEMAS["Decision"]["properties"]
    return Decision(
        client_id=1,
        transaction_id="pay",
        account="a",
        event_time_ms=0,
        risk_score=1,
        risk_level=schema["risk_level"]["enum"][0],
        recommendation=schema["recommendation"]["enum"][0],
        probability=0.01,
        signals={},
        model_version="m",
        catalogue_hash="c",
        policy_version="p",
    )


@pytest.mark.parametrize(
    ("message", "struct"),
    [("hello", Hello), ("ready", Ready), ("feedAlert", AlertMessage), ("gap", Gap), ("heartbeat", Heartbeat)],
)
def test_the_feeds_messages(message: str, struct: type[msgspec.Struct]) -> None:
    assert set(MESSAGES[message]["payload"]["properties"]) == {"type", *struct.__struct_fields__}
    assert MESSAGES[message]["payload"]["properties"]["type"]["const"] == struct.__struct_config__.tag


def test_the_feeds_filter() -> None:
    documented = resolved(MESSAGES["hello"]["payload"]["properties"]["filter"])
    assert set(documented["properties"]) == set(Filter.__struct_fields__)
    assert documented["additionalProperties"] is False


def test_the_feeds_close_codes_and_limits() -> None:
    text = CHANNELS["feed"]["description"]
    assert all(str(int(code)) in text for code in Close)
    limits = FeedLimits()
    assert f"within {limits.hello_s:g} s" in text
    assert f"{limits.backlog_max:,} alerts behind" in text
    assert f"{limits.send_s:g} s without" in text


def test_the_example_is_a_transaction() -> None:
    example = MESSAGES["transaction"]["examples"][0]["payload"]
    assert isinstance(decode_transaction(msgspec.json.encode(example)), Transaction)
