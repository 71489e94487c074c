"""Bad input as a value: why a message cannot be used."""

from enum import StrEnum

import msgspec


class DeadLetterReason(StrEnum):
    """Stable codes; they stand in the dead-letter header, the register and the metrics."""

    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    EMPTY = "empty"
    INVALID_FIELD = "invalid_field"
    TOO_LARGE = "too_large"
    TIME_AHEAD = "time_ahead"
    TIME_TOO_OLD = "time_too_old"
    UNKNOWN_CLIENT = "unknown_client"
    NO_EXCHANGE_RATE = "no_exchange_rate"
    CARD_DATA = "card_data"
    UNREADABLE_HEADERS = "unreadable_headers"
    UNREADABLE_BATCH = "unreadable_batch"
    BATCH_TOO_LARGE = "batch_too_large"
    NOT_AUTHORISED = "not_authorised"
    KILLED_WORKERS = "killed_workers"


class Rejection(msgspec.Struct, frozen=True):
    """A message that cannot be used: `reason` for machines, `detail` (one sentence) for people."""

    reason: DeadLetterReason
    detail: str
