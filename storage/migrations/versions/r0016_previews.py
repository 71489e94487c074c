"""Previews of strategies: what was asked for, and what its job found. They are thrown away after a day."""

from alembic import op

from storage.migrations.row_security import isolated

revision = "0016"
down_revision = "0015"

UP = (
    """
    CREATE TABLE strategy_previews (
        preview_id uuid PRIMARY KEY,
        client_id integer NOT NULL REFERENCES clients,
        job_id uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
        digest bytea NOT NULL,
        request jsonb NOT NULL,
        found jsonb,
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE INDEX strategy_previews_digest ON strategy_previews (client_id, digest, created_at)",
    "CREATE INDEX strategy_previews_job ON strategy_previews (job_id)",
    *isolated("strategy_previews", gateway="SELECT, INSERT, DELETE", pipeline="SELECT, UPDATE"),
)
DOWN = ("DROP TABLE strategy_previews",)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
