"""The list of transactions: what may be asked of it, and what its answers look like."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from api.cases.paging import PageQuery
from api.cases.queries import From, To, milliseconds
from api.cases.texts import Line
from api.listing import Listed
from api.schemas import Answer
from contracts.decision import Recommendation, RiskLevel
from contracts.transaction import canonical_ip
from storage.transaction_list import TransactionFilter

_LISTED: dict[str, Any] = {
    "transaction_id": "pay-2031",
    "event_time_ms": 1772366400000,
    "amount": 1250.5,
    "currency": "KES",
    "kind": "payment",
    "account": "acct-77",
    "device_id": "phone-9",
    "ip_address": None,
    "merchant_id": "shop-3",
    "beneficiary_id": None,
    "risk_score": 81.5,
    "risk_level": "HIGH",
    "recommendation": "FLAG",
    "alert_id": "5a0e1c1e-0d8e-5c39-9c3c-4c7f6f2a6d11",
}


class TransactionQuery(PageQuery):
    """Filters of a list of transactions; the newest come first."""

    account: Line | None = None
    device: Line | None = None
    merchant: Line | None = None
    ip: Annotated[Line | None, Field(description="An IPv4 or IPv6 address")] = None
    level: Annotated[
        list[RiskLevel] | None, Field(min_length=1, max_length=len(RiskLevel), description="One of these")
    ] = None
    from_: From = None
    to: To = None

    def filter(self) -> TransactionFilter:
        """As storage asks it."""
        return TransactionFilter(
            account=self.account,
            device=self.device,
            merchant=self.merchant,
            ip_address=None if self.ip is None else canonical_ip(self.ip) or self.ip,
            level=self.level,
            from_ms=milliseconds(self.from_),
            to_ms=milliseconds(self.to),
        )


class ListedTransactionOut(Answer):
    """A transaction with its decision in short; `GET /v1/transactions/{transaction_id}` has the rest."""

    transaction_id: str
    event_time_ms: int
    amount: float
    currency: str | None
    kind: str
    account: str
    device_id: str | None
    ip_address: str | None
    merchant_id: str | None
    beneficiary_id: str | None
    risk_score: float
    risk_level: RiskLevel
    recommendation: Recommendation
    alert_id: str | None


class TransactionPageOut(Listed):
    """Newest first. `next_cursor` is null on the last page; a page that asks for levels may be short before it."""

    model_config = ConfigDict(
        from_attributes=True, frozen=True, json_schema_extra={"examples": [{"items": [_LISTED], "next_cursor": None}]}
    )

    items: list[ListedTransactionOut]
    next_cursor: str | None
