"""Labels: what somebody found out later about a transaction."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from contracts.deadletter import DeadLetterReason, Rejection
from contracts.rfc3339 import complaint_about_message
from contracts.transaction import CLIENT_ID_MAX, DEMO_CLIENT_ID, YEAR_MAX, YEAR_MIN, Id, Short, has_control_character

TIME_MS_MAX = 4_200_000_000_000  # the year 2103: behind YEAR_MAX and every delay

# Of the labels that producers publish. The numbers above belong to those that analysts and institutions give over HTTP,
# which take the next one: whatever a producer claims, 147 million verdicts of people can still follow it.
PRODUCER_REVISION_MAX = 2_000_000_000


class Label(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A verdict on one transaction, as published to `payments.labels.v1`; the highest revision wins."""

    transaction_id: Id
    fraud: bool
    known_at: Annotated[datetime, Meta(tz=True)]
    client_id: Annotated[int, Meta(ge=1, le=CLIENT_ID_MAX)] = DEMO_CLIENT_ID
    source: Short = "unknown"
    revision: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0


class ForwardedLabel(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A label joined with its transaction, as the forwarder writes it into the transaction log.

    `change` is what it adds to the count of fraud: +1 becomes fraud, -1 is fraud no longer. The sum of all
    changes of a transaction is its last revision's verdict, whatever the order in which they are added.
    `effective_ms` (later of transaction time + label delay, known_at, and the revision before) never decreases.
    """

    client_id: Annotated[int, Meta(ge=1, le=CLIENT_ID_MAX)]
    transaction_id: Id
    revision: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    account: Id
    merchant_id: Id | None
    event_time_ms: Annotated[int, Meta(ge=0, le=TIME_MS_MAX)]
    effective_ms: Annotated[int, Meta(ge=0, le=TIME_MS_MAX)]
    change: Annotated[int, Meta(ge=-1, le=1)]


_decoder = msgspec.json.Decoder(Label)
_forwarded = msgspec.json.Decoder(ForwardedLabel)
encode_label = msgspec.json.Encoder().encode


def decode_label(raw: bytes | None) -> Label | Rejection:
    """Decode and validate one message of `payments.labels.v1`; never raises on bad input."""
    if not raw:
        return Rejection(DeadLetterReason.EMPTY, "the message has no value")
    try:
        label = _decoder.decode(raw)
    except msgspec.ValidationError as error:
        return Rejection(DeadLetterReason.INVALID_FIELD, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Rejection(DeadLetterReason.NOT_JSON, str(error))
    if not YEAR_MIN <= label.known_at.year <= YEAR_MAX:
        return Rejection(DeadLetterReason.INVALID_FIELD, f"the year must lie between {YEAR_MIN} and {YEAR_MAX}")
    if has_control_character(label.transaction_id, label.source):
        return Rejection(DeadLetterReason.INVALID_FIELD, "control characters are not allowed")
    if complaint := complaint_about_message(raw, "known_at"):
        return Rejection(DeadLetterReason.INVALID_FIELD, complaint)
    return label


def decode_forwarded(raw: bytes | None) -> ForwardedLabel | Rejection:
    """Decode a label record of the transaction log (header `riskstream-label`).

    Checked as strictly as a transaction: whoever may write to the log can set the header.
    """
    try:
        label = _forwarded.decode(raw or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Rejection(DeadLetterReason.INVALID_FIELD, str(error))
    if has_control_character(label.transaction_id, label.account, label.merchant_id or ""):
        return Rejection(DeadLetterReason.INVALID_FIELD, "control characters are not allowed")
    return label
