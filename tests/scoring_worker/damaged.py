"""Every way in which a message can be damaged that we know of, each with the reason that it has to be kept under."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from contracts.topics import LABEL_HEADER
from tests.scoring_worker.conftest import AGE_MAX_DAYS, MESSAGE_BYTES_MAX
from tests.scoring_worker.raw_produce import Message

KEY = b"damaged\xff"
# What a batch's and a record's head, the key and one short header leave of the limit for the body.
LARGEST = MESSAGE_BYTES_MAX - 61 - 12 - 4 - len(KEY)


class Damaged(NamedTuple):
    """`compressed`: sent so, because only then it passes the topic's limit."""

    reason: str
    message: Message
    compressed: bool = False


def damaged(now: datetime) -> list[Damaged]:
    good = {"transaction_id": "damaged", "amount": 5.0, "timestamp": now.isoformat(), "account_id": "a"}

    def body(**changes: object) -> bytes:
        return msgspec.json.encode(good | changes)

    def stamped(change: timedelta) -> bytes:
        return body(timestamp=(now + change).astimezone(UTC).isoformat())

    whole = body()
    bodies: list[tuple[str, bytes | None]] = [
        ("empty", None),
        ("empty", b""),
        ("not_json", whole[:-1]),
        ("not_json", b"\x00\x01\x02"),
        ("not_json", body(amount="NaN").replace(b'"NaN"', b"NaN")),
        ("not_json", b"{".ljust(LARGEST)),
        ("invalid_field", b"[" * 20_000),
        ("not_json", b'{"note":' + b"[" * 20_000 + b"]" * 20_000 + b"," + whole[1:]),
        ("not_json", body(merchant_id="x").replace(b'"x"', rb'"\ud800"')),
        ("not_utf8", b"\xff\xfe" + whole),
        ("not_utf8", body(location="x").replace(b'"x"', b'"\xc3\x28"')),
        ("invalid_field", b"[]"),
        ("invalid_field", b"null"),
        ("invalid_field", body(amount="12")),
        ("invalid_field", body(amount=None)),
        ("invalid_field", body(amount=-1)),
        ("invalid_field", body(amount=1e300)),
        ("invalid_field", body(account_id=None)),
        ("invalid_field", body(timestamp="yesterday")),
        ("invalid_field", body(timestamp="0001-01-01T00:00:00Z")),
        ("invalid_field", body(currency="DOGE")),
        ("invalid_field", body(client_id=2**40)),
        ("invalid_field", body(transaction_id="a\x00b")),
        ("invalid_field", body(account_id="a\x1b[2J")),
        ("unknown_client", body(client_id=77)),
        ("no_exchange_rate", body(currency="AFN")),
        ("time_ahead", stamped(timedelta(hours=1))),
        ("time_too_old", stamped(-timedelta(days=AGE_MAX_DAYS + 1))),
    ]
    found = [Damaged(reason, (KEY, content, [(b"n", b"\x00")])) for reason, content in bodies]
    label = [(LABEL_HEADER.encode(), b"1")]
    return [
        *found,
        Damaged("unreadable_headers", (KEY, whole, [(b"\xff\xfe", b"v")])),
        Damaged("too_large", (KEY, body(note="x" * 2 * MESSAGE_BYTES_MAX), []), compressed=True),
        Damaged("invalid_field", (None, b"{}", label)),
        Damaged("invalid_field", (None, _forged_label(2**40), label)),
        Damaged("invalid_field", (None, b"[" * 20_000, label)),
    ]


def _forged_label(client_id: int) -> bytes:
    return msgspec.json.encode(
        {"client_id": client_id, "transaction_id": "t", "revision": 0, "account": "a", "merchant_id": None,
         "event_time_ms": 1, "effective_ms": 1, "change": 1}
    )  # fmt: skip
