"""Cases: what analysts make of alerts. An alert belongs to one case, the alerts of one account within a day."""

from enum import StrEnum
from uuid import UUID, uuid5


class AlertStatus(StrEnum):
    """Where the work on an alert stands; a case has the same words, see `api.cases.status`."""

    OPEN = "OPEN"
    IN_REVIEW = "IN_REVIEW"
    RESOLVED = "RESOLVED"  # dealt with
    DISMISSED = "DISMISSED"  # a false alarm


CLOSED = frozenset({AlertStatus.RESOLVED, AlertStatus.DISMISSED})


class Verdict(StrEnum):
    """What an analyst decided about an alert or a whole case."""

    CONFIRMED_FRAUD = "confirmed_fraud"
    LEGITIMATE = "legitimate"
    INCONCLUSIVE = "inconclusive"


def case_id_of(first_alert_id: str) -> str:
    """The id of the case that an alert opens. The alert's id is a function of client and transaction, so is this."""
    return str(uuid5(UUID(first_alert_id), "case"))
