"""What an investigation looks like over HTTP."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from api.cases.investigation import Investigation, SharedActivity
from api.cases.norm import place_of
from api.cases.schemas import CaseDecisionOut, CaseOut, NoteOut, WorkedAlertOut
from api.schemas import Answer
from storage.related import Activity


class ActivityOut(Answer):
    """A stored transaction with its decision in short; `GET /v1/transactions/{id}` has the whole of it."""

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
    place: str | None
    risk_score: float | None
    risk_level: str | None
    recommendation: str | None
    alert_id: str | None

    @classmethod
    def of(cls, activity: Activity) -> Self:
        values = {name: getattr(activity, name) for name in Activity.__struct_fields__ if name != "body"}
        return cls(**values, place=place_of(activity.body))


class AmountsOut(Answer):
    """What the account usually pays, in one currency."""

    currency: str | None
    payments: int
    mean: float
    median: float
    largest: float


class CommonOut(Answer):
    value: str
    payments: int


class NormOut(Answer):
    """What the account's payments were like before the first alert, of those without an alert, back to `from_ms`.

    `hours`: payments by hour of the day, 24 numbers, by the clock of `time_zone`.
    """

    payments: int
    from_ms: int | None
    time_zone: str
    amounts: list[AmountsOut]
    hours: Annotated[list[int], Field(min_length=24, max_length=24)]
    places: list[CommonOut]
    devices: list[CommonOut]
    merchants: list[CommonOut]


class SharedOut(Answer):
    """What else there is of a device, an address or a merchant: in counts, and the newest of other accounts.

    Counts are of the newest 1,000 transactions within the time looked at.
    """

    entity: str
    value: str
    transactions: int
    accounts: int
    alerts: int
    others: list[ActivityOut]

    @classmethod
    def of(cls, found: SharedActivity) -> Self:
        return cls(
            entity=found.shared.name.lower(),
            value=found.value,
            transactions=found.seen.transactions,
            accounts=found.seen.accounts,
            alerts=found.seen.alerts,
            others=[ActivityOut.of(activity) for activity in found.seen.others],
        )


class EventOut(Answer):
    """`kind`: transaction, alert, decision, undo, note, or work (claims and moves of the status)."""

    at_ms: int
    kind: str
    text: str
    subject: str
    actor: str | None


class InvestigationOut(Answer):
    """All that is known around an alert (`alert_id`) or a whole case (`alert_id` is null)."""

    case: CaseOut
    alert_id: UUID | None
    alerts: list[WorkedAlertOut]
    recent_transactions: Annotated[list[ActivityOut], Field(description="Of the account, the newest first")]
    norm: NormOut
    shared: list[SharedOut]
    earlier_cases: Annotated[list[CaseOut], Field(description="Other cases of the account, the latest first")]
    decisions: list[CaseDecisionOut]
    notes: list[NoteOut]
    timeline: list[EventOut]

    @classmethod
    def of(cls, found: Investigation, now: datetime) -> Self:
        norm = {**found.norm._asdict(), "time_zone": found.time_zone}
        return cls(
            case=CaseOut.of(found.case, now),
            alert_id=found.alert_id,
            alerts=[WorkedAlertOut.of(alert, now) for alert in found.alerts],
            recent_transactions=[ActivityOut.of(activity) for activity in found.recent],
            norm=NormOut.model_validate(norm),
            shared=[SharedOut.of(shared) for shared in found.shared],
            earlier_cases=[CaseOut.of(case, now) for case in found.earlier_cases],
            decisions=[CaseDecisionOut.of(decision) for decision in found.decisions],
            notes=[NoteOut.of(note) for note in found.notes],
            timeline=[EventOut.model_validate(event) for event in found.events],
        )
