"""Cases, notes, claims, the audit log."""

from alembic import op

revision = "0008"
down_revision = "0007"

UP: tuple[str, ...] = ()
DOWN: tuple[str, ...] = ()


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
