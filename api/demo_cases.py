"""What the demo's analyst decided in the simulated past: cases, by their truth, some hours after they were opened."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from api.cases.act import Act
from api.cases.deciding import decide
from api.database import Database
from contracts.case import Verdict
from contracts.transaction import DEMO_CLIENT_ID
from settings import Settings
from storage.database import connect, session
from storage.roles import GATEWAY

AFTER = timedelta(hours=6)  # the youngest cases of each look wait for the next one
ACTOR = "demo-analyst"

_DUE = """
SELECT c.case_id, array_agg(a.alert_id) AS alerts, array_agg(a.transaction_id) AS transactions
FROM cases AS c JOIN alerts AS a USING (case_id)
WHERE c.client_id = $1 AND c.status = 'OPEN' AND c.last_event_time_ms < $2
GROUP BY c.case_id ORDER BY min(a.sequence)
"""


@dataclass(frozen=True, slots=True)
class _Gateway:
    """The one part of the gateway that a decision needs."""

    database: Database


class DemoAnalyst:
    """Decides the demo client's cases. `fraud` are the ids of the transactions that are fraud."""

    def __init__(self, settings: Settings, fraud: frozenset[str]) -> None:
        self._database = Database(lambda: connect(settings.postgres_dsn, size_max=1, role=GATEWAY), deadline_s=30.0)
        self._fraud = fraud
        self.decided = 0

    async def decide_until(self, now: datetime) -> None:
        """Decide what was opened more than AFTER before `now`. Raises StoreUnavailable."""
        before_ms = int((now - AFTER).timestamp() * 1000)
        async with self._database.client(DEMO_CLIENT_ID) as pool, session(pool) as connection:
            due = await connection.fetch(_DUE, DEMO_CLIENT_ID, before_ms)
        parts = cast(Any, _Gateway(self._database))
        act = Act(parts, DEMO_CLIENT_ID, ACTOR, False, "demo-history", now.astimezone(UTC))
        for case_id, alerts, transactions in due:
            fraud = [each in self._fraud for each in transactions]
            subjects = [case_id] if len(set(fraud)) == 1 else alerts  # one verdict, or one an alert
            for subject, is_fraud in zip(subjects, fraud, strict=False):
                verdict = Verdict.CONFIRMED_FRAUD if is_fraud else Verdict.LEGITIMATE
                await decide(act, subject, verdict, _REASONS[verdict], None)
            self.decided += 1

    async def close(self) -> None:
        await self._database.close()


_REASONS = {
    Verdict.CONFIRMED_FRAUD: "The customer did not make these payments (simulated).",
    Verdict.LEGITIMATE: "The customer confirmed the payments (simulated).",
}
