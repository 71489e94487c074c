"""Second factors of users, their recovery codes, challenges of sign-ins, and who has to have a factor."""

from alembic import op

from storage.migrations.row_security import ALL, isolated

revision = "0021"
down_revision = "0020"

UP = (
    """
    CREATE TABLE second_factors (
        factor_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        client_id integer NOT NULL REFERENCES clients,
        user_id bigint NOT NULL REFERENCES users,
        kind text NOT NULL CHECK (kind IN ('totp', 'webauthn')),
        name text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        confirmed_at timestamptz,
        last_used_at timestamptz,
        sealed_secret bytea,
        last_step bigint,
        credential_id bytea UNIQUE,
        public_key bytea,
        sign_count bigint,
        CHECK (kind <> 'totp' OR sealed_secret IS NOT NULL),
        CHECK (kind <> 'webauthn' OR (credential_id IS NOT NULL AND public_key IS NOT NULL AND sign_count IS NOT NULL))
    )
    """,
    "CREATE INDEX second_factors_user ON second_factors (user_id)",
    """
    CREATE TABLE recovery_codes (
        user_id bigint NOT NULL REFERENCES users,
        client_id integer NOT NULL REFERENCES clients,
        code_hash bytea NOT NULL,
        key_id text NOT NULL,
        used_at timestamptz,
        PRIMARY KEY (user_id, code_hash)
    )
    """,
    """
    CREATE TABLE factor_challenges (
        token_hash bytea PRIMARY KEY,
        client_id integer NOT NULL REFERENCES clients,
        user_id bigint NOT NULL REFERENCES users,
        purpose text NOT NULL CHECK (purpose IN ('tokens', 'console', 'register')),
        session_id uuid REFERENCES user_sessions ON DELETE CASCADE,
        webauthn_challenge bytea,
        attempts integer NOT NULL DEFAULT 0,
        expires_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX factor_challenges_user ON factor_challenges (user_id)",
    "CREATE INDEX factor_challenges_expires_at ON factor_challenges (expires_at)",
    """
    CREATE TABLE sign_in_policies (
        client_id integer PRIMARY KEY REFERENCES clients,
        second_factor_roles text[] NOT NULL CHECK (second_factor_roles <@ ARRAY['admin', 'analyst', 'viewer']),
        changed_by text NOT NULL,
        changed_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    # Whether the session has shown a second factor, and when it last showed who its user is (null: when it opened).
    "ALTER TABLE user_sessions ADD COLUMN second_factor boolean NOT NULL DEFAULT false",
    "ALTER TABLE user_sessions ADD COLUMN proved_at timestamptz",
    *isolated("second_factors", gateway="", identity=ALL),
    *isolated("recovery_codes", gateway="", identity=ALL),
    *isolated("factor_challenges", gateway="", identity=ALL),
    *isolated("sign_in_policies", gateway="", identity=ALL),
)
DOWN = (
    "ALTER TABLE user_sessions DROP COLUMN proved_at, DROP COLUMN second_factor",
    "DROP TABLE sign_in_policies",
    "DROP TABLE factor_challenges",
    "DROP TABLE recovery_codes",
    "DROP TABLE second_factors",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
