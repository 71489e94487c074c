"""Counts for dashboards, read from the rollups: what a count over the rows themselves would give, in milliseconds."""

# ruff: noqa: S608 - statements are put together from constants only; every value is bound

from typing import Any, NamedTuple

import asyncpg
import msgspec

from storage.database import Pool, session
from storage.rollups import ALERTS, DAY_MS, DECISIONS, HOUR_MS, LABELS, SCORES, Rollup

VERSIONS_MAX = 1_000  # model versions a query

_MODEL_VERSIONS = f"""
SELECT c.model_version, sum(r.decisions)::bigint AS decisions
FROM {DECISIONS.between()} AS r JOIN decision_contexts AS c ON c.context_id = r.context_id
GROUP BY c.model_version HAVING sum(r.decisions) > 0 ORDER BY max(r.period_ms) DESC, c.model_version DESC LIMIT $4
"""


class Period(NamedTuple):
    """Event times from `start_ms` on and before `stop_ms`, both whole hours (UTC)."""

    start_ms: int
    stop_ms: int


class Volume(msgspec.Struct, frozen=True):
    """Decisions with the same properties; `amount` is their sum in minor units of `currency`."""

    kind: str
    risk_level: str
    recommendation: str
    degraded: bool
    currency: str
    decisions: int
    amount: int


class VolumeAt(msgspec.Struct, frozen=True):
    """Decisions of the hour or day that begins at `start_ms`: those that raise an alert by their properties.

    All others together are one row, with no properties ("") and the amount 0: a series is long.
    """

    start_ms: int
    risk_level: str
    recommendation: str
    currency: str
    decisions: int
    amount: int


class ScoreCount(msgspec.Struct, frozen=True):
    """Decisions whose risk score lies in [bucket, bucket + 1)."""

    model_version: str
    degraded: bool
    bucket: int
    decisions: int


class AlertCount(msgspec.Struct, frozen=True):
    severity: str
    status: str
    alerts: int


class LabelCount(msgspec.Struct, frozen=True):
    """Labelled decisions; `amount` is their sum in minor units of `currency`."""

    model_version: str
    recommendation: str
    fraud: bool
    currency: str
    decisions: int
    amount: int


class FlagCount(msgspec.Struct, frozen=True):
    """All decisions, labelled or not."""

    model_version: str
    recommendation: str
    decisions: int


def _counts(rollup: Rollup, by: str) -> str:
    """Rows of `by` and the sums, of client $1 within [$2, $3), of model version $4 (null: all)."""
    sums = ", ".join(f"sum(r.{column})::{'numeric' if column == 'amount' else 'bigint'}" for column in rollup.sums)
    contexts = "JOIN decision_contexts AS c ON c.context_id = r.context_id" if "context_id" in rollup.dimensions else ""
    of_version = "WHERE $4::text IS NULL OR c.model_version = $4::text" if contexts else ""
    return f"""
    SELECT {by}, {sums} FROM {rollup.between()} AS r {contexts} {of_version}
    GROUP BY {by} HAVING sum(r.{rollup.sums[0]}) <> 0 ORDER BY {by}
    """


_VOLUME = _counts(DECISIONS, "r.kind, r.risk_level, r.recommendation, r.degraded, r.currency")
_ALERTING = "r.recommendation IN ('FLAG', 'DECLINE')"


def _series(*, by_hour: bool) -> str:
    by = ", ".join(
        f"CASE WHEN {_ALERTING} THEN r.{name} ELSE '' END" for name in ("risk_level", "recommendation", "currency")
    )
    return f"""
    SELECT r.period_ms - r.period_ms % $5::bigint, {by}, sum(r.decisions)::bigint,
        coalesce(sum(r.amount) FILTER (WHERE {_ALERTING}), 0)
    FROM {DECISIONS.between(by_hour=by_hour)} AS r JOIN decision_contexts AS c ON c.context_id = r.context_id
    WHERE $4::text IS NULL OR c.model_version = $4::text
    GROUP BY 1, 2, 3, 4 HAVING sum(r.decisions) <> 0 ORDER BY 1, 2, 3, 4
    """


_BY_DAY, _BY_HOUR = _series(by_hour=False), _series(by_hour=True)
_SCORES = _counts(SCORES, "c.model_version, r.degraded, r.bucket")
_ALERTS = _counts(ALERTS, "r.severity, r.status")
_LABELS = _counts(LABELS, "c.model_version, r.recommendation, r.fraud, r.currency")
_FLAGS = f"""
SELECT c.model_version, r.recommendation, sum(r.decisions)::bigint
FROM {DECISIONS.between()} AS r JOIN decision_contexts AS c ON c.context_id = r.context_id
WHERE $4::text IS NULL OR c.model_version = $4::text
GROUP BY 1, 2 HAVING sum(r.decisions) <> 0 ORDER BY 1, 2
"""


class AnalyticsRepository:
    """One client's counts. Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def volume(self, client_id: int, period: Period, model_version: str | None = None) -> list[Volume]:
        """Decisions of the period by their properties."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_VOLUME, client_id, *period, model_version)
        return [Volume(*_whole(record)) for record in records]

    async def volume_series(
        self, client_id: int, period: Period, bucket_ms: int, model_version: str | None = None
    ) -> list[VolumeAt]:
        """Alerts by their properties, and the other decisions, by hour (`bucket_ms` HOUR_MS) or by day (DAY_MS).

        Oldest first; empty buckets are left out.
        """
        if bucket_ms not in (HOUR_MS, DAY_MS):
            raise ValueError(f"a bucket is an hour or a day, not {bucket_ms} ms")
        statement = _BY_HOUR if bucket_ms == HOUR_MS else _BY_DAY
        async with session(self._pool) as connection:
            records = await connection.fetch(statement, client_id, *period, model_version, bucket_ms)
        return [VolumeAt(*_whole(record)) for record in records]

    async def scores(self, client_id: int, period: Period, model_version: str | None = None) -> list[ScoreCount]:
        """How many decisions have a score in each bucket of one."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_SCORES, client_id, *period, model_version)
        return [ScoreCount(*record) for record in records]

    async def alerts(self, client_id: int, period: Period) -> list[AlertCount]:
        """Alerts by severity and by the status that they have now."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_ALERTS, client_id, *period)
        return [AlertCount(*record) for record in records]

    async def labels(self, client_id: int, period: Period, model_version: str | None = None) -> list[LabelCount]:
        """Labelled decisions, by the last revision of their label."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_LABELS, client_id, *period, model_version)
        return [LabelCount(*_whole(record)) for record in records]

    async def flags(self, client_id: int, period: Period, model_version: str | None = None) -> list[FlagCount]:
        """All decisions by model version and recommendation."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_FLAGS, client_id, *period, model_version)
        return [FlagCount(*record) for record in records]

    async def model_versions(self, client_id: int, period: Period) -> list[str]:
        """The versions that decided something in the period, the last one first."""
        async with session(self._pool) as connection:
            records = await connection.fetch(_MODEL_VERSIONS, client_id, *period, VERSIONS_MAX)
        return [record["model_version"] for record in records]


def _whole(record: asyncpg.Record) -> list[Any]:
    """The row, its last column (a numeric of minor units) as an int."""
    *values, amount = record
    return [*values, int(amount)]
