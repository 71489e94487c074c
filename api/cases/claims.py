"""Who works on a case: a claim lasts a while, can be extended, and ends by itself. Pure."""

from datetime import datetime, timedelta

from storage.cases import Case

CLAIM_S = 30 * 60  # long enough to decide a case, short enough that a forgotten one comes back the same shift
CLAIMS_MAX = 100  # of one analyst at a time; more than a shift's work, and nobody can take a whole queue


def holder(case: Case, now: datetime) -> str | None:
    """Who has the case now."""
    if case.assignee is None or case.claimed_until is None or case.claimed_until <= now:
        return None
    return case.assignee


def is_free_for(case: Case, actor: str, now: datetime) -> bool:
    """Whether `actor` may claim the case, or work on it: nobody else holds it."""
    return holder(case, now) in (None, actor)


def claim_end(now: datetime) -> datetime:
    """When a claim made or extended now ends."""
    return now + timedelta(seconds=CLAIM_S)
