"""What the operator looks at: the register of dead letters and the workers' own reports."""

from alembic import op

revision = "0004"
down_revision = "0003"

UP = (
    """
    CREATE TABLE dead_letters (
        dead_letter_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        source_topic text COLLATE "C" NOT NULL,
        source_partition integer NOT NULL,
        source_offset bigint NOT NULL,
        reason text COLLATE "C" NOT NULL,
        detail text NOT NULL,
        size_bytes bigint NOT NULL,
        key bytea,
        received_at timestamptz NOT NULL,
        dlq_partition integer NOT NULL,
        dlq_offset bigint NOT NULL,
        replayed_at timestamptz,
        UNIQUE (source_topic, source_partition, source_offset)
    )
    """,
    """
    CREATE TABLE worker_status (
        worker_id text PRIMARY KEY,
        reported_at timestamptz NOT NULL,
        report jsonb NOT NULL
    )
    """,
)
DOWN = ("DROP TABLE worker_status", "DROP TABLE dead_letters")


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
