"""Cases, notes, claims, the audit log."""

from alembic import op

from storage.migrations.row_security import isolated

revision = "0008"
down_revision = "0007"

_AUDIT = (
    """
    CREATE TABLE audit_log (
        audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        client_id integer NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT now(),
        actor text COLLATE "C" NOT NULL,
        action text COLLATE "C" NOT NULL,
        subject text COLLATE "C" NOT NULL,
        detail jsonb NOT NULL,
        request_id text COLLATE "C" NOT NULL
    )
    """,
    "CREATE INDEX audit_log_client ON audit_log (client_id, audit_id)",
    "CREATE INDEX audit_log_actor ON audit_log (client_id, actor, audit_id)",
    "CREATE INDEX audit_log_action ON audit_log (client_id, action, audit_id)",
    "CREATE INDEX audit_log_subject ON audit_log (client_id, subject, audit_id)",
    "CREATE INDEX audit_log_recorded_at ON audit_log (client_id, recorded_at)",
    """
    CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
    END
    $$
    """,
    # The owner, too, only appends: a mistaken statement in maintenance must not rewrite history.
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
    """,
)

UP: tuple[str, ...] = (
    *_AUDIT,
    *isolated("audit_log", gateway="SELECT, INSERT", pipeline="INSERT", identity="INSERT"),
)
DOWN: tuple[str, ...] = (
    "DROP TABLE audit_log",
    "DROP FUNCTION refuse_audit_change",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
