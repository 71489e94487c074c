"""What is counted with the decisions for dashboards.

Each rollup is two tables: `…_deltas`, to which whoever stores something only appends (no row is ever waited for), and
`…_rollups`, one row an hour and one a day (`grain`, UTC) and combination, into which deltas are folded later. What is
asked for is always the sum of both. Alerts and labelled decisions are counted by triggers, so that no way of
changing one can forget it; they run as the owner, so that nobody else may write a count. Amounts are whole minor units.
"""

# ruff: noqa: S608 - statements are put together from constants only; every value is bound

import sqlalchemy as sa
from alembic import op

from contracts.currency import MINOR_UNIT_DECIMALS
from settings import Settings
from storage.migrations.row_security import ALL, isolated, shared

revision = "0010"
down_revision = "0009"

# rollup -> its dimensions, and what it sums
_ROLLUPS = {
    "decision": (
        {
            "context_id": "integer",
            "kind": 'text COLLATE "C"',
            "risk_level": 'text COLLATE "C"',
            "recommendation": 'text COLLATE "C"',
            "degraded": "boolean",
            "currency": 'text COLLATE "C"',
        },
        {"decisions": "bigint", "amount": "numeric"},
    ),
    "score": ({"context_id": "integer", "degraded": "boolean", "bucket": "smallint"}, {"decisions": "bigint"}),
    "alert": ({"severity": 'text COLLATE "C"', "status": 'text COLLATE "C"'}, {"alerts": "bigint"}),
    "label": (
        {
            "context_id": "integer",
            "recommendation": 'text COLLATE "C"',
            "fraud": "boolean",
            "currency": 'text COLLATE "C"',
        },
        {"decisions": "bigint", "amount": "numeric"},
    ),
}
# Rows are rewritten in place every few seconds: room on the page keeps that out of the index.
_REWRITTEN = "WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05)"
_EMPTIED = "WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000)"


def _tables(name: str) -> tuple[str, ...]:
    dimensions, sums = _ROLLUPS[name]
    columns = ", ".join(f"{column} {kind} NOT NULL" for column, kind in {**dimensions, **sums}.items())
    key = ", ".join(("client_id", "grain", "period_ms", *dimensions))
    return (
        f"""
        CREATE TABLE {name}_rollups (
            client_id integer NOT NULL,
            grain text COLLATE "C" NOT NULL CHECK (grain IN ('hour', 'day')),
            period_ms bigint NOT NULL,
            {columns},
            PRIMARY KEY ({key})
        ) {_REWRITTEN}
        """,
        f"CREATE TABLE {name}_deltas (client_id integer NOT NULL, period_ms bigint NOT NULL, {columns}) {_EMPTIED}",
        f"CREATE INDEX {name}_rollups_period ON {name}_rollups (period_ms)",
        *isolated(f"{name}_rollups", pipeline=ALL),
        *isolated(f"{name}_deltas", pipeline=ALL),
    )


_LABELLED = (
    """
    CREATE TABLE labelled_decisions (
        client_id integer NOT NULL,
        transaction_id text COLLATE "C" NOT NULL,
        event_time_ms bigint NOT NULL,
        context_id integer NOT NULL,
        recommendation text COLLATE "C" NOT NULL,
        currency text COLLATE "C" NOT NULL,
        amount bigint NOT NULL,
        revision integer NOT NULL,
        fraud boolean NOT NULL,
        PRIMARY KEY (client_id, transaction_id)
    )
    """,
    "CREATE INDEX labelled_decisions_event_time ON labelled_decisions (event_time_ms)",
    *isolated("labelled_decisions", pipeline=ALL),
)


def _trigger(table: str, name: str, dimensions: str, sums: dict[str, str]) -> tuple[str, ...]:
    """Count what is added to and taken from `table` into `{name}_deltas`, by statement, whoever does it.

    `sums`: delta's column -> what a row adds to it; `dimensions` are columns of both.
    """
    appended = f"INSERT INTO public.{name}_deltas (client_id, period_ms, {dimensions}, {', '.join(sums)})"
    signed = ", ".join(f"sum(sign * {what})" for what in sums.values())
    source = "SELECT {sign} AS sign, * FROM {rows}"

    def counting(rows: str) -> str:
        return f"""
        {appended}
        SELECT client_id, event_time_ms - event_time_ms % 3600000, {dimensions}, {signed}
        FROM ({rows}) AS changed
        GROUP BY client_id, event_time_ms - event_time_ms % 3600000, {dimensions}
        HAVING count(*) FILTER (WHERE sign > 0) <> count(*) FILTER (WHERE sign < 0);
        """

    added, removed = source.format(sign=1, rows="added"), source.format(sign=-1, rows="removed")
    # A changed amount under the same dimensions does not occur: a decision's amount never changes.
    return (
        f"""
        CREATE FUNCTION count_{table}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN {counting(added)}
            ELSIF TG_OP = 'DELETE' THEN {counting(removed)}
            ELSE {counting(f"{added} UNION ALL {removed}")}
            END IF;
            RETURN NULL;
        END $$
        """,
        f"CREATE TRIGGER count_added AFTER INSERT ON {table} REFERENCING NEW TABLE AS added"
        f" FOR EACH STATEMENT EXECUTE FUNCTION count_{table}()",
        f"CREATE TRIGGER count_changed AFTER UPDATE ON {table} REFERENCING OLD TABLE AS removed NEW TABLE AS added"
        f" FOR EACH STATEMENT EXECUTE FUNCTION count_{table}()",
        f"CREATE TRIGGER count_removed AFTER DELETE ON {table} REFERENCING OLD TABLE AS removed"
        f" FOR EACH STATEMENT EXECUTE FUNCTION count_{table}()",
    )


_DRIFT = (
    """
    CREATE TABLE feature_histograms (
        client_id integer NOT NULL,
        day_ms bigint NOT NULL,
        model_version text COLLATE "C" NOT NULL,
        sampled bigint NOT NULL,
        represented bigint NOT NULL,
        counts jsonb NOT NULL,
        PRIMARY KEY (client_id, day_ms, model_version)
    )
    """,
    *isolated("feature_histograms", pipeline=ALL),
    "CREATE TABLE drift_positions (source integer PRIMARY KEY, next_offset bigint NOT NULL)",
    *shared("drift_positions", pipeline=ALL),
)
_LIVE = (
    """
    CREATE UNLOGGED TABLE live_statistics (
        instance text COLLATE "C" NOT NULL,
        client_id integer NOT NULL,
        reported_at timestamptz NOT NULL,
        report jsonb NOT NULL,
        PRIMARY KEY (instance, client_id)
    ) WITH (fillfactor = 50)
    """,
    *isolated("live_statistics", pipeline=ALL),
)
# What was decided before this version counts, too. Minor units as `contracts.transaction.minor_units` has them: both
# round a product of doubles half to even.
_HOUR = "{0}.event_time_ms - {0}.event_time_ms % 3600000"
_MINOR = """
round(t.amount * CASE WHEN coalesce(t.currency, :currency) = ANY (:whole) THEN 1.0::double precision
    WHEN coalesce(t.currency, :currency) = ANY (:thousandths) THEN 1000.0::double precision
    ELSE 100.0::double precision END)::bigint
"""
_WITH_TRANSACTION = """
JOIN transactions AS t ON t.event_time_ms = d.event_time_ms AND t.source = d.source
    AND t.source_offset = d.source_offset AND t.client_id = d.client_id AND t.transaction_id = d.transaction_id
"""
_BACKFILL = (
    f"""
    INSERT INTO decision_deltas (
        client_id, period_ms, context_id, kind, risk_level, recommendation, degraded, currency, decisions, amount
    )
    SELECT d.client_id, {_HOUR.format("d")}, d.context_id, t.kind, d.risk_level, d.recommendation, d.degraded,
        coalesce(t.currency, :currency), count(*), sum({_MINOR})
    FROM decisions AS d {_WITH_TRANSACTION} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    """,
    f"""
    INSERT INTO score_deltas (client_id, period_ms, context_id, degraded, bucket, decisions)
    SELECT d.client_id, {_HOUR.format("d")}, d.context_id, d.degraded, floor(d.risk_score)::smallint, count(*)
    FROM decisions AS d GROUP BY 1, 2, 3, 4, 5
    """,
    f"""
    INSERT INTO alert_deltas (client_id, period_ms, severity, status, alerts)
    SELECT a.client_id, {_HOUR.format("a")}, a.severity, a.status, count(*) FROM alerts AS a GROUP BY 1, 2, 3, 4
    """,
    f"""
    INSERT INTO labelled_decisions (
        client_id, transaction_id, event_time_ms, context_id, recommendation, currency, amount, revision, fraud
    )
    SELECT DISTINCT ON (l.client_id, l.transaction_id) l.client_id, l.transaction_id, d.event_time_ms, d.context_id,
        d.recommendation, coalesce(t.currency, :currency), {_MINOR}, l.revision, l.fraud
    FROM labels AS l
    JOIN decided AS g ON g.client_id = l.client_id AND g.transaction_id = l.transaction_id
    JOIN decisions AS d ON d.event_time_ms = g.event_time_ms AND d.source = g.source
        AND d.source_offset = g.source_offset AND d.client_id = g.client_id AND d.transaction_id = g.transaction_id
    {_WITH_TRANSACTION}
    WHERE l.state IN ('ready', 'forwarded', 'unchanged')
    ORDER BY l.client_id, l.transaction_id, l.revision DESC
    """,
)


def upgrade() -> None:
    for name in _ROLLUPS:
        for statement in _tables(name):
            op.execute(statement)
    for statement in (
        *_LABELLED,
        *_trigger("alerts", "alert", "severity, status", {"alerts": "1"}),
        *_trigger(
            "labelled_decisions",
            "label",
            "context_id, recommendation, fraud, currency",
            {"decisions": "1", "amount": "amount"},
        ),
        *_DRIFT,
        *_LIVE,
    ):
        op.execute(statement)
    values = {
        "currency": Settings().currency_default,
        "whole": [code for code, decimals in MINOR_UNIT_DECIMALS.items() if decimals == 0],
        "thousandths": [code for code, decimals in MINOR_UNIT_DECIMALS.items() if decimals == 3],
    }
    for statement in _BACKFILL:
        clause = sa.text(statement)
        names = [name for name in values if f":{name}" in statement]
        op.execute(clause.bindparams(*(_bound(name, values[name]) for name in names)))


def downgrade() -> None:
    for trigger in ("count_added", "count_changed", "count_removed"):
        op.execute(f"DROP TRIGGER {trigger} ON alerts")
    for table in ("live_statistics", "feature_histograms", "drift_positions", "labelled_decisions"):
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP FUNCTION count_alerts(), count_labelled_decisions()")
    for name in _ROLLUPS:
        op.execute(f"DROP TABLE {name}_rollups, {name}_deltas")


def _bound(name: str, value: object) -> sa.BindParameter[object]:
    return sa.bindparam(name, value, type_=sa.ARRAY(sa.Text()) if isinstance(value, list) else sa.Text())
