"""Step 1: every reason for a dead letter, as a value and never as an exception."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from contracts.anomaly import file_row_id
from contracts.deadletter import DeadLetterReason
from contracts.errors import StoreUnavailable
from contracts.label import ForwardedLabel
from contracts.log import LogRecord
from contracts.transaction import AHEAD_MAX_MS, EPOCH, Transaction
from pipeline.intake import Gate
from tests.pipeline.payments import NOW_MS, body

DAY_MS = 86_400_000
BYTES_MAX = 1_000
GATE = Gate(lambda client: client == 1, lambda currency: currency in (None, "USD"), 7 * DAY_MS, BYTES_MAX)


def record(value: bytes | None, *, is_label: bool = False, offset: int = 3) -> LogRecord:
    return LogRecord(0, offset, NOW_MS, None, value, (), is_label)


def at(time_ms: int) -> bytes:
    return body("t", timestamp=EPOCH + timedelta(milliseconds=time_ms))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, DeadLetterReason.EMPTY),
        (b"", DeadLetterReason.EMPTY),
        (b"\xff\xfe{}", DeadLetterReason.NOT_UTF8),
        (b"{'single': 1}", DeadLetterReason.NOT_JSON),
        (b'{"transaction_id":"t",', DeadLetterReason.NOT_JSON),
        (b"[]", DeadLetterReason.INVALID_FIELD),
        (b"{}", DeadLetterReason.INVALID_FIELD),
        (body("t", amount=-1.0), DeadLetterReason.INVALID_FIELD),
        (body("t", account_id=None), DeadLetterReason.INVALID_FIELD),
        (body("t\x00"), DeadLetterReason.INVALID_FIELD),
        (body(file_row_id(UUID(int=7), 12)), DeadLetterReason.INVALID_FIELD),  # an alert may be there already
        (body("t", location="x" * BYTES_MAX), DeadLetterReason.TOO_LARGE),
        (body("t", client_id=2), DeadLetterReason.UNKNOWN_CLIENT),
        (body("t", currency="EUR"), DeadLetterReason.NO_EXCHANGE_RATE),
        (at(NOW_MS + AHEAD_MAX_MS + 1), DeadLetterReason.TIME_AHEAD),
        (at(NOW_MS - 7 * DAY_MS - 1), DeadLetterReason.TIME_TOO_OLD),
    ],
)
def test_what_cannot_be_used_is_set_aside_with_its_reason(value: bytes | None, reason: DeadLetterReason) -> None:
    intake = GATE.admit([record(value)])
    assert intake.usable == []
    [rejected] = intake.rejected
    assert rejected.record.value == value
    assert rejected.rejection.reason == reason
    assert rejected.rejection.detail


@pytest.mark.parametrize("time_ms", [NOW_MS + AHEAD_MAX_MS, NOW_MS - 7 * DAY_MS])
def test_the_edges_of_time_are_let_in(time_ms: int) -> None:
    assert len(GATE.admit([record(at(time_ms))]).usable) == 1


def test_good_and_bad_keep_the_order_of_the_log() -> None:
    values = [body("t1"), b"bad", body("t2"), None, body("t3")]
    intake = GATE.admit([record(value, offset=i) for i, value in enumerate(values)])
    assert [item.offset for item in intake.usable] == [0, 2, 4]
    assert [rejected.record.offset for rejected in intake.rejected] == [1, 3]
    assert [item.body for item in intake.usable] == [values[0], values[2], values[4]]


def test_unknown_fields_are_kept() -> None:
    raw = body("t")[:-1] + b',"note":{"any":[1]}}'
    [item] = GATE.admit([record(raw)]).usable
    assert item.body == raw
    assert isinstance(item.value, Transaction)


def test_labels_are_told_by_the_header_alone() -> None:
    label = ForwardedLabel(
        client_id=1, transaction_id="t", revision=0, account="a", merchant_id=None,
        event_time_ms=NOW_MS, effective_ms=NOW_MS, change=1,
    )  # fmt: skip
    raw = msgspec.json.encode(label)
    assert GATE.admit([record(raw, is_label=True)]).usable[0].value == label
    assert GATE.admit([record(raw)]).rejected[0].rejection.reason == DeadLetterReason.INVALID_FIELD
    assert GATE.admit([record(body("t"), is_label=True)]).rejected[0].rejection.reason == DeadLetterReason.INVALID_FIELD


async def test_a_client_that_registered_a_moment_ago_is_looked_up_before_its_transaction_is_refused() -> None:
    stored, known = {1, 2}, {1}
    looks: list[int] = []

    async def learn() -> None:
        looks.append(len(known))
        known.update(stored)

    gate = replace(GATE, knows_client=known.__contains__, learn_clients=learn)
    assert len((await gate.let_in([record(body("a"))])).usable) == 1
    assert looks == []  # nothing was unknown
    assert len((await gate.let_in([record(body("b", client_id=2)), record(body("c"), offset=4)])).usable) == 2
    [rejected] = (await gate.let_in([record(body("d", client_id=3))])).rejected
    assert rejected.rejection.reason == DeadLetterReason.UNKNOWN_CLIENT
    assert len(looks) == 2


async def test_without_the_clients_nothing_is_refused_for_its_client() -> None:
    async def learn() -> None:
        raise StoreUnavailable("Postgres is away")

    with pytest.raises(StoreUnavailable):
        await replace(GATE, learn_clients=learn).let_in([record(body("a", client_id=2))])


async def test_labels_that_the_forwarder_did_not_write_are_refused() -> None:
    """Any producer can set the header."""
    label = ForwardedLabel(
        client_id=1, transaction_id="t", revision=4, account="a", merchant_id=None, event_time_ms=1, effective_ms=2,
        change=1,
    )  # fmt: skip
    ours, forged = msgspec.json.encode(label), msgspec.json.encode(msgspec.structs.replace(label, revision=5))

    async def written(labels: Sequence[ForwardedLabel]) -> set[tuple[int, str, int]]:
        assert [each.revision for each in labels] == [4, 5]
        return {(1, "t", 4)}

    gate = replace(GATE, written_labels=written)
    records = [record(ours, is_label=True, offset=1), record(b"", offset=2), record(forged, is_label=True, offset=3)]
    intake = await gate.let_in([*records, record(body("t"), offset=4)])
    assert [item.offset for item in intake.usable] == [1, 4]
    assert [(item.record.offset, item.rejection.reason) for item in intake.rejected] == [
        (2, DeadLetterReason.EMPTY), (3, DeadLetterReason.NOT_AUTHORISED),
    ]  # fmt: skip
