"""Uploads that are read already, stored payments, and an analysis worker beside the gateway."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx

from analysis.metrics import AnalysisMetrics
from analysis.rows import RowWriter
from analysis.upload_folder import rows_path
from analysis.worker import work
from contracts.decision import Decision, Recommendation, RiskLevel
from contracts.journal import JournalEntry, Outcome
from contracts.transaction import Transaction, encode_transaction
from settings import Settings
from storage.audit import AuditEntry
from storage.database import connect, session
from storage.decision_store import PostgresDecisionStore
from storage.roles import PIPELINE
from storage.uploads import NewUpload, add, parsed

TOPIC = "payments.transactions.v1"
PARTITION = 1  # 0 is the alert maker's
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
ENDED = ("done", "failed", "cancelled")


def habits(count: int = 300, odd: int = 5) -> list[dict[str, Any]]:
    """Payments of three accounts around 50, of which the last few are two hundred times as large."""
    return [
        {
            "transaction_id": f"row-{i}",
            "account": f"acct-{i % 3}",
            "time": START + timedelta(hours=i),
            "amount": 9_000.0 + i if i >= count - odd else 45.0 + i % 11,
        }
        for i in range(count)
    ]


async def put_upload(pool: Any, folder: Path, rows: Sequence[dict[str, Any]], client_id: int = 1) -> UUID:
    """An upload whose rows are there, as the job that reads files leaves it."""
    upload_id = uuid4()
    path = rows_path(folder, client_id, upload_id)
    path.parent.mkdir(parents=True)
    with RowWriter(path) as writer:
        writer.write(
            {
                "row": list(range(2, len(rows) + 2)),
                "transaction_id": [row["transaction_id"] for row in rows],
                "account": [row["account"] for row in rows],
                "time_ms": [int(row["time"].timestamp() * 1000) for row in rows],
                "amount_minor": [round(row["amount"] * 10_000) for row in rows],
                "currency": ["EUR"] * len(rows),
                "text": [row.get("text") for row in rows],
            }
        )
    new = NewUpload(
        upload_id=upload_id,
        client_id=client_id,
        file_name="rows.csv",
        size_bytes=1,
        sha256=upload_id.bytes * 2,
        created_by="user:1",
    )
    entry = AuditEntry(client_id=client_id, actor="user:1", action="upload.added", subject=f"upload:{upload_id}")
    async with session(pool) as connection, connection.transaction():
        await add(connection, new, 10**9, entry)
        await parsed(connection, client_id, upload_id, 1, reading={}, rows=len(rows), rejected=0, outcome={})
    return upload_id


async def store_payments(pool: Any, rows: Sequence[dict[str, Any]], client_id: int = 1) -> None:
    """Stored payments that the stream let through."""
    store = PostgresDecisionStore(pool, TOPIC)
    await store.start_partition(PARTITION, 0)
    start = await store.next_offset(PARTITION) or 0
    outcomes = tuple(_outcome(start + i, row, client_id) for i, row in enumerate(rows))
    await store.store(JournalEntry(PARTITION, start, start + len(rows), await store.epoch(), outcomes))


def _outcome(offset: int, row: dict[str, Any], client_id: int) -> Outcome:
    transaction = Transaction(
        transaction_id=row["transaction_id"],
        amount=row["amount"],
        timestamp=row["time"],
        client_id=client_id,
        account_id=row["account"],
        channel="app",
        country="KE",
        merchant_id=row.get("merchant"),
    )
    decision = Decision(
        client_id=client_id,
        transaction_id=transaction.transaction_id,
        account=transaction.account,
        event_time_ms=transaction.event_time_ms,
        risk_score=3.0,
        risk_level=RiskLevel.LOW,
        recommendation=Recommendation.APPROVE,
        probability=0.03,
        signals={},
        model_version="test-1",
        catalogue_hash="0",
        policy_version="1",
    )
    return Outcome(offset, encode_transaction(transaction), decision)


@asynccontextmanager
async def worker(settings: Settings) -> AsyncIterator[asyncio.Event]:
    """An analysis worker, in this process; gives what stops it."""
    stopping = asyncio.Event()
    pool = await connect(settings.postgres_dsn, size_max=6, role=PIPELINE)
    working = asyncio.create_task(work(settings, pool, stopping, AnalysisMetrics()))
    try:
        yield stopping
    finally:
        stopping.set()
        await working
        await pool.close()


class Analyst:
    """Somebody who runs strategies over HTTP."""

    def __init__(self, http: httpx.AsyncClient, key: str) -> None:
        self.http = http
        self.headers = {"X-API-Key": key}

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.http.get(path, params=query, headers=self.headers)

    async def post(self, path: str, body: Any = None) -> httpx.Response:
        return await self.http.post(path, json=body, headers=self.headers)

    async def read(self, path: str, **query: Any) -> Any:
        answer = await self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def started(self, **body: Any) -> str:
        answer = await self.post("/v1/analysis/run", {"strategy_id": "payments", **body})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["run_id"])

    async def ended(self, run_id: str, seconds: float = 60.0) -> dict[str, Any]:
        """The run's status once it has ended."""
        async with asyncio.timeout(seconds):
            while True:
                status: dict[str, Any] = await self.read(f"/v1/analysis/{run_id}/status")
                if status["state"] in ENDED:
                    return status
                await asyncio.sleep(0.05)

    async def ran(self, **body: Any) -> str:
        """A run that is done."""
        run_id = await self.started(**body)
        status = await self.ended(run_id)
        assert status["state"] == "done", status
        return run_id

    async def every(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """All pages of a list."""
        found: list[dict[str, Any]] = []
        cursor = None
        while True:
            page = await self.read(path, **query | ({"cursor": cursor} if cursor else {}))
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found
