"""What is counted with the decisions for dashboards."""

from alembic import op

revision = "0010"
down_revision = "0009"

UP: tuple[str, ...] = ()
DOWN: tuple[str, ...] = ()


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
