"""Payments for the pipeline's tests, from a few words."""

from datetime import timedelta
from typing import Any

from contracts.transaction import EPOCH, Transaction, encode_transaction

NOW_MS = 1_750_000_000_000


def payment(name: str, **fields: Any) -> Transaction:
    plain: dict[str, Any] = {"amount": 10.0, "account_id": "a1", "timestamp": EPOCH + timedelta(milliseconds=NOW_MS)}
    return Transaction(transaction_id=name, **{**plain, **fields})


def body(name: str, **fields: Any) -> bytes:
    return encode_transaction(payment(name, **fields))
