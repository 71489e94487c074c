"""The gateway from one's own code: score, watch alerts, decide them."""

from collections.abc import AsyncIterator, Iterable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
import msgspec

from contracts.case import AlertStatus, Verdict
from contracts.transaction import Transaction
from riskstream_client.answers import (
    AlertPage,
    Batch,
    BatchItem,
    CaseDecision,
    Score,
    Scored,
    WorkedAlert,
)
from riskstream_client.calls import PATIENCE_S, Calls, Credentials
from riskstream_client.credentials import ApiKey, checked_address, checked_key, sign_in
from riskstream_client.errors import ProblemDocument, answer_of, error_of
from riskstream_client.feed import Feed, FeedFilter

TIMEOUT_S = 10.0  # for one answer; scoring has a deadline far below it
PAGE_SIZE = 100  # alerts a call

T = TypeVar("T")
Payment = Transaction | Mapping[str, Any]

_encode = msgspec.json.Encoder().encode


class Client:
    """An async context manager over one gateway, with an API key; or `Client.signed_in` with a user's password.

    Calls wait and repeat by themselves while the gateway restarts or is busy, for `patience_s` seconds at most. Every
    one raises ProblemError where the gateway refuses, and StoreUnavailable where nobody answered in time; then it can
    be repeated with the same transaction id. An address at which nobody has answered yet fails at once. Raises
    SettingsError for an address or a key that cannot be one.
    """

    def __init__(self, url: str, api_key: str | None = None, *, patience_s: float = PATIENCE_S) -> None:
        self._url = checked_address(url)
        self._http = httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S)
        self._patience_s = patience_s
        self._use(ApiKey(checked_key(api_key or "")))

    @classmethod
    async def signed_in(cls, url: str, email: str, password: str, *, patience_s: float = PATIENCE_S) -> Self:
        """A client for a user. Raises ProblemError, StoreUnavailable."""
        client = cls(url, patience_s=patience_s)
        try:
            client._use(await sign_in(client._http, email, password))
        except BaseException:
            await client.close()
            raise
        return client

    def _use(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._calls = Calls(self._http, credentials, self._patience_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def score(self, transaction: Payment, *, dry_run: bool = False) -> Score:
        """Decide a transaction, or get the decision that it has. A dry run counts and stores nothing."""
        body = _fields(transaction) | ({"dry_run": True} if dry_run else {})
        return await self._ask("POST", "/v1/score", Score, body)

    async def score_batch(self, transactions: Iterable[Payment], *, dry_run: bool = False) -> list[Scored]:
        """Decide up to 500 transactions in their order; for each its decision, or the ProblemError that it met."""
        body = {"transactions": [_fields(each) for each in transactions], "dry_run": dry_run}
        batch = await self._ask("POST", "/v1/score/batch", Batch, body)
        return [_scored(item) for item in batch.items]

    async def alert(self, alert_id: str) -> WorkedAlert:
        return await self._ask("GET", f"/v1/alerts/{alert_id}", WorkedAlert)

    async def alerts(self, **filters: Any) -> AsyncIterator[WorkedAlert]:
        """All alerts that fit, newest first, page by page. Filters are those of `GET /v1/alerts`: `severity` …"""
        query = {"limit": PAGE_SIZE, **{name.rstrip("_"): value for name, value in filters.items()}}
        while True:
            page = await self._ask("GET", "/v1/alerts", AlertPage, query=query)
            for alert in page.items:
                yield alert
            if page.next_cursor is None:
                return
            query["cursor"] = page.next_cursor

    async def claim_next(self) -> WorkedAlert | None:
        """The alert to begin with of the severest case that nobody works on, claimed; None if nothing waits."""
        answer = await self._calls.call("POST", "/v1/alerts/next")
        return answer_of(answer.content, WorkedAlert) if answer.content else None

    async def set_status(self, alert: WorkedAlert, status: AlertStatus, reason: str | None = None) -> WorkedAlert:
        """Move an alert's status. Raises ProblemError `changed-meanwhile` if it moved since it was read."""
        headers = {"If-Match": f'"{alert.version}"'}
        body = {"status": status, "reason": reason}
        return await self._ask("PATCH", f"/v1/alerts/{alert.alert_id}/status", WorkedAlert, body, headers=headers)

    async def decide(self, subject_id: str, verdict: Verdict, reason: str) -> CaseDecision:
        """Decide an alert, or a case with all its alerts."""
        body = {"verdict": verdict, "reason": reason}
        return await self._ask("POST", f"/v1/investigations/{subject_id}/decision", CaseDecision, body)

    def feed(self, *, resume_from: int | None = None, wanted: FeedFilter | None = None) -> Feed:
        """New alerts as they come, for `async for`; from behind `resume_from` on if that is given."""
        return Feed(self._url, self._credentials, resume_from, wanted)

    async def _ask(
        self,
        method: str,
        path: str,
        kind: type[T],
        body: object = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        encoded = None if body is None else _encode(body)
        answer = await self._calls.call(method, path, body=encoded, query=query, headers=headers)
        return answer_of(answer.content, kind)


def _fields(transaction: Payment) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(transaction, str_keys=True)
    return fields


def _scored(item: BatchItem) -> Scored:
    if item.decision is not None:
        return item.decision
    return error_of(0, item.problem or ProblemDocument())
