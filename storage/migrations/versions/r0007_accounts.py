"""Users, sessions, invitations, subscriptions."""

from alembic import op

revision = "0007"
down_revision = "0006"

UP: tuple[str, ...] = ()
DOWN: tuple[str, ...] = ()


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
