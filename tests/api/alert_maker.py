"""Payments with their decisions, stored the way the worker stores them."""

from datetime import UTC, datetime

import asyncpg
import numpy as np

from contracts.decision import Alert, Decision, Reason, Recommendation, RiskLevel
from contracts.journal import JournalEntry, Outcome
from contracts.transaction import Transaction, encode_transaction
from features.catalogue import CATALOGUE_HASH, FEATURE_NAMES
from storage.decision_store import PostgresDecisionStore

TOPIC = "payments.transactions.v1"


def vector() -> np.ndarray:
    values = np.arange(len(FEATURE_NAMES), dtype="<f4") / 4
    values[3] = np.nan
    return values


class AlertMaker:
    """Stores payments of any client in one partition; each raises an alert unless it is told otherwise."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._store = PostgresDecisionStore(pool, TOPIC)
        self._next = 0

    async def store(
        self, count: int = 1, client_id: int = 1, *, alerting: bool = True, padding: int = 0
    ) -> list[Alert]:
        """`padding`: characters that make the alert's first reason longer."""
        await self._store.start_partition(0, 0)
        first, self._next = self._next, self._next + count
        outcomes = tuple(self._outcome(offset, client_id, alerting, padding) for offset in range(first, first + count))
        entry = JournalEntry(0, first, first + count, await self._store.epoch(), outcomes)
        return (await self._store.store(entry)).alerts

    def _outcome(self, offset: int, client_id: int, alerting: bool, padding: int) -> Outcome:
        transaction = Transaction(
            transaction_id=f"pay/{offset}",
            amount=12.5 + offset,
            timestamp=datetime.now(UTC),
            client_id=client_id,
            account_id=f"acct-{offset:05d}",
            currency="EUR",
            merchant_id="shop-7",
            location="Nairobi",
        )
        body = encode_transaction(transaction)[:-1] + b',"note":"kept as it came"}'
        return Outcome(offset, body, self._decision(transaction, alerting, padding))

    def _decision(self, transaction: Transaction, alerting: bool, padding: int) -> Decision:
        reason = Reason("account_count_5m", 9.0, 1.0, 1.5, "9 payments in 5 minutes" + "." * padding)
        return Decision(
            client_id=transaction.client_id,
            transaction_id=transaction.transaction_id,
            account=transaction.account,
            event_time_ms=transaction.event_time_ms,
            risk_score=92.0 if alerting else 12.0,
            risk_level=RiskLevel.CRITICAL if alerting else RiskLevel.LOW,
            recommendation=Recommendation.DECLINE if alerting else Recommendation.APPROVE,
            probability=0.92 if alerting else 0.12,
            signals={"velocity": 0.9},
            model_version="test-1",
            catalogue_hash=CATALOGUE_HASH,
            policy_version="policy-1",
            reasons=(reason,),
            flags=6,
            vector=vector().tobytes(),
        )
