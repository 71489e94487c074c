"""An analyst's calls, and alerts of chosen accounts, times and scores to make them about."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx

from contracts.decision import Decision, Reason, Recommendation, RiskLevel, alert_id_of
from contracts.journal import JournalEntry, Outcome
from contracts.transaction import Transaction, encode_transaction
from features.catalogue import CATALOGUE_HASH
from storage.decision_store import PostgresDecisionStore

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Payment:
    """One payment to store; it raises an alert from a score of 75."""

    name: str
    account: str = "acct-1"
    minutes: float = 0
    score: float = 92
    amount: float = 10
    merchant: str | None = "shop-1"
    device: str | None = "phone-1"
    ip: str | None = "10.0.0.1"
    place: str | None = "Nairobi"
    sentence: str = "9 payments in 5 minutes"

    @property
    def alert_id(self) -> str:
        return alert_id_of(1, self.name)


class Payments:
    """Stores payments the way the worker stores them."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._store = PostgresDecisionStore(pool, "payments.transactions.v1")
        self._next = 0

    async def store(self, *payments: Payment, client_id: int = 1) -> None:
        """In one batch."""
        await self._store.start_partition(0, 0)
        first, self._next = self._next, self._next + len(payments)
        outcomes = tuple(_outcome(first + place, payment, client_id) for place, payment in enumerate(payments))
        await self._store.store(JournalEntry(0, first, self._next, await self._store.epoch(), outcomes))


class Analyst:
    """Calls the gateway with one key."""

    def __init__(self, http: httpx.AsyncClient, key: str) -> None:
        self._http = http
        self._headers = {"X-API-Key": key}

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """The body may hold what only JSON's escapes can say, such as half a surrogate pair."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = None if body is None else json.dumps(body)
        sent = {"Content-Type": "application/json"} if content else {}
        return await self._http.request(method, path, content=content, headers=self._headers | sent | named)

    async def get(self, path: str, **query: Any) -> Any:
        """The answer to a question that must succeed."""
        response = await self._http.get(path, params=query, headers=self._headers)
        assert response.status_code == 200, response.text
        return response.json()

    async def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        response = await self.call("POST", path, body)
        assert response.status_code == status, response.text
        return response.json()

    async def decide(self, subject: str, verdict: str = "confirmed_fraud") -> Any:
        return await self.post(f"/v1/investigations/{subject}/decision", {"verdict": verdict, "reason": "why"}, 201)

    async def listed(self, path: str = "/v1/alerts", **query: Any) -> list[Any]:
        """Every item of a list, page by page; the later pages are asked for by their cursor alone."""
        page = await self.get(path, **query)
        items = page["items"]
        while page["next_cursor"] is not None:
            page = await self.get(path, cursor=page["next_cursor"], limit=query.get("limit", 50))
            items += page["items"]
        return items


def _outcome(offset: int, payment: Payment, client_id: int) -> Outcome:
    transaction = Transaction(
        transaction_id=payment.name,
        amount=payment.amount,
        timestamp=AT + timedelta(minutes=payment.minutes),
        client_id=client_id,
        account_id=payment.account,
        currency="KES",
        merchant_id=payment.merchant,
        device_id=payment.device,
        ip_address=payment.ip,
        location=payment.place,
    )
    alerting = payment.score >= 75
    critical = payment.score >= 90
    decision = Decision(
        client_id=client_id,
        transaction_id=payment.name,
        account=payment.account,
        event_time_ms=transaction.event_time_ms,
        risk_score=payment.score,
        risk_level=RiskLevel.CRITICAL if critical else RiskLevel.HIGH if alerting else RiskLevel.LOW,
        recommendation=Recommendation.DECLINE if critical else
        Recommendation.FLAG if alerting else Recommendation.APPROVE,
        probability=payment.score / 100,
        signals={"velocity": 0.9},
        model_version="test-1",
        catalogue_hash=CATALOGUE_HASH,
        policy_version="policy-1",
        reasons=(Reason("account_count_5m", 9.0, 1.0, 1.5, payment.sentence),) if alerting else (),
        vector=b"\x00" * 4,
    )  # fmt: skip
    return Outcome(offset, encode_transaction(transaction), decision)
