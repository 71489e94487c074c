"""Answers kept under an Idempotency-Key; a client's transactions in the order of their time."""

from alembic import op

from storage.migrations.row_security import ALL, isolated

revision = "0011"
down_revision = "0010"

UP: tuple[str, ...] = (
    """
    CREATE TABLE idempotent_requests (
        client_id integer NOT NULL REFERENCES clients,
        actor text NOT NULL,
        key_hash bytea NOT NULL,
        request_hash bytea NOT NULL,
        attempt uuid NOT NULL,
        tried_until timestamptz NOT NULL,
        status smallint,
        headers jsonb,
        body bytea,
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (client_id, actor, key_hash)
    )
    """,
    "CREATE INDEX idempotent_requests_expiry ON idempotent_requests (client_id, expires_at)",
    *isolated("idempotent_requests", gateway=ALL),
    "CREATE INDEX transactions_client ON transactions (client_id, event_time_ms)",
)
DOWN: tuple[str, ...] = ("DROP INDEX transactions_client", "DROP TABLE idempotent_requests")


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
