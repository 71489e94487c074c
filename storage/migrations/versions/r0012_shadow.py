"""What follows the stream at leisure: a challenger's scores, and the replay that looks for feature skew.

Followers walk through the stored decisions in log order. How far one came moves in the transaction that stores what
it found, so each decision is taken once. Rows are only appended and read by period: an index of block ranges on event
time will do, and costs next to nothing when they are written.
"""

from alembic import op

from storage.migrations.row_security import ALL, isolated, shared

revision = "0012"
down_revision = "0011"

UP: tuple[str, ...] = (
    """
    CREATE TABLE followers (
        name text COLLATE "C" NOT NULL,
        source integer NOT NULL,
        next_offset bigint NOT NULL,
        PRIMARY KEY (name, source)
    ) WITH (fillfactor = 50)
    """,
    *shared("followers", pipeline=ALL),
    """
    CREATE TABLE shadow_models (
        model_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        version text COLLATE "C" NOT NULL UNIQUE
    )
    """,
    *shared("shadow_models", pipeline=ALL),
    """
    CREATE TABLE shadow_scores (
        model_id integer NOT NULL,
        client_id integer NOT NULL,
        transaction_id text COLLATE "C" NOT NULL,
        event_time_ms bigint NOT NULL,
        source integer NOT NULL,
        source_offset bigint NOT NULL,
        probability double precision NOT NULL,
        risk_score double precision NOT NULL
    )
    """,
    "CREATE INDEX shadow_scores_event_time ON shadow_scores USING brin (event_time_ms) WITH (autosummarize = on)",
    *isolated("shadow_scores", gateway="", pipeline=ALL),
    """
    CREATE TABLE replay_states (
        name text COLLATE "C" NOT NULL,
        source integer NOT NULL,
        key bytea NOT NULL,
        state bytea NOT NULL,
        event_time_ms bigint NOT NULL,
        PRIMARY KEY (name, source, key)
    )
    """,
    *shared("replay_states", pipeline=ALL),
    """
    CREATE TABLE feature_mismatches (
        client_id integer NOT NULL,
        transaction_id text COLLATE "C" NOT NULL,
        event_time_ms bigint NOT NULL,
        found_at timestamptz NOT NULL DEFAULT now(),
        features jsonb NOT NULL,
        PRIMARY KEY (client_id, transaction_id)
    )
    """,
    *isolated("feature_mismatches", gateway="", pipeline=ALL),
)
DOWN: tuple[str, ...] = (
    "DROP TABLE feature_mismatches",
    "DROP TABLE replay_states",
    "DROP TABLE shadow_scores",
    "DROP TABLE shadow_models",
    "DROP TABLE followers",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
