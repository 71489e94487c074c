"""Counts of what is stored, by client and hour, kept in the transaction that stores it.

Writers only append: a batch's or a call's counts are new rows of a `…_deltas` table, so nobody waits for anybody's
row. `fold` moves them, every few seconds, into `…_rollups`: one row an hour and one a day (UTC) and combination of
dimensions. Whoever reads sums both in one statement, and so sees what a count over the rows themselves would give.
Alerts and labelled decisions are counted by triggers (migration 0010), the rest by `count_decisions`.
"""

# ruff: noqa: S608 - statements are put together from constants only; every value is bound

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from contracts.transaction import minor_units
from storage.database import Connection, Pool, session
from storage.entry_rows import Counted
from storage.locks import ROLLUP_LOCK

HOUR_MS = 3_600_000
DAY_MS = 86_400_000
BUCKET_MAX = 100  # scores end at 100.0, which is a bucket of its own
FOLD_ROWS_MAX = 100_000  # deltas a statement, under a second; the next call goes on

# Parts of one statement, which share its parameters: those of `columns_of`.
APPENDS = {
    "used": """
    INSERT INTO usage_deltas (client_id, period_ms, decisions)
    SELECT client_id, extract(epoch FROM now())::bigint / 3600 * 3600000, decisions
    FROM unnest($17::integer[], $18::bigint[]) AS counted (client_id, decisions)
""",
    "volumes": """
    INSERT INTO decision_deltas (
        client_id, period_ms, context_id, kind, risk_level, recommendation, degraded, currency, decisions, amount
    )
    SELECT * FROM unnest(
        $1::integer[], $2::bigint[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::text[],
        $9::bigint[], $10::numeric[]
    )
""",
    "scores": """
    INSERT INTO score_deltas (client_id, period_ms, context_id, degraded, bucket, decisions)
    SELECT * FROM unnest(
        $11::integer[], $12::bigint[], $13::integer[], $14::boolean[], $15::smallint[], $16::bigint[]
    )
""",
}
_APPEND = f"WITH used AS ({APPENDS['used']}), volumes AS ({APPENDS['volumes']}) {APPENDS['scores']}"
_TRY_LOCK = "SELECT pg_try_advisory_xact_lock($1)"


@dataclass(frozen=True, slots=True)
class Rollup:
    """One pair of tables: `{name}_deltas` and `{name}_rollups`; `sums` are what is added up."""

    name: str
    dimensions: tuple[str, ...]
    sums: tuple[str, ...]

    @property
    def fold(self) -> str:
        """Moves at most $1 deltas into their hours and days; gives how many it took."""
        dimensions = ", ".join(("client_id", "period_ms", *self.dimensions))
        by_day = ", ".join(("client_id", f"period_ms - period_ms % {DAY_MS}", *self.dimensions))
        totals = ", ".join(f"sum({column}) AS {column}" for column in self.sums)
        columns = ", ".join(("client_id", "grain", "period_ms", *self.dimensions, *self.sums))
        key = ", ".join(("client_id", "grain", "period_ms", *self.dimensions))
        added = ", ".join(f"{column} = r.{column} + excluded.{column}" for column in self.sums)
        grouped = ", ".join(("client_id", "{grain} AS grain", "{period} AS period_ms", *self.dimensions))
        hours = grouped.format(grain="'hour'", period="period_ms")
        days = grouped.format(grain="'day'", period=f"period_ms - period_ms % {DAY_MS}")
        return f"""
        WITH taken AS (
            DELETE FROM {self.name}_deltas WHERE ctid = ANY (ARRAY(SELECT ctid FROM {self.name}_deltas LIMIT $1))
            RETURNING {dimensions}, {", ".join(self.sums)}
        ), added AS (
            INSERT INTO {self.name}_rollups AS r ({columns})
            SELECT {hours}, {totals} FROM taken GROUP BY {dimensions}
            UNION ALL
            SELECT {days}, {totals} FROM taken GROUP BY {by_day}
            ON CONFLICT ({key}) DO UPDATE SET {added}
        )
        SELECT count(*) FROM taken
        """

    def between(self, *, by_hour: bool = False) -> str:
        """The rows of client $1 with $2 <= period_ms < $3 (whole hours), as a subquery: dimensions, period_ms, sums.

        Whole days inside come from the days' rows, unless `by_hour`: then every row's period is its hour.
        """
        columns = ", ".join(("period_ms", *self.dimensions, *self.sums))
        rows = f"SELECT {columns} FROM {self.name}_rollups WHERE client_id = $1 AND grain"
        deltas = f"SELECT {columns} FROM {self.name}_deltas WHERE client_id = $1"
        parts = [f"{deltas} AND period_ms >= $2::bigint AND period_ms < $3::bigint"]
        if by_hour:
            parts.append(f"{rows} = 'hour' AND period_ms >= $2::bigint AND period_ms < $3::bigint")
        else:
            # The first and the last whole day's edges; where no whole day lies between, they meet at the end.
            first_day = f"least($3::bigint, ($2::bigint + {DAY_MS - 1}) / {DAY_MS} * {DAY_MS})"
            last_day = f"greatest({first_day}, $3::bigint - $3::bigint % {DAY_MS})"
            parts += [
                f"{rows} = 'day' AND period_ms >= {first_day} AND period_ms < {last_day}",
                f"{rows} = 'hour' AND period_ms >= $2::bigint AND period_ms < {first_day}",
                f"{rows} = 'hour' AND period_ms >= {last_day} AND period_ms < $3::bigint",
            ]
        return "(" + " UNION ALL ".join(parts) + ")"


_VOLUME = ("context_id", "kind", "risk_level", "recommendation", "degraded", "currency")
DECISIONS = Rollup("decision", _VOLUME, ("decisions", "amount"))
SCORES = Rollup("score", ("context_id", "degraded", "bucket"), ("decisions",))
ALERTS = Rollup("alert", ("severity", "status"), ("alerts",))
LABELS = Rollup("label", ("context_id", "recommendation", "fraud", "currency"), ("decisions", "amount"))
USAGE = Rollup("usage", (), ("decisions",))  # by the hour in which it was stored: what a quota is about
ROLLUPS = (DECISIONS, SCORES, ALERTS, LABELS, USAGE)


async def count_decisions(
    connection: Connection,
    counted: Sequence[Counted],
    context_ids: Sequence[int],
    currency_default: str,
    *,
    sign: int = 1,
) -> None:
    """Append what these decisions add, `context_ids` in the same order: inside the transaction that inserts them.

    Amounts are counted in minor units of their currency, `currency_default` where a transaction names none. With
    `sign` -1 they are taken back.
    """
    if counted:
        await connection.execute(_APPEND, *columns_of(counted, context_ids, currency_default, sign))


def columns_of(
    counted: Sequence[Counted], context_ids: Sequence[int], currency_default: str, sign: int = 1
) -> tuple[tuple[object, ...], ...]:
    """The parameters of APPENDS for these decisions, at least one."""
    decisions: Counter[tuple[object, ...]] = Counter()
    amounts: defaultdict[tuple[object, ...], int] = defaultdict(int)
    scores: Counter[tuple[object, ...]] = Counter()
    used: Counter[int] = Counter()
    for (outcome, transaction), context_id in zip(counted, context_ids, strict=True):
        decision = outcome.decision
        client_id, degraded = decision.client_id, decision.degraded
        hour_ms = decision.event_time_ms - decision.event_time_ms % HOUR_MS
        currency = transaction.currency or currency_default
        volume = (
            client_id, hour_ms, context_id, transaction.kind, decision.risk_level, decision.recommendation, degraded,
            currency,
        )  # fmt: skip
        decisions[volume] += sign
        amounts[volume] += sign * minor_units(transaction.amount, currency)
        scores[client_id, hour_ms, context_id, degraded, int(decision.risk_score)] += sign
        used[client_id] += sign
    volumes = [(*key, number, amounts[key]) for key, number in decisions.items()]
    histogram = [(*key, number) for key, number in scores.items()]
    return (*zip(*volumes, strict=True), *zip(*histogram, strict=True), *zip(*used.items(), strict=True))


class RollupFolder:
    """Folds deltas into rollups; one process at a time, the others do nothing."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def fold(self) -> int:
        """Fold what has gathered; returns how many deltas that was. Raises StoreUnavailable."""
        folded = 0
        for rollup in ROLLUPS:
            async with session(self._pool) as connection, connection.transaction():
                if await connection.fetchval(_TRY_LOCK, ROLLUP_LOCK):
                    folded += await connection.fetchval(rollup.fold, FOLD_ROWS_MAX)
        return folded
