"""Transactions, decisions, alerts, and what guards that each exists once.

`decided` is the one-decision guard: unpartitioned, so that its key can be the transaction alone. It holds the
place (event time, source, offset) by which the partitioned tables are found; they need one index each for that,
which new rows touch at its right end only. Ids are compared by bytes (collation C): faster, and the same everywhere.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

UP = (
    """
    CREATE TABLE decided (
        client_id integer NOT NULL,
        transaction_id text COLLATE "C" NOT NULL,
        event_time_ms bigint NOT NULL,
        source integer NOT NULL,
        source_offset bigint NOT NULL,
        PRIMARY KEY (client_id, transaction_id)
    )
    """,
    "CREATE INDEX decided_event_time ON decided (event_time_ms)",
    """
    CREATE TABLE transactions (
        client_id integer NOT NULL,
        transaction_id text COLLATE "C" NOT NULL,
        event_time_ms bigint NOT NULL,
        source integer NOT NULL,
        source_offset bigint NOT NULL,
        amount double precision NOT NULL,
        currency text COLLATE "C",
        kind text COLLATE "C" NOT NULL,
        account text COLLATE "C" NOT NULL,
        device_id text COLLATE "C",
        ip_address text COLLATE "C",
        merchant_id text COLLATE "C",
        beneficiary_id text COLLATE "C",
        body bytea NOT NULL
    ) PARTITION BY RANGE (event_time_ms)
    """,
    "CREATE INDEX transactions_position ON transactions (source, source_offset)",
    "CREATE TABLE transactions_default PARTITION OF transactions DEFAULT",
    """
    CREATE TABLE decision_contexts (
        context_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        model_version text NOT NULL,
        catalogue_hash text NOT NULL,
        policy_version text NOT NULL,
        decided_by text NOT NULL,
        UNIQUE (model_version, catalogue_hash, policy_version, decided_by)
    )
    """,
    """
    CREATE TABLE decisions (
        client_id integer NOT NULL,
        transaction_id text COLLATE "C" NOT NULL,
        event_time_ms bigint NOT NULL,
        source integer NOT NULL,
        source_offset bigint NOT NULL,
        context_id integer NOT NULL,
        flags integer NOT NULL,
        risk_score double precision NOT NULL,
        probability double precision NOT NULL,
        decided_at timestamptz NOT NULL DEFAULT now(),
        degraded boolean NOT NULL,
        risk_level text COLLATE "C" NOT NULL,
        recommendation text COLLATE "C" NOT NULL,
        details jsonb NOT NULL,
        vector bytea NOT NULL
    ) PARTITION BY RANGE (event_time_ms)
    """,
    "CREATE INDEX decisions_position ON decisions (source, source_offset)",
    "CREATE TABLE decisions_default PARTITION OF decisions DEFAULT",
    """
    CREATE TABLE alerts (
        alert_id uuid PRIMARY KEY,
        client_id integer NOT NULL,
        sequence bigint NOT NULL,
        transaction_id text COLLATE "C" NOT NULL,
        account text COLLATE "C" NOT NULL,
        event_time_ms bigint NOT NULL,
        created_at_ms bigint NOT NULL,
        amount double precision NOT NULL,
        currency text COLLATE "C" NOT NULL,
        severity text COLLATE "C" NOT NULL,
        recommendation text COLLATE "C" NOT NULL,
        risk_score double precision NOT NULL,
        signals jsonb NOT NULL,
        reasons jsonb NOT NULL,
        merchant_id text COLLATE "C",
        device_id text COLLATE "C",
        location text,
        status text COLLATE "C" NOT NULL DEFAULT 'OPEN',
        UNIQUE (client_id, sequence),
        UNIQUE (client_id, transaction_id)
    )
    """,
    "CREATE TABLE alert_sequences (client_id integer PRIMARY KEY, last_sequence bigint NOT NULL)",
    """
    CREATE TABLE partition_offsets (
        topic text COLLATE "C" NOT NULL,
        partition integer NOT NULL,
        next_offset bigint NOT NULL,
        PRIMARY KEY (topic, partition)
    )
    """,
    "CREATE TABLE state_epoch (single boolean PRIMARY KEY DEFAULT true CHECK (single), epoch bigint NOT NULL)",
    "INSERT INTO state_epoch (epoch) VALUES (1)",
)
DOWN = (
    "DROP TABLE state_epoch",
    "DROP TABLE partition_offsets",
    "DROP TABLE alert_sequences",
    "DROP TABLE alerts",
    "DROP TABLE decisions",
    "DROP TABLE decision_contexts",
    "DROP TABLE transactions",
    "DROP TABLE decided",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
