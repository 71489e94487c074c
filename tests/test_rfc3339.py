"""Timestamps in messages: RFC 3339 decides on the way in; what is stored already stays readable."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from contracts import rfc3339
from contracts.deadletter import Rejection
from contracts.label import Label, decode_label
from contracts.log import LogRecord
from contracts.transaction import Transaction, decode_transaction
from pipeline.intake import Gate

NOW_MS = 1_767_225_600_000
GATE = Gate(lambda _client: True, lambda _currency: True, 10**12, 10_000)
NOT_RFC3339 = [
    "2026-01-01T00:00:00+0000",
    "2026-01-01T00:00:00-0530",
    "2026-01-01T00:00:00.5+0100",
    "2026-01-01T00:00:00+00",
    "2026-01-01T24:00:00Z",
    "2025-12-31T23:59:60Z",
    "2026-01-01T00:00:00,5Z",
    "2026-01-01T00:00Z",
    "2026-01-01T00:00:00",
    "1767225600",
]
RFC3339 = [
    "2026-01-01T00:00:00Z", "2026-01-01t00:00:00z", "2026-01-01 00:00:00Z", "2026-01-01T03:00:00+03:00",
    "2026-01-01T00:00:00-00:00", "2026-01-01T00:00:00.000000000Z", "2025-12-31T18:30:00-05:30",
]  # fmt: skip


def message(timestamp: str, **more: object) -> bytes:
    return json.dumps({"transaction_id": "t", "amount": 1, "account_id": "a", "timestamp": timestamp, **more}).encode()


def admitted(raw: bytes) -> object:
    intake = GATE.admit([LogRecord(0, 0, NOW_MS, None, raw)])
    return intake.usable[0].value if intake.usable else intake.rejected[0].rejection


@pytest.mark.parametrize("text", RFC3339)
def test_what_rfc_3339_writes_is_taken(text: str) -> None:
    value = admitted(message(text))
    assert isinstance(value, Transaction)
    assert value.timestamp == rfc3339.parse(text) == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", NOT_RFC3339)
def test_what_only_looks_like_it_is_refused_with_its_place(text: str) -> None:
    value = admitted(message(text))
    assert isinstance(value, Rejection)
    assert "$.timestamp" in value.detail
    with pytest.raises(ValueError, match="RFC 3339"):
        rfc3339.parse(text)
    label = decode_label(json.dumps({"transaction_id": "t", "fraud": True, "known_at": text}).encode())
    assert isinstance(label, Rejection)


def test_an_offset_elsewhere_is_nobodys_business() -> None:
    assert isinstance(admitted(message(RFC3339[0], note="at 12:00+0000", further={"timestamp": "x+0100"})), Transaction)
    label = {"transaction_id": "t+0100", "fraud": True, "known_at": RFC3339[3]}
    assert isinstance(decode_label(json.dumps(label).encode()), Label)


def test_an_escaped_digit_hides_no_offset() -> None:
    raw = message(NOT_RFC3339[0]).replace(b"+0000", b"+000\\u0030")
    assert isinstance(admitted(raw), Rejection)


def test_a_stored_message_of_before_is_still_read() -> None:
    value = decode_transaction(message(NOT_RFC3339[0]))
    assert isinstance(value, Transaction)


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"]
)
def test_moments_without_a_year_in_utc_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="between 1 and 9999"):
        rfc3339.parse(text)


def test_the_ends_of_the_calendar_are_moments() -> None:
    first, last = rfc3339.parse("0001-01-01T14:00:00+14:00"), rfc3339.parse("9999-12-31T23:59:59.999999Z")
    assert first == datetime.min.replace(tzinfo=UTC)
    assert last + timedelta(microseconds=0) == datetime.max.replace(tzinfo=UTC)
