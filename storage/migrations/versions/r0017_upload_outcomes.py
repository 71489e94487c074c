"""What became of every line of an upload; and uploads that wait for somebody to choose between two readings."""

from alembic import op

revision = "0017"
down_revision = "0016"

UP: tuple[str, ...] = (
    "ALTER TABLE uploads ADD COLUMN outcome jsonb",
    "ALTER TABLE uploads DROP CONSTRAINT uploads_state_check",
    """
    ALTER TABLE uploads ADD CONSTRAINT uploads_state_check
        CHECK (state IN ('received', 'parsed', 'refused', 'needs_confirmation'))
    """,
    "ALTER TABLE uploads DROP CONSTRAINT uploads_check1",
    """
    ALTER TABLE uploads ADD CONSTRAINT uploads_problem_check
        CHECK ((state IN ('refused', 'needs_confirmation')) = (problem IS NOT NULL))
    """,
)
DOWN: tuple[str, ...] = (
    "UPDATE uploads SET state = 'refused' WHERE state = 'needs_confirmation'",
    "ALTER TABLE uploads DROP CONSTRAINT uploads_problem_check",
    "ALTER TABLE uploads ADD CONSTRAINT uploads_check1 CHECK ((state = 'refused') = (problem IS NOT NULL))",
    "ALTER TABLE uploads DROP CONSTRAINT uploads_state_check",
    """
    ALTER TABLE uploads ADD CONSTRAINT uploads_state_check CHECK (state IN ('received', 'parsed', 'refused'))
    """,
    "ALTER TABLE uploads DROP COLUMN outcome",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
