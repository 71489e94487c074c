"""Policies, and what scoring calls need."""

from alembic import op

revision = "0009"
down_revision = "0008"

UP: tuple[str, ...] = ()
DOWN: tuple[str, ...] = ()


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
