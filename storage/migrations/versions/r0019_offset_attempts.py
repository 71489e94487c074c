"""Where a worker was at work when it died: what kills workers again and again is found by it, and set aside."""

from alembic import op

from storage.migrations.row_security import ALL, shared

revision = "0019"
down_revision = "0018"

UP = (
    """
    CREATE TABLE offset_attempts (
        topic text NOT NULL,
        partition integer NOT NULL,
        phase text NOT NULL CHECK (phase IN ('batch', 'reading', 'deciding')),
        next_offset bigint NOT NULL,
        attempts integer NOT NULL,
        owner text NOT NULL,
        begun_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (topic, partition, phase)
    )
    """,
    *shared("offset_attempts", pipeline=ALL),
)
DOWN = ("DROP TABLE offset_attempts",)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
