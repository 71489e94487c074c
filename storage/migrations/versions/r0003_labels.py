"""Labels on their way into the transaction log, and those that the worker has counted into the state."""

from alembic import op

revision = "0003"
down_revision = "0002"

UP = (
    """
    CREATE TABLE labels (
        client_id integer NOT NULL,
        transaction_id text COLLATE "C" NOT NULL,
        revision integer NOT NULL,
        fraud boolean NOT NULL,
        source text NOT NULL,
        known_at_ms bigint NOT NULL,
        received_at timestamptz NOT NULL DEFAULT now(),
        state text NOT NULL CHECK (state IN ('waiting', 'ready', 'forwarded', 'unchanged', 'stale')),
        account text COLLATE "C",
        merchant_id text COLLATE "C",
        event_time_ms bigint,
        effective_ms bigint,
        change smallint,
        PRIMARY KEY (client_id, transaction_id, revision),
        CHECK (state IN ('waiting', 'stale') OR num_nulls(account, event_time_ms, effective_ms, change) = 0)
    )
    """,
    "CREATE INDEX labels_waiting ON labels (client_id, transaction_id, revision) WHERE state = 'waiting'",
    "CREATE INDEX labels_ready ON labels (client_id, transaction_id, revision) WHERE state = 'ready'",
    "CREATE INDEX labels_known_at ON labels (known_at_ms)",
    """
    CREATE TABLE counted_labels (
        client_id integer NOT NULL,
        transaction_id text COLLATE "C" NOT NULL,
        revision integer NOT NULL,
        source integer NOT NULL,
        source_offset bigint NOT NULL,
        account text COLLATE "C" NOT NULL,
        merchant_id text COLLATE "C",
        event_time_ms bigint NOT NULL,
        effective_ms bigint NOT NULL,
        change smallint NOT NULL,
        PRIMARY KEY (client_id, transaction_id, revision)
    )
    """,
    "CREATE INDEX counted_labels_position ON counted_labels (source, source_offset)",
    "CREATE INDEX counted_labels_event_time ON counted_labels (event_time_ms)",
)
DOWN = ("DROP TABLE counted_labels", "DROP TABLE labels")


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
