"""Answers kept under an Idempotency-Key."""

from alembic import op

revision = "0011"
down_revision = "0010"

UP: tuple[str, ...] = ()
DOWN: tuple[str, ...] = ()


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
