"""Strategies and their versions: a version is never changed, so that a run can name the one that it used."""

from alembic import op

from storage.migrations.row_security import isolated

revision = "0014"
down_revision = "0013"

UP = (
    """
    CREATE TABLE strategies (
        client_id integer NOT NULL REFERENCES clients,
        strategy_id uuid NOT NULL DEFAULT gen_random_uuid(),
        number bigint GENERATED ALWAYS AS IDENTITY,
        name text NOT NULL,
        version integer NOT NULL CHECK (version > 0),
        created_by text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        deleted_at timestamptz,
        PRIMARY KEY (client_id, strategy_id)
    )
    """,
    "CREATE UNIQUE INDEX strategies_name ON strategies (client_id, lower(name)) WHERE deleted_at IS NULL",
    "CREATE INDEX strategies_number ON strategies (client_id, number) WHERE deleted_at IS NULL",
    """
    CREATE TABLE strategy_versions (
        client_id integer NOT NULL,
        strategy_id uuid NOT NULL,
        version integer NOT NULL CHECK (version > 0),
        document jsonb NOT NULL,
        changed_by text NOT NULL,
        changed_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (client_id, strategy_id, version),
        FOREIGN KEY (client_id, strategy_id) REFERENCES strategies
    )
    """,
    *isolated("strategies", gateway="SELECT, INSERT, UPDATE", pipeline="SELECT"),
    *isolated("strategy_versions", gateway="SELECT, INSERT", pipeline="SELECT"),
)
DOWN = ("DROP TABLE strategy_versions", "DROP TABLE strategies")


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
