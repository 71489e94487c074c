"""Which case an alert belongs to: the alerts of one account within a day are one piece of work. Pure.

The rule: an alert joins a case of its account if all its alerts then still lie within one day of each other, by event
time. If several would take it, the one that began first does; if none would, it opens one. The answer depends on the
alerts before it in the client's sequence and on nothing else: not on batches, not on what analysts did meanwhile.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from contracts.case import case_id_of

SPAN_MS = 86_400_000  # a day, from a case's earliest to its latest alert
AccountKey = tuple[int, str]  # (client id, account)


class Raised(NamedTuple):
    """An alert on its way into a case."""

    client_id: int
    account: str
    alert_id: UUID
    event_time_ms: int


class Span(NamedTuple):
    """A case and the event times of its earliest and latest alert."""

    case_id: UUID
    first_ms: int
    last_ms: int

    def with_time(self, time_ms: int) -> "Span":
        return Span(self.case_id, min(self.first_ms, time_ms), max(self.last_ms, time_ms))

    @property
    def fits(self) -> bool:
        return self.last_ms - self.first_ms <= SPAN_MS


class CaseBook:
    """The cases of some accounts, to which alerts are added in the order of their sequence numbers.

    `known` are the cases that the accounts have already, at least those that lie within a day of an alert to come.
    """

    def __init__(self, known: Mapping[AccountKey, Sequence[Span]] | None = None) -> None:
        self._spans = {key: list(spans) for key, spans in (known or {}).items()}

    def join(self, alert: Raised) -> UUID:
        """The case of the next alert."""
        spans = self._spans.setdefault((alert.client_id, alert.account), [])
        wider = [span.with_time(alert.event_time_ms) for span in spans]
        taking = [place for place, span in enumerate(wider) if span.fits]
        if not taking:
            opened = UUID(case_id_of(str(alert.alert_id)))
            spans.append(Span(opened, alert.event_time_ms, alert.event_time_ms))
            return opened
        place = min(taking, key=lambda place: (spans[place].first_ms, spans[place].case_id))
        spans[place] = wider[place]
        return spans[place].case_id
