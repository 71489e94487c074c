"""Jobs, runs and anomalies.

A job's row is rewritten each second while somebody works on it, so its page has room for that. One job of a subject
runs at a time, which an index guards whatever the workers do. Anomalies keep their row as it was, because an uploaded
file is deleted sooner than what was found in it.
"""

from alembic import op

from storage.migrations.row_security import ALL, isolated
from storage.roles import GATEWAY

revision = "0015"
down_revision = "0014"

UP: tuple[str, ...] = (
    """
    CREATE TABLE jobs (
        job_id uuid PRIMARY KEY,
        client_id integer NOT NULL REFERENCES clients,
        kind text COLLATE "C" NOT NULL CHECK (kind IN ('parse', 'run', 'preview')),
        subject text COLLATE "C" NOT NULL,
        priority smallint NOT NULL,
        state text COLLATE "C" NOT NULL DEFAULT 'waiting'
            CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
        stage text COLLATE "C" NOT NULL DEFAULT '',
        rows_done bigint NOT NULL DEFAULT 0,
        rows_total bigint NOT NULL DEFAULT 0,
        attempts smallint NOT NULL DEFAULT 0,
        errors smallint NOT NULL DEFAULT 0,
        cancel_requested boolean NOT NULL DEFAULT false,
        worker text COLLATE "C",
        lease uuid,
        leased_until timestamptz,
        error text,
        created_by text COLLATE "C" NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        due_at timestamptz NOT NULL DEFAULT now(),
        started_at timestamptz,
        stage_at timestamptz,
        beaten_at timestamptz,
        finished_at timestamptz,
        CHECK ((state = 'running') = (lease IS NOT NULL AND leased_until IS NOT NULL)),
        CHECK ((state IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL))
    ) WITH (fillfactor = 60)
    """,
    "CREATE INDEX jobs_waiting ON jobs (priority DESC, created_at) WHERE state = 'waiting'",
    "CREATE UNIQUE INDEX jobs_running ON jobs (client_id, kind, subject) WHERE state = 'running'",
    "CREATE INDEX jobs_client ON jobs (client_id, created_at, job_id)",
    "CREATE INDEX jobs_subject ON jobs (client_id, kind, subject, created_at)",
    *isolated("jobs", gateway="SELECT, INSERT, UPDATE", pipeline=ALL),
    """
    CREATE TABLE analysis_runs (
        run_id uuid PRIMARY KEY,
        client_id integer NOT NULL REFERENCES clients,
        job_id uuid NOT NULL REFERENCES jobs,
        upload_id uuid,
        from_ms bigint,
        to_ms bigint,
        strategy_id text COLLATE "C" NOT NULL,
        strategy_version integer NOT NULL,
        strategy jsonb NOT NULL,
        created_by text COLLATE "C" NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        rows bigint,
        flagged bigint,
        kept integer,
        judged jsonb,
        CHECK ((upload_id IS NULL) = (from_ms IS NOT NULL AND to_ms IS NOT NULL)),
        CHECK (num_nulls(from_ms, to_ms) <> 1),
        CHECK (num_nulls(rows, flagged, kept, judged) IN (0, 4))
    )
    """,
    "CREATE INDEX analysis_runs_client ON analysis_runs (client_id, created_at, run_id)",
    "CREATE INDEX analysis_runs_upload ON analysis_runs (client_id, upload_id) WHERE upload_id IS NOT NULL",
    "CREATE INDEX analysis_runs_job ON analysis_runs (job_id)",
    *isolated("analysis_runs", gateway="SELECT, INSERT", pipeline=ALL),
    """
    CREATE TABLE anomalies (
        client_id integer NOT NULL,
        run_id uuid NOT NULL REFERENCES analysis_runs ON DELETE CASCADE,
        place bigint NOT NULL,
        rank integer NOT NULL,
        row bigint NOT NULL,
        score double precision NOT NULL,
        shares jsonb NOT NULL,
        reasons jsonb NOT NULL,
        detectors text[] COLLATE "C" NOT NULL,
        stored boolean NOT NULL,
        subject text COLLATE "C" NOT NULL,
        transaction_id text COLLATE "C",
        account text COLLATE "C",
        event_time_ms bigint,
        amount_minor bigint,
        currency text COLLATE "C",
        record jsonb NOT NULL,
        found_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (run_id, place)
    )
    """,
    "CREATE UNIQUE INDEX anomalies_rank ON anomalies (run_id, rank)",
    # The newest run's word on each stored transaction, newest transactions first.
    "CREATE INDEX anomalies_stored ON anomalies (client_id, event_time_ms, transaction_id) WHERE stored",
    "CREATE INDEX anomalies_subject ON anomalies (client_id, subject, found_at)",
    *isolated("anomalies", pipeline=ALL),
    # An analyst raises an alert of an anomaly: like the worker's, with the client's next number and a case.
    "ALTER TABLE alerts ADD COLUMN run_id uuid",
    f"GRANT INSERT ON alerts, cases, labels TO {GATEWAY}",
    f"GRANT INSERT, UPDATE ON alert_sequences TO {GATEWAY}",
)
DOWN: tuple[str, ...] = (
    f"REVOKE INSERT, UPDATE ON alert_sequences FROM {GATEWAY}",
    f"REVOKE INSERT ON alerts, cases, labels FROM {GATEWAY}",
    "ALTER TABLE alerts DROP COLUMN run_id",
    "DROP TABLE anomalies",
    "DROP TABLE analysis_runs",
    "DROP TABLE jobs",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
