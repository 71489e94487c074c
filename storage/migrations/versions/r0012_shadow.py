"""Scores of a challenger."""

from alembic import op

revision = "0012"
down_revision = "0011"

UP: tuple[str, ...] = ()
DOWN: tuple[str, ...] = ()


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
