"""The questions that lists of alerts, cases, labels and audit entries answer: query parameters and their bounds."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.cases.paging import PageQuery
from api.cases.texts import Line, Question, ShortLine
from api.moments import Moment
from contracts.case import AlertStatus
from contracts.decision import RiskLevel
from contracts.transaction import EPOCH
from storage.alert_list import AlertFilter, AlertSort
from storage.audit import AuditFilter
from storage.cases import CaseFilter
from storage.feedback import LabelFilter

ASSIGNEE_ME, ASSIGNEE_NONE = "me", "none"
CHOICES_MAX = 4  # as many as there are statuses and severities
SCORE_MAX = 100.0
REACH_DAYS = 200 * 365  # since 1970


class Order(StrEnum):
    ASC = "asc"
    DESC = "desc"


From = Annotated[Moment | None, Field(alias="from", description="From this time on, RFC 3339")]
To = Annotated[Moment | None, Field(alias="to", description="Before this time, RFC 3339")]
Assignee = Annotated[
    Line | None, Field(description="Who holds the case: an actor such as `user:17`, `me`, or `none` for nobody")
]
Statuses = Annotated[list[AlertStatus] | None, Field(max_length=CHOICES_MAX, description="One of these")]
Severities = Annotated[list[RiskLevel] | None, Field(max_length=CHOICES_MAX, description="One of these")]
Score = Annotated[float | None, Field(ge=0, le=SCORE_MAX, allow_inf_nan=False)]


class AlertQuery(PageQuery):
    """Filters and order of a list of alerts."""

    sort: AlertSort = AlertSort.SEQUENCE
    order: Order = Order.DESC
    status: Statuses = None
    severity: Severities = None
    score_min: Score = None
    score_max: Score = None
    account: Line | None = None
    merchant: Line | None = None
    device: Line | None = None
    from_: From = None
    to: To = None
    assignee: Assignee = None
    case: Annotated[UUID | None, Field(description="Alerts of this case")] = None
    q: Annotated[
        Question | None,
        Field(
            description="Words of the transaction id, account, merchant, device, place and reasons; the beginning of"
            " each is enough, and all must be there. What many alerts hold is looked for among the newest 20,000."
        ),
    ] = None

    def filter(self, actor: str, now: datetime) -> AlertFilter:
        """As storage asks it; `me` is the actor."""
        return AlertFilter(
            now=now,
            status=self.status,
            severity=self.severity,
            score_min=self.score_min,
            score_max=self.score_max,
            account=self.account,
            merchant=self.merchant,
            device=self.device,
            case_id=self.case,
            from_ms=milliseconds(self.from_),
            to_ms=milliseconds(self.to),
            assignee=_assignee(self.assignee, actor),
            text=self.q,
        )


class CaseQuery(PageQuery):
    """Filters and order of a list of cases; the order is that in which they were opened."""

    order: Order = Order.DESC
    status: Statuses = None
    severity: Severities = None
    account: Line | None = None
    assignee: Assignee = None

    def filter(self, actor: str, now: datetime) -> CaseFilter:
        """As storage asks it; `me` is the actor."""
        return CaseFilter(
            now=now,
            status=self.status,
            severity=self.severity,
            account=self.account,
            assignee=_assignee(self.assignee, actor),
        )


class LabelQuery(PageQuery):
    """Filters of a list of labels; the one known last comes first."""

    transaction: Annotated[Line | None, Field(description="Labels of this transaction id")] = None
    source: ShortLine | None = None
    fraud: Annotated[bool | None, Field(description="What the label says")] = None
    from_: From = None
    to: To = None

    def filter(self) -> LabelFilter:
        return LabelFilter(
            transaction_id=self.transaction,
            source=self.source,
            fraud=self.fraud,
            from_ms=milliseconds(self.from_),
            to_ms=milliseconds(self.to),
        )


class AuditQuery(PageQuery):
    """Filters of the audit log; the newest entry comes first."""

    actor: Line | None = None
    action: Annotated[Line | None, Field(description="Such as `alert.status` or `key.created`")] = None
    subject: Annotated[Line | None, Field(description="Such as `case:<id>`")] = None
    from_: From = None
    to: To = None

    def filter(self) -> AuditFilter:
        return AuditFilter(
            actor=self.actor,
            action=self.action,
            subject=self.subject,
            recorded_from=_within_reach(self.from_),
            recorded_to=_within_reach(self.to),
        )


def milliseconds(at: datetime | None) -> int | None:
    """Milliseconds since 1970 UTC, rounded down."""
    return None if at is None else (at - EPOCH) // timedelta(milliseconds=1)


def _within_reach(at: datetime | None) -> datetime | None:
    """A time that can be told in UTC; the ends of the calendar cannot, and nothing was recorded there."""
    return None if at is None else min(max(at, EPOCH), EPOCH + timedelta(days=REACH_DAYS))


def _assignee(text: str | None, actor: str) -> str | None:
    if text == ASSIGNEE_ME:
        return actor
    return "" if text == ASSIGNEE_NONE else text
