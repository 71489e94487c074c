"""Policies: every revision of a client's thresholds and degraded-mode limits; the last one holds."""

from alembic import op

from storage.migrations.row_security import isolated

revision = "0009"
down_revision = "0008"

UP = (
    """
    CREATE TABLE policies (
        client_id integer NOT NULL REFERENCES clients,
        revision integer NOT NULL CHECK (revision > 0),
        threshold_review double precision,
        threshold_flag double precision,
        threshold_decline double precision,
        approve_below double precision,
        review_below double precision,
        changed_by text NOT NULL,
        changed_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (client_id, revision),
        CHECK (threshold_review <= threshold_flag AND threshold_flag <= threshold_decline),
        CHECK (approve_below <= review_below)
    )
    """,
    """
    INSERT INTO policies (client_id, revision, threshold_review, threshold_flag, threshold_decline, changed_by)
    SELECT client_id, 1, threshold_review, threshold_flag, threshold_decline, 'migration' FROM clients
    WHERE num_nonnulls(threshold_review, threshold_flag, threshold_decline) > 0
    """,
    "ALTER TABLE clients DROP COLUMN threshold_review, DROP COLUMN threshold_flag, DROP COLUMN threshold_decline",
    *isolated("policies", gateway="SELECT, INSERT", pipeline="SELECT"),
)
DOWN = (
    """
    ALTER TABLE clients ADD COLUMN threshold_review double precision, ADD COLUMN threshold_flag double precision,
        ADD COLUMN threshold_decline double precision,
        ADD CHECK (threshold_review <= threshold_flag AND threshold_flag <= threshold_decline)
    """,
    """
    UPDATE clients AS c SET threshold_review = p.threshold_review, threshold_flag = p.threshold_flag,
        threshold_decline = p.threshold_decline
    FROM (SELECT DISTINCT ON (client_id) * FROM policies ORDER BY client_id, revision DESC) AS p
    WHERE p.client_id = c.client_id
    """,
    "DROP TABLE policies",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
