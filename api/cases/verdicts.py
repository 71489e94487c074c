"""What a verdict says to the stream: the labels that it writes, and those that take it back. Pure.

Labels are revisions and the last one wins, so nothing that was published is ever un-said: a changed or undone verdict
is one more revision. See docs/decisions/0013.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from contracts.case import Verdict
from contracts.label import Label
from storage.case_decisions import CaseDecision, Decided, ToDecide
from storage.label_outbox import LastLabel

UNDO_S = 15 * 60  # a slip of the hand is noticed at once; later, a new decision is the honest way
SOURCE = "analyst"
SOURCE_UNDO = "analyst-undo"  # says that the verdict was taken back, not that somebody found it legitimate
REVISION_MAX = 2**31 - 1  # contracts.label
_FRAUD = {Verdict.CONFIRMED_FRAUD: True, Verdict.LEGITIMATE: False}


def undo_until(decision: CaseDecision) -> datetime:
    """The moment from which a decision cannot be undone any more."""
    return decision.decided_at + timedelta(seconds=UNDO_S)


def decide(
    client_id: int, verdict: Verdict, alerts: Sequence[ToDecide], last: Mapping[str, LastLabel], now: datetime
) -> tuple[list[Decided], list[Label]]:
    """What a verdict does to these alerts: each with what was before, and the labels to write.

    `last` are the labels known last, by transaction. Inconclusive writes none, unless it replaces an analyst's "fraud".
    """
    decided, labels = [], []
    for alert in alerts:
        before = last.get(alert.transaction_id)
        label = _label(client_id, alert.transaction_id, _fraud_of(verdict, before), SOURCE, before, now)
        if label is not None:
            labels.append(label)
        decided.append(
            Decided(
                alert.alert_id,
                alert.transaction_id,
                alert.status,
                alert.decision_id,
                label.revision if label else None,
                before.fraud if before else None,
            )
        )
    return decided, labels


def undo(client_id: int, alerts: Sequence[Decided], last: Mapping[str, LastLabel], now: datetime) -> list[Label]:
    """The labels that take a decision back: the verdict before it, else "not fraud".

    Where somebody has said something since (a chargeback), that stays.
    """
    labels = []
    for alert in alerts:
        latest = last.get(alert.transaction_id)
        if latest is None or latest.revision != alert.revision:
            continue
        label = _label(client_id, alert.transaction_id, bool(alert.fraud_before), SOURCE_UNDO, latest, now)
        if label is not None:
            labels.append(label)
    return labels


def _fraud_of(verdict: Verdict, before: LastLabel | None) -> bool | None:
    if verdict in _FRAUD:
        return _FRAUD[verdict]
    return False if before is not None and before.fraud and before.source == SOURCE else None


def _label(
    client_id: int, transaction_id: str, fraud: bool | None, source: str, before: LastLabel | None, now: datetime
) -> Label | None:
    """The next revision; None if there is nothing to say, or no number left to say it with."""
    revision = before.revision + 1 if before else 0
    if fraud is None or revision > REVISION_MAX:
        return None
    return Label(
        transaction_id=transaction_id, fraud=fraud, known_at=now, client_id=client_id, source=source, revision=revision
    )
