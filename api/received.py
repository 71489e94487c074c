"""The original message, as far as a caller's scopes let it be read back."""

from collections.abc import Set
from typing import Any

import msgspec

from api.keys import SCOPE_ADMIN

MASKED = "[masked]"
DEPTH_MAX = 64  # of what is nested in a field that we do not use; pydantic writes some 250 levels and then fails
_TAIL = 4  # last digits of a phone number, by which two can be told apart
# What lists and decisions show of a transaction anyway. Anything else in a message may be somebody's name or address.
_SHOWN = frozenset(
    {
        "transaction_id", "client_id", "amount", "timestamp", "currency", "kind", "account_id", "device_id",
        "ip_address", "merchant_id", "merchant_category", "beneficiary_id", "channel", "location", "country",
    }
)  # fmt: skip


def received(body: bytes, account: str, scopes: Set[str]) -> Any:
    """Return the message whole to an administrator; to others with its unknown and personal fields masked.

    A message with a field that cannot be shown as JSON is given as text, or masked as a whole.
    """
    whole = SCOPE_ADMIN in scopes
    try:
        message = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body.decode("utf-8", "replace") if whole else MASKED
    if whole:
        return body.decode() if _is_deeper(message, DEPTH_MAX) else message
    if not isinstance(message, dict):
        return MASKED
    return {name: _masked(name, value, account) for name, value in message.items()}


def _masked(name: str, value: Any, account: str) -> Any:
    if value is None or (name in _SHOWN and not isinstance(value, dict | list)):
        return value
    if name == "phone_number" and isinstance(value, str):
        return value if value == account else f"…{value[-_TAIL:]}"
    return MASKED


def _is_deeper(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inside = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in inside)
