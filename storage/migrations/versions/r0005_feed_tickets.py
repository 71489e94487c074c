"""Tickets with which a browser opens the live feed: single use, valid for seconds, on any gateway process."""

from alembic import op

revision = "0005"
down_revision = "0004"

UP = (
    """
    CREATE TABLE feed_tickets (
        ticket_hash bytea PRIMARY KEY,
        client_id integer NOT NULL REFERENCES clients,
        key_hash bytea,
        session_expires_at timestamptz,
        expires_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX feed_tickets_expires_at ON feed_tickets (expires_at)",
)
DOWN = ("DROP TABLE feed_tickets",)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
