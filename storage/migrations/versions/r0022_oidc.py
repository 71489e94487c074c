"""Sign-in through an OpenID Connect provider: whose identities users are, and what their sessions hang on."""

from alembic import op

from storage.migrations.row_security import ALL, isolated, shared

revision = "0022"
down_revision = "0021"

UP = (
    """
    CREATE TABLE user_identities (
        issuer text NOT NULL,
        subject text NOT NULL,
        client_id integer NOT NULL REFERENCES clients,
        user_id bigint NOT NULL UNIQUE REFERENCES users,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (issuer, subject, client_id)
    )
    """,
    """
    CREATE TABLE provider_sessions (
        session_id uuid PRIMARY KEY REFERENCES user_sessions ON DELETE CASCADE,
        issuer text NOT NULL,
        subject text NOT NULL,
        provider_session text,
        id_token text
    )
    """,
    "CREATE INDEX provider_sessions_subject ON provider_sessions (issuer, subject)",
    "CREATE INDEX provider_sessions_session ON provider_sessions (issuer, provider_session)",
    """
    CREATE TABLE spent_tokens (
        token_id text PRIMARY KEY,
        expires_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX spent_tokens_expires_at ON spent_tokens (expires_at)",
    *isolated("user_identities", gateway="", identity=ALL),
    *shared("provider_sessions", identity=ALL),
    *shared("spent_tokens", identity=ALL),
)
DOWN = (
    "DROP TABLE spent_tokens",
    "DROP TABLE provider_sessions",
    "DROP TABLE user_identities",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
