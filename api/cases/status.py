"""Where the work on an alert stands, and which way it may go. Pure.

    OPEN ──────▶ IN_REVIEW ──────▶ RESOLVED
     │  ▲            │ ▲ ▲            │
     │  └────────────┘ │ └────────────┘ opened again
     └──▶ DISMISSED ◀──┘

A case has no status of its own: it follows from those of its alerts (`status_of_case`).
"""

from collections.abc import Set as AbstractSet

from contracts.case import AlertStatus, Verdict

MOVES: dict[AlertStatus, frozenset[AlertStatus]] = {
    AlertStatus.OPEN: frozenset({AlertStatus.IN_REVIEW, AlertStatus.DISMISSED}),
    AlertStatus.IN_REVIEW: frozenset({AlertStatus.OPEN, AlertStatus.RESOLVED, AlertStatus.DISMISSED}),
    AlertStatus.RESOLVED: frozenset({AlertStatus.IN_REVIEW}),
    AlertStatus.DISMISSED: frozenset({AlertStatus.IN_REVIEW}),
}

# A decision closes an alert from wherever it stands.
AFTER_VERDICT = {
    Verdict.CONFIRMED_FRAUD: AlertStatus.RESOLVED,
    Verdict.LEGITIMATE: AlertStatus.DISMISSED,
    Verdict.INCONCLUSIVE: AlertStatus.RESOLVED,
}

_STRONGEST_FIRST = (AlertStatus.IN_REVIEW, AlertStatus.OPEN, AlertStatus.RESOLVED, AlertStatus.DISMISSED)


def legal_moves(status: AlertStatus) -> list[AlertStatus]:
    """Where an alert may go from here, in a stable order."""
    return sorted(MOVES[status])


def status_of_case(statuses: AbstractSet[AlertStatus]) -> AlertStatus:
    """Of a case whose alerts have these: in review if one is, else open if one is, else as it was closed."""
    return next(status for status in _STRONGEST_FIRST if status in statuses)
