"""The scoring requests in OpenAPI. They are decoded by the stream's decoder, not by pydantic."""

from typing import Any

from api.scoring.deadline_route import BATCH_MAX
from contracts.transaction import AMOUNT_MAX

_ID = {"type": "string", "minLength": 1, "maxLength": 128}
_SHORT = {"type": "string", "minLength": 1, "maxLength": 64}

TRANSACTION: dict[str, Any] = {
    "type": "object",
    "title": "Transaction",
    "description": "Further fields are kept with the transaction. One of `account_id` and `phone_number` is required.",
    "required": ["transaction_id", "amount", "timestamp"],
    "anyOf": [{"required": ["account_id"]}, {"required": ["phone_number"]}],
    "properties": {
        "transaction_id": {**_ID, "description": "Yours, and unique: repeating it repeats the answer"},
        "amount": {"type": "number", "exclusiveMinimum": 0, "maximum": AMOUNT_MAX, "description": "In major units"},
        "timestamp": {"type": "string", "format": "date-time", "description": "RFC 3339, with its offset"},
        "account_id": _ID,
        "phone_number": {"type": "string", "minLength": 3, "maxLength": 32},
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217; the default if absent"},
        "device_id": _ID,
        "ip_address": {"type": "string", "minLength": 2, "maxLength": 45},
        "merchant_id": _ID,
        "merchant_category": _SHORT,
        "beneficiary_id": _ID,
        "channel": _SHORT,
        "location": {**_ID, "description": "A place name, such as Nairobi"},
        "latitude": {"type": "number", "minimum": -90, "maximum": 90},
        "longitude": {"type": "number", "minimum": -180, "maximum": 180},
        "country": {"type": "string", "pattern": "^[A-Z]{2}$", "description": "ISO 3166"},
        "kind": {"type": "string", "enum": ["payment", "refund", "reversal", "declined"], "default": "payment"},
        "client_id": {"type": "integer", "description": "If given, the credentials' own"},
        "dry_run": {"type": "boolean", "default": False, "description": "Score without counting or storing anything"},
    },
}
EXAMPLE = {
    "transaction_id": "pay-7f3a",
    "amount": 1200,
    "currency": "KES",
    "phone_number": "+254700000001",
    "device_id": "device-1",
    "location": "Nairobi",
    "timestamp": "2026-01-05T12:00:00Z",
}

SCORE_BODY: dict[str, Any] = {
    "required": True,
    "content": {"application/json": {"schema": TRANSACTION, "example": EXAMPLE}},
}
BATCH_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "title": "ScoreBatch",
                "required": ["transactions"],
                "additionalProperties": False,
                "properties": {
                    "transactions": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": BATCH_MAX,
                        "items": {"type": "object", "description": "As for POST /v1/score"},
                    },
                    "dry_run": {"type": "boolean", "default": False},
                },
            },
            "example": {"transactions": [EXAMPLE], "dry_run": False},
        }
    },
}
