"""What a label changes: its place among the revisions of its transaction, when it counts and by how much. Pure."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import groupby
from typing import NamedTuple

from contracts.label import Label
from contracts.transaction import EPOCH

TransactionKey = tuple[int, str]  # (client id, transaction id)

LabelKey = tuple[int, str, int]  # (client id, transaction id, revision)


class Waiting(NamedTuple):
    """A label whose transaction is there; `fraud_before` and `effective_before_ms` are of the revision before it."""

    client_id: int
    transaction_id: str
    revision: int
    fraud: bool
    known_at_ms: int
    account: str
    merchant_id: str | None
    event_time_ms: int
    fraud_before: bool | None
    effective_before_ms: int | None


class Joined(NamedTuple):
    """The columns that joining gives to a label."""

    client_id: int
    transaction_id: str
    revision: int
    state: str
    account: str
    merchant_id: str | None
    event_time_ms: int
    effective_ms: int
    change: int


def known_at_ms(label: Label) -> int:
    """Milliseconds since 1970 UTC, rounded down."""
    return (label.known_at - EPOCH) // timedelta(milliseconds=1)


def admit(labels: Iterable[Label], highest: dict[TransactionKey, int]) -> list[str]:
    """The state of each new label, in order of arrival: `waiting`, or `stale` behind the highest revision known."""
    highest = dict(highest)
    states = []
    for label in labels:
        key = (label.client_id, label.transaction_id)
        newer = label.revision > highest.get(key, -1)
        states.append("waiting" if newer else "stale")
        if newer:
            highest[key] = label.revision
    return states


def join(waiting: Sequence[Waiting], label_delay_ms: int) -> list[Joined]:
    """Join labels, given by transaction and revision; of one transaction each builds on the one before."""
    joined = []
    for _, revisions in groupby(waiting, key=lambda label: (label.client_id, label.transaction_id)):
        first, *later = revisions
        fraud_before, effective_ms = bool(first.fraud_before), first.effective_before_ms or 0
        for label in (first, *later):
            change = int(label.fraud) - int(fraud_before)
            effective_ms = max(label.event_time_ms + label_delay_ms, label.known_at_ms, effective_ms)
            fraud_before = label.fraud
            joined.append(_joined(label, change, effective_ms))
    return joined


def _joined(label: Waiting, change: int, effective_ms: int) -> Joined:
    return Joined(
        client_id=label.client_id,
        transaction_id=label.transaction_id,
        revision=label.revision,
        state="ready" if change else "unchanged",
        account=label.account,
        merchant_id=label.merchant_id,
        event_time_ms=label.event_time_ms,
        effective_ms=effective_ms,
        change=change,
    )
