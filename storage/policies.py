"""Policies: each change a revision of its own, so that what held at any time can be said."""

from datetime import datetime

import msgspec

from storage.audit import AuditEntry, record
from storage.database import Pool, session

_CURRENT = """
SELECT revision, threshold_review, threshold_flag, threshold_decline, approve_below, review_below, changed_by,
    changed_at
FROM policies WHERE client_id = $1 ORDER BY revision DESC LIMIT 1
"""
_ADD = """
INSERT INTO policies (
    client_id, revision, threshold_review, threshold_flag, threshold_decline, approve_below, review_below, changed_by
)
SELECT $1::integer, $2::integer + 1, $3, $4, $5, $6, $7, $8
WHERE coalesce((SELECT max(revision) FROM policies WHERE client_id = $1), 0) = $2
ON CONFLICT DO NOTHING
RETURNING revision, threshold_review, threshold_flag, threshold_decline, approve_below, review_below, changed_by,
    changed_at
"""


class PolicySettings(msgspec.Struct, frozen=True):
    """What a client sets: thresholds are risk scores, limits are amounts in the base currency; None leaves it open."""

    threshold_review: float | None = None
    threshold_flag: float | None = None
    threshold_decline: float | None = None
    approve_below: float | None = None
    review_below: float | None = None


class StoredPolicy(msgspec.Struct, frozen=True):
    """A revision; 0 with nothing set is the policy of a client who never changed it."""

    revision: int = 0
    settings: PolicySettings = PolicySettings()
    changed_by: str | None = None
    changed_at: datetime | None = None


class PolicyRepository:
    """A client's policy. Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def current(self, client_id: int) -> StoredPolicy:
        async with session(self._pool) as connection:
            found = await connection.fetchrow(_CURRENT, client_id)
        return _policy_of(tuple(found)) if found else StoredPolicy()

    async def change(
        self, client_id: int, revision: int, settings: PolicySettings, entry: AuditEntry
    ) -> StoredPolicy | None:
        """Set it anew, with its audit entry; None, and nothing is changed, if `revision` is not the current one."""
        async with session(self._pool) as connection, connection.transaction():
            added = await connection.fetchrow(
                _ADD, client_id, revision, *msgspec.structs.astuple(settings), entry.actor
            )
            if added is None:
                return None
            await record(connection, entry)
        return _policy_of(tuple(added))


def _policy_of(row: tuple[object, ...]) -> StoredPolicy:
    revision, *numbers, changed_by, changed_at = row
    return StoredPolicy(revision, PolicySettings(*numbers), changed_by, changed_at)  # type: ignore[arg-type]
