"""The transaction: its fields, and the typed decoding and validation that every way in goes through."""

import math
import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_address
from typing import Annotated

import msgspec
from msgspec import Meta

from contracts.anomaly import is_file_row_id
from contracts.country import COUNTRIES
from contracts.currency import MINOR_UNIT_DECIMALS
from contracts.deadletter import DeadLetterReason, Rejection

DEMO_CLIENT_ID = 1
AMOUNT_MAX = 1e12  # major units; above it a float64 no longer holds every minor unit
CLIENT_ID_MAX = 2**31 - 1  # Postgres integer
YEAR_MIN, YEAR_MAX = 2000, 2099  # a timestamp outside is a unit error (seconds read as days), not a payment
AHEAD_MAX_MS = 5 * 60 * 1000  # clocks differ; more than this ahead of the log's append time is refused
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # Postgres text cannot hold NUL, UTF-8 cannot hold surrogates

Id = Annotated[str, Meta(min_length=1, max_length=128)]
Short = Annotated[str, Meta(min_length=1, max_length=64)]


class Kind(StrEnum):
    """What happened to the money; anything but a payment is stored and counted apart."""

    PAYMENT = "payment"
    REFUND = "refund"
    REVERSAL = "reversal"
    DECLINED = "declined"


class Transaction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One payment attempt as published; unknown fields are tolerated here and kept in the stored original."""

    transaction_id: Id
    amount: Annotated[float, Meta(gt=0, le=AMOUNT_MAX)]
    timestamp: Annotated[datetime, Meta(tz=True)]
    client_id: Annotated[int, Meta(ge=1, le=CLIENT_ID_MAX)] = DEMO_CLIENT_ID
    account_id: Id | None = None
    phone_number: Annotated[str, Meta(min_length=3, max_length=32)] | None = None
    currency: str | None = None
    device_id: Id | None = None
    ip_address: Annotated[str, Meta(min_length=2, max_length=45)] | None = None
    merchant_id: Id | None = None
    merchant_category: Short | None = None
    beneficiary_id: Id | None = None
    channel: Short | None = None
    location: Id | None = None
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None
    country: str | None = None
    kind: Kind = Kind.PAYMENT

    @property
    def account(self) -> str:
        """The account entity: `account_id`, else `phone_number`."""
        return self.account_id or self.phone_number or ""

    @property
    def event_time_ms(self) -> int:
        """Event time, milliseconds since 1970 UTC, rounded down."""
        return (self.timestamp - EPOCH) // _MILLISECOND


_decoder = msgspec.json.Decoder(Transaction)
encode_transaction = msgspec.json.Encoder().encode


def decode_transaction(raw: bytes | None) -> Transaction | Rejection:
    """Decode and validate one message value; never raises on bad input.

    A location without a country, a device without an IP and so on are fine: only what is there is checked.
    """
    if not raw:
        return Rejection(DeadLetterReason.EMPTY, "the message has no value")
    try:
        transaction = _decoder.decode(raw)
    except msgspec.ValidationError as error:
        return Rejection(DeadLetterReason.INVALID_FIELD, str(error))
    except msgspec.DecodeError as error:
        return _undecodable(raw, error)
    except UnicodeDecodeError:
        return Rejection(DeadLetterReason.NOT_UTF8, "the message is not valid UTF-8")
    except RecursionError:
        return Rejection(DeadLetterReason.NOT_JSON, "the message is nested too deeply")
    complaint = complaint_about(transaction, escaped=b"\\" in raw or b"\x7f" in raw)
    return Rejection(DeadLetterReason.INVALID_FIELD, complaint) if complaint else transaction


def complaint_about(transaction: Transaction, *, escaped: bool = True) -> str | None:
    """What is wrong beyond the types, as one sentence, or None.

    `escaped` says that a string may hold a control character (in JSON those are always escaped); without it
    the slower look into every string is left out.
    """
    if is_file_row_id(transaction.transaction_id):
        return "such an id belongs to a row of an uploaded file - at `$.transaction_id`"
    if transaction.account_id is None and transaction.phone_number is None:
        return "one of `account_id` and `phone_number` is required"
    if not YEAR_MIN <= transaction.timestamp.year <= YEAR_MAX:
        return f"the year must lie between {YEAR_MIN} and {YEAR_MAX} - at `$.timestamp`"
    if transaction.currency is not None and transaction.currency not in MINOR_UNIT_DECIMALS:
        return f"{transaction.currency[:8]!r} is not an ISO 4217 currency code - at `$.currency`"
    if transaction.country is not None and transaction.country not in COUNTRIES:
        return f"{transaction.country[:8]!r} is not an ISO 3166 country code - at `$.country`"
    if (transaction.latitude is None) != (transaction.longitude is None):
        return "`latitude` and `longitude` come together or not at all"
    if transaction.ip_address is not None and not canonical_ip(transaction.ip_address):
        return "not an IPv4 or IPv6 address - at `$.ip_address`"
    return _control_character(transaction) if escaped else None


def reject_for_time(event_time_ms: int, append_time_ms: int, age_max_ms: int) -> Rejection | None:
    """Refuse an event too far ahead of, or behind, the time at which the log took it."""
    if event_time_ms > append_time_ms + AHEAD_MAX_MS:
        ahead_s = (event_time_ms - append_time_ms) // 1000
        return Rejection(
            DeadLetterReason.TIME_AHEAD, f"the timestamp lies {ahead_s} s in the future; 300 s are allowed"
        )
    if event_time_ms < append_time_ms - age_max_ms:
        return Rejection(DeadLetterReason.TIME_TOO_OLD, "the timestamp is older than EVENT_AGE_MAX")
    return None


@lru_cache(maxsize=65_536)
def canonical_ip(text: str) -> str:
    """The one spelling of an IP address (IPv6 compressed, mapped IPv4 unwrapped); empty if it is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def minor_units(amount: float, currency: str) -> int:
    """`amount` (major units) as an exact integer of the currency's minor unit, half to even."""
    if not math.isfinite(amount):
        raise ValueError("amount must be finite")
    return round(amount * 10.0 ** MINOR_UNIT_DECIMALS[currency])


def _undecodable(raw: bytes, error: msgspec.DecodeError) -> Rejection:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return Rejection(DeadLetterReason.NOT_UTF8, "the message is not valid UTF-8")
    return Rejection(DeadLetterReason.NOT_JSON, str(error))


def has_control_character(*texts: str) -> bool:
    """Whether one of them holds what Postgres or UTF-8 cannot."""
    return any(_CONTROL.search(text) for text in texts)


def _control_character(transaction: Transaction) -> str | None:
    for name in transaction.__struct_fields__:
        value = getattr(transaction, name)
        if type(value) is str and _CONTROL.search(value):
            return f"control characters are not allowed - at `$.{name}`"
    return None
