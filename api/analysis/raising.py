"""An anomaly becomes an alert like any other: with the client's next number, in a case of its account.

Of a stored transaction it goes under the transaction's id, so a transaction has one alert, whoever found it. Of a
file's row it goes under the row's own name. The row was let through long ago, so the alert recommends to look.
"""

from uuid import UUID

import asyncpg

from api.analysis.starting import NO_RUN
from api.cases.act import Act
from api.problems import NOT_FOUND, Problem
from contracts.decision import Reason, Recommendation, RiskLevel
from storage import alert_list, alerts, anomalies, audit
from storage.alert_list import WorkedAlert
from storage.alerts import AlertDraft
from storage.anomalies import StoredAnomaly

MINOR = 10_000  # amounts of rows are whole 1e-4 units
LEVELS = ((90.0, RiskLevel.CRITICAL), (75.0, RiskLevel.HIGH), (50.0, RiskLevel.MEDIUM))  # as the stream's defaults
FEATURE = "anomaly."  # before a detector's name, where a feature's is expected


async def raise_alert(act: Act, run_id: UUID, place: int) -> tuple[WorkedAlert, bool]:
    """The alert of an anomaly, and whether it is new. Raises a 404 problem."""
    try:
        return await _raise(act, run_id, place)
    except asyncpg.UniqueViolationError:  # somebody else did at this moment
        return await _raise(act, run_id, place)


async def _raise(act: Act, run_id: UUID, place: int) -> tuple[WorkedAlert, bool]:
    async with act.transaction() as connection:
        found = await anomalies.get(connection, act.client_id, run_id, place)
        if found is None:
            raise Problem(NOT_FOUND, f"{NO_RUN} and an anomaly at this place")
        alert_id, is_new = found.alert_id, found.alert_id is None
        if alert_id is None:
            draft = draft_of(found, act)
            alert_id = draft.alert_id
            detail = {"run_id": str(run_id), "place": place, "score": found.score}
            await audit.record(connection, act.entry("alert.raised", f"alert:{alert_id}", **detail))
            await alerts.insert_drafts(connection, [draft])
        worked = await alert_list.get(connection, act.client_id, alert_id)
        assert worked is not None
        return worked, is_new


def draft_of(found: StoredAnomaly, act: Act) -> AlertDraft:
    """What the alert of an anomaly says. Rows of a file that name no account belong together."""
    whole = found.subject.rpartition("/")[0]
    now_ms = int(act.now.timestamp() * 1000)
    return AlertDraft(
        client_id=act.client_id,
        transaction_id=found.subject,
        account=found.account or whole or found.subject,
        event_time_ms=now_ms if found.event_time_ms is None else found.event_time_ms,
        amount=(found.amount_minor or 0) / MINOR,
        currency=found.currency or act.parts.settings.currency_default,
        severity=next((level for least, level in LEVELS if found.score >= least), RiskLevel.LOW),
        recommendation=Recommendation.REVIEW,
        risk_score=found.score,
        signals={detector: round(min(share / 100, 1.0), 4) for detector, share in found.shares.items()},
        reasons=tuple(
            Reason(FEATURE + detector, None, None, found.shares.get(detector, 0.0), text)
            for detector, text in found.reasons.items()
        ),
        merchant_id=found.record.get("merchant"),
        device_id=found.record.get("device"),
        location=None,
        run_id=found.run_id,
    )
