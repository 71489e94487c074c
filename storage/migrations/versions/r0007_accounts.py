"""Users, sessions, invitations, subscriptions."""

from alembic import op

from storage.migrations.row_security import ALL, isolated, shared

revision = "0007"
down_revision = "0006"

_ROLES = "CHECK (role IN ('admin', 'analyst', 'viewer'))"
UP = (
    """
    CREATE TABLE subscriptions (
        client_id integer PRIMARY KEY REFERENCES clients,
        tier text NOT NULL CHECK (tier IN ('starter', 'growth', 'enterprise')),
        since timestamptz NOT NULL DEFAULT now()
    )
    """,
    "INSERT INTO subscriptions (client_id, tier) SELECT client_id, 'enterprise' FROM clients",
    f"""
    CREATE TABLE users (
        user_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        client_id integer NOT NULL REFERENCES clients,
        email text NOT NULL,
        email_key text NOT NULL UNIQUE,
        name text NOT NULL,
        role text NOT NULL {_ROLES},
        password_hash text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        password_changed_at timestamptz NOT NULL DEFAULT now(),
        last_sign_in_at timestamptz,
        deactivated_at timestamptz
    )
    """,
    "CREATE INDEX users_client ON users (client_id, user_id)",
    """
    CREATE TABLE user_sessions (
        session_id uuid PRIMARY KEY,
        client_id integer NOT NULL REFERENCES clients,
        user_id bigint NOT NULL REFERENCES users,
        address_hash bytea NOT NULL,
        opened_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        ended_at timestamptz
    )
    """,
    "CREATE INDEX user_sessions_user ON user_sessions (user_id, opened_at)",
    "CREATE INDEX user_sessions_expires_at ON user_sessions (expires_at)",
    """
    CREATE TABLE refresh_tokens (
        token_hash bytea PRIMARY KEY,
        session_id uuid NOT NULL REFERENCES user_sessions ON DELETE CASCADE,
        issued_at timestamptz NOT NULL,
        used_at timestamptz
    )
    """,
    "CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id)",
    f"""
    CREATE TABLE invitations (
        invitation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        client_id integer NOT NULL REFERENCES clients,
        email text NOT NULL,
        role text NOT NULL {_ROLES},
        token_hash bytea NOT NULL UNIQUE,
        invited_by text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        accepted_at timestamptz,
        withdrawn_at timestamptz
    )
    """,
    "CREATE INDEX invitations_client ON invitations (client_id, invitation_id)",
    """
    CREATE TABLE password_resets (
        token_hash bytea PRIMARY KEY,
        client_id integer NOT NULL REFERENCES clients,
        user_id bigint NOT NULL REFERENCES users,
        expires_at timestamptz NOT NULL,
        used_at timestamptz
    )
    """,
    # How much of its quota a client has used: of the same form as the rollups of migration 0010.
    """
    CREATE TABLE usage_rollups (
        client_id integer NOT NULL,
        grain text COLLATE "C" NOT NULL CHECK (grain IN ('hour', 'day')),
        period_ms bigint NOT NULL,
        decisions bigint NOT NULL,
        PRIMARY KEY (client_id, grain, period_ms)
    ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05)
    """,
    """
    CREATE TABLE usage_deltas (client_id integer NOT NULL, period_ms bigint NOT NULL, decisions bigint NOT NULL)
    WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000)
    """,
    # Whose attempts fail: an account, an address, or both together, each as an HMAC. Not a client's data.
    """
    CREATE TABLE sign_in_failures (
        subject bytea PRIMARY KEY,
        failures integer NOT NULL,
        failed_at timestamptz NOT NULL,
        blocked_until timestamptz NOT NULL
    )
    """,
    "CREATE INDEX sign_in_failures_failed_at ON sign_in_failures (failed_at)",
    "ALTER TABLE api_keys ADD COLUMN expires_at timestamptz, ADD COLUMN created_by text NOT NULL DEFAULT 'operator'",
    # A ticket names what it was traded for by its number, so that a new SECRET_KEY takes nothing from it.
    "DELETE FROM feed_tickets",
    "ALTER TABLE feed_tickets DROP COLUMN key_hash, ADD COLUMN api_key_id bigint, ADD COLUMN session_id uuid",
    *isolated("subscriptions", gateway="SELECT, INSERT, UPDATE", identity="SELECT, INSERT, UPDATE"),
    # An administrator manages users and never sees or sets a password.
    *isolated(
        "users",
        gateway="SELECT (user_id, client_id, email, name, role, created_at, last_sign_in_at, deactivated_at),"
        " UPDATE (name, role, deactivated_at)",
        identity="SELECT, INSERT, UPDATE",
    ),
    *isolated("usage_rollups", pipeline=ALL, identity="SELECT"),
    *isolated("usage_deltas", pipeline=ALL, identity="SELECT"),
    *isolated("user_sessions", gateway="", identity=ALL),
    *isolated("invitations", gateway="SELECT, INSERT, UPDATE", identity="SELECT, INSERT, UPDATE"),
    *isolated("password_resets", gateway="", identity=ALL),
    *shared("refresh_tokens", identity=ALL),
    *shared("sign_in_failures", identity=ALL),
)
DOWN = (
    "DELETE FROM feed_tickets",
    "ALTER TABLE feed_tickets DROP COLUMN session_id, DROP COLUMN api_key_id, ADD COLUMN key_hash bytea",
    "ALTER TABLE api_keys DROP COLUMN created_by, DROP COLUMN expires_at",
    "DROP TABLE sign_in_failures",
    "DROP TABLE usage_deltas",
    "DROP TABLE usage_rollups",
    "DROP TABLE password_resets",
    "DROP TABLE invitations",
    "DROP TABLE refresh_tokens",
    "DROP TABLE user_sessions",
    "DROP TABLE users",
    "DROP TABLE subscriptions",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
