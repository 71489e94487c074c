"""Callers of every kind, for clients with data of their own: made afresh, so that none can be locked out by a test."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from alert_maker import AlertMaker
from analysts_worker import do_jobs
from people import PASSWORD
from running_gateway import SECRET, RunningGateway

from api.keys import hash_key, new_key
from storage.analysis_runs import RunFound, note_found
from storage.anomalies import FoundAnomaly, insert
from storage.api_keys import ApiKeyRepository
from storage.clients import ClientRepository
from storage.database import Connection
from storage.job_queue import JobQueue
from storage.jobs import JobKind
from storage.user_sessions import NewSession, UserSessionRepository

NOBODY = "nobody"
ROLES = ("viewer", "analyst", "admin")
KEYS = ("key:read", "key:score", "key:cases", "key:admin")
CALLERS = (NOBODY, *ROLES, *KEYS)
SCOPES: dict[str, frozenset[str]] = {
    NOBODY: frozenset(),
    "viewer": frozenset({"read"}),
    "analyst": frozenset({"read", "cases"}),
    "admin": frozenset({"read", "score", "cases", "admin"}),
    **{key: frozenset({key.removeprefix("key:")}) for key in KEYS},
}
_numbers = count(1)


@dataclass
class Tenant:
    """A client with data. `known` are ids of its things, by the parameter that takes them; `marks` give it away."""

    client_id: int
    known: dict[str, str]
    marks: set[str] = field(default_factory=set)

    def leaked(self, text: str) -> set[str]:
        """What of this client stands in another's answer."""
        return {mark for mark in self.marks if f'"{mark}' in text or f" {mark}" in text}


class World:
    """A gateway's clients and their callers."""

    def __init__(self, gateway: RunningGateway, pool: "asyncpg.Pool[asyncpg.Record]", alerts: AlertMaker) -> None:
        self.gateway = gateway
        self._pool = pool
        self._alerts = alerts

    async def tenant(self, name: str) -> Tenant:
        """A client with alerts, an investigation, a user, an API key, an invitation, labels, a strategy, a trail."""
        client_id = await ClientRepository(self._pool).create(f"Bank of {name}")
        stored = await self._alerts.store(3, client_id=client_id)
        user_id, email = await self._user(client_id, "viewer", name)
        key, prefix = new_key()
        key_id = await ApiKeyRepository(self._pool).create(
            client_id, f"till of {name}", hash_key(SECRET, key), prefix, ["admin"]
        )
        admin = await self.headers(client_id, "admin", name)
        guest = f"guest-{name}@bank.example"
        invited = await self._do(admin, "POST", "/v1/users/invitations", {"email": guest, "role": "viewer"})
        subject = f"/v1/investigations/{stored[0].alert_id}"
        await self._do(admin, "POST", f"{subject}/notes", {"text": f"a note of {name}"})
        await self._do(admin, "POST", f"{subject}/decision", {"verdict": "legitimate", "reason": f"asked {name}"})
        alert = (await self._do(admin, "GET", f"/v1/alerts/{stored[1].alert_id}")).json()
        strategy = await self._do(
            admin, "POST", "/v1/strategies", {"name": f"strategy of {name}", "detectors": [{"detector": "z_score"}]}
        )
        run_id, job_id = await self._runs(admin, client_id, stored[1].transaction_id)
        period = "from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z"
        path = f"/v1/strategies/{strategy.json()['strategy_id']}/preview?{period}"
        preview = await self._do(admin, "GET", path)
        known = {
            "run_id": run_id,
            "other_run_id": run_id,
            "place": "0",
            "job_id": job_id,
            "alert_id": stored[1].alert_id,
            "subject_id": stored[2].alert_id,
            "case_id": alert["case_id"],
            "transaction_id": stored[1].transaction_id,
            "user_id": str(user_id),
            "api_key_id": str(key_id),
            "account": stored[1].account,
            "subject": f"alert:{stored[0].alert_id}",
            "invitation_id": str(invited.json()["invitation_id"]),
            "strategy_id": strategy.json()["strategy_id"],
            "version": "1",
            "preview_id": preview.json()["preview_id"],
            "factor_id": str(await self._factor(client_id, user_id)),
        }
        upload = await self._upload(admin, name)
        known["upload_id"] = upload["upload_id"]
        marks = {name, email, guest, prefix, f"Bank of {name}", alert["case_id"], strategy.json()["strategy_id"]}
        marks |= {run_id, job_id, upload["upload_id"]}
        for each in stored:
            marks |= {each.alert_id, each.transaction_id, each.account}
        return Tenant(client_id, known, marks)

    async def _runs(self, admin: dict[str, str], client_id: int, transaction_id: str) -> tuple[str, str]:
        """A run that flagged the transaction, and the job of another one that waits."""
        body = {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", "strategy_id": "payments"}
        run_id = (await self._do(admin, "POST", "/v1/analysis/run", body)).json()["run_id"]
        queue = JobQueue(self._pool, "test")
        held = await queue.take([JobKind.RUN])
        assert held is not None
        assert held.job.subject == run_id

        async def store(connection: Connection) -> None:
            found = FoundAnomaly(
                place=0,
                rank=1,
                row=1,
                score=91.5,
                shares={"z_score": 91.5},
                reasons={"z_score": "9 times the usual amount"},
                subject=transaction_id,
                record={"row": 1, "transaction_id": transaction_id, "time_ms": 0, "amount_minor": 125_000},
            )
            await insert(connection, client_id, UUID(run_id), [found], stored=True)
            in_short = RunFound(rows=1, flagged=1, kept=1, judged={"z_score": 1})
            await note_found(connection, client_id, UUID(run_id), in_short)

        await queue.finish(held, store)
        waiting = await self._do(admin, "POST", "/v1/analysis/run", body)
        # Other tenants' runs must find theirs first in the queue, so this one is not due for a while.
        await self._pool.execute("UPDATE jobs SET due_at = now() + interval '1 day' WHERE client_id = $1", client_id)
        return run_id, str(waiting.json()["job_id"])

    async def headers(self, client_id: int, caller: str, name: str = "somebody") -> dict[str, str]:
        """What a caller of this kind sends; somebody new each time."""
        if caller == NOBODY:
            return {}
        if caller in KEYS:
            key, prefix = new_key()
            scopes = sorted(SCOPES[caller])
            await ApiKeyRepository(self._pool).create(client_id, caller, hash_key(SECRET, key), prefix, scopes)
            return {"X-API-Key": key}
        user_id, _ = await self._user(client_id, caller, name)
        session_id, now = uuid4(), datetime.now(UTC)
        await UserSessionRepository(self._pool).open(
            NewSession(
                session_id=session_id,
                client_id=client_id,
                user_id=user_id,
                address_hash=b"\0" * 32,
                opened_at=now,
                expires_at=now + timedelta(hours=1),
            )
        )
        return {"Authorization": f"Bearer {self.gateway.parts.tokens.issue(user_id, session_id)}"}

    async def _user(self, client_id: int, role: str, name: str) -> tuple[int, str]:
        email = f"{role}-{next(_numbers)}-{name}@bank.example".lower()
        user_id = await self._pool.fetchval(
            "INSERT INTO users (client_id, email, email_key, name, role, password_hash)"
            " VALUES ($1, $2, $2, $3, $4, $5) RETURNING user_id",
            client_id,
            email,
            name,
            role,
            await self.gateway.parts.accounts.passwords.hash(PASSWORD),
        )
        return user_id, email

    async def _factor(self, client_id: int, user_id: int) -> int:
        """A second factor of a user, with a secret that nobody can open."""
        factor_id: int = await self._pool.fetchval(
            "INSERT INTO second_factors (client_id, user_id, kind, name, sealed_secret, confirmed_at)"
            " VALUES ($1, $2, 'totp', 'a phone', $3, now()) RETURNING factor_id",
            client_id,
            user_id,
            b"sealed",
        )
        return factor_id

    async def _upload(self, headers: dict[str, str], name: str) -> Any:
        """A file that has been read: two rows, and one that did not land."""
        content = f"account,amount,date\n{name},12.50,2026-03-01\n{name},7.00,2026-03-02\n{name},none,2026-03-03\n"
        files = {"file": (f"{name}.csv", content)}
        answer = await self.gateway.http.post("/v1/uploads", files=files, headers=headers)
        assert answer.status_code == 202, answer.text
        await do_jobs(self.gateway.parts.settings)
        return answer.json()

    async def _do(self, headers: dict[str, str], method: str, path: str, body: Any = None) -> Any:
        response = await self.gateway.http.request(method, path, json=body, headers=headers)
        assert response.is_success, response.text
        return response

    async def rows_of(self, client_id: int) -> dict[str, list[str]]:
        """Everything that Postgres holds of a client, by table."""
        tables: Iterable[asyncpg.Record] = await self._pool.fetch(
            "SELECT c.table_name FROM information_schema.columns AS c JOIN information_schema.tables AS t"
            " USING (table_schema, table_name) WHERE c.column_name = 'client_id' AND c.table_schema = 'public'"
            " AND t.table_type = 'BASE TABLE' ORDER BY 1"
        )
        found = {}
        for (table,) in tables:
            rows = await self._pool.fetch(f"SELECT x::text FROM {table} AS x WHERE client_id = $1", client_id)
            found[table] = sorted(row[0] for row in rows)
        return found
