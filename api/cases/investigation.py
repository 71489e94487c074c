"""An investigation: all that is known around one alert or one case, gathered from the stored transactions."""

from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from api.cases.deciding import NO_INVESTIGATION
from api.cases.norm import Norm, norm_of
from api.cases.timeline import Event, timeline
from api.problems import NOT_FOUND, Problem
from contracts.decision import RiskLevel
from storage.alert_list import AlertListRepository, WorkedAlert
from storage.audit import AuditRecord, AuditRepository
from storage.case_decisions import CaseDecision, CaseHistory, Note
from storage.cases import Case, CaseRepository
from storage.clients import ClientRepository
from storage.database import Pool
from storage.related import Activity, Around, RelatedRepository, Seen, Shared

DAY_MS = 86_400_000
LOOK_BACK_MS = 30 * DAY_MS  # the longest window of the features: what the model looked at, an analyst can see
LOOK_AHEAD_MS = DAY_MS  # behind the last alert: did it go on?
ACCOUNT_MAX = 500  # transactions of the account that are read, the newest
SHARED_MAX = 1_000  # transactions of a device, an address or a merchant that are read, the newest
RECENT_MAX = 50  # transactions of the account in the answer
OTHERS_MAX = 20  # transactions of other accounts in the answer, of each of the three
ALERTS_MAX = 100  # of the case in the answer, the newest
CASES_MAX = 20  # other cases of the account in the answer
AUDITED_MAX = 200  # what analysts did, the newest


@dataclass(frozen=True, slots=True)
class SharedActivity:
    """What else there is of the device, the address or the merchant of the alert in question."""

    shared: Shared
    value: str
    seen: Seen


@dataclass(frozen=True, slots=True)
class Investigation:
    """`alerts` are the one that is asked about, or those of the case; `recent` is newest first."""

    case: Case
    alert_id: UUID | None
    alerts: list[WorkedAlert]
    recent: list[Activity]
    norm: Norm
    time_zone: str
    shared: list[SharedActivity]
    earlier_cases: list[Case]
    decisions: list[CaseDecision]
    notes: list[Note]
    events: list[Event]


async def investigate(pool: Pool, client_id: int, subject_id: UUID) -> Investigation:
    """Gather everything about an alert's or a case's id. Raises a 404 problem or StoreUnavailable."""
    case, alert, alerts = await _subject(pool, client_id, subject_id)
    window = _window(case, ACCOUNT_MAX)
    activities = await RelatedRepository(pool).of_account(window, case.account)
    client = (await ClientRepository(pool).all()).get(client_id)
    zone = ZoneInfo(client.time_zone if client else "UTC")
    history = CaseHistory(pool)
    decisions, notes = await history.decisions(client_id, case.case_id), await history.notes(client_id, case.case_id)
    shown = [alert] if alert else alerts
    return Investigation(
        case=case,
        alert_id=subject_id if alert else None,
        alerts=shown,
        recent=activities[:RECENT_MAX],
        norm=norm_of(activities, case.first_event_time_ms, zone),
        time_zone=zone.key,
        shared=await _shared(pool, case, alert or _riskiest(alerts), activities),
        earlier_cases=await CaseRepository(pool).others_of_account(client_id, case.account, case.case_id, CASES_MAX),
        decisions=decisions,
        notes=notes,
        events=timeline(
            [a for a in activities if a.event_time_ms >= case.first_event_time_ms - DAY_MS],
            alerts,
            decisions,
            notes,
            await _audited(pool, case, alerts),
        ),
    )


async def _subject(pool: Pool, client_id: int, subject_id: UUID) -> tuple[Case, WorkedAlert | None, list[WorkedAlert]]:
    """The case, the alert if the id is an alert's, and the case's newest alerts."""
    listed = AlertListRepository(pool)
    alert = await listed.get(client_id, subject_id)
    case_id = UUID(alert.alert.case_id) if alert and alert.alert.case_id else subject_id
    case = await CaseRepository(pool).get(client_id, case_id)
    if case is None:
        raise Problem(NOT_FOUND, NO_INVESTIGATION)
    return case, alert, await listed.of_case(client_id, case_id, ALERTS_MAX)


def _window(case: Case, newest: int) -> Around:
    return Around(
        client_id=case.client_id,
        from_ms=case.first_event_time_ms - LOOK_BACK_MS,
        to_ms=case.last_event_time_ms + LOOK_AHEAD_MS,
        newest=newest,
    )


def _riskiest(alerts: list[WorkedAlert]) -> WorkedAlert | None:
    ranks = list(RiskLevel)
    return max(alerts, key=lambda a: (ranks.index(a.alert.severity), a.alert.risk_score), default=None)


async def _shared(
    pool: Pool, case: Case, alert: WorkedAlert | None, activities: list[Activity]
) -> list[SharedActivity]:
    """The address stands in the transaction only, which is there unless the account has paid often since."""
    if alert is None:
        return []
    paid = next((a for a in activities if a.transaction_id == alert.alert.transaction_id), None)
    values = {
        Shared.DEVICE: alert.alert.device_id,
        Shared.IP_ADDRESS: paid.ip_address if paid else None,
        Shared.MERCHANT: alert.alert.merchant_id,
    }
    repository, window = RelatedRepository(pool), _window(case, SHARED_MAX)
    return [
        SharedActivity(shared, value, await repository.seen(window, shared, value, case.account, OTHERS_MAX))
        for shared, value in values.items()
        if value is not None
    ]


async def _audited(pool: Pool, case: Case, alerts: list[WorkedAlert]) -> list[AuditRecord]:
    subjects = [f"case:{case.case_id}", *(f"alert:{found.alert.alert_id}" for found in alerts)]
    return await AuditRepository(pool).about(case.client_id, subjects, AUDITED_MAX)
