"""Transactions for tests that are about decisions, not about features."""

from datetime import UTC, datetime, timedelta

from contracts.transaction import Transaction

START = datetime(2026, 1, 1, tzinfo=UTC)


def transaction(number: int = 0, **changes: object) -> Transaction:
    fields: dict[str, object] = {
        "transaction_id": f"t{number}",
        "amount": 10.0 + number,
        "timestamp": START + timedelta(seconds=number),
        "account_id": f"a{number % 7}",
        "currency": "USD",
    }
    return Transaction(**(fields | changes))  # type: ignore[arg-type]
