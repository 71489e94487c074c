"""Sign-in: addresses that several clients' users have, ended console sessions, invitations to register."""

from alembic import op

from storage.migrations.row_security import ALL, shared

revision = "0020"
down_revision = "0019"

UP = (
    # Whoever registers somebody's address must not keep them from accepting an invitation of another client.
    "ALTER TABLE users DROP CONSTRAINT users_email_key_key",
    "ALTER TABLE users ADD CONSTRAINT users_email_key_client UNIQUE (email_key, client_id)",
    """
    CREATE TABLE ended_console_sessions (
        console_id uuid PRIMARY KEY,
        expires_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ended_console_sessions_expires_at ON ended_console_sessions (expires_at)",
    "ALTER TABLE feed_tickets ADD COLUMN console_id uuid",
    # Whoever deactivates a user, in whichever role: nothing that the user held comes back with the user.
    """
    CREATE FUNCTION end_what_a_user_held() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    BEGIN
        UPDATE user_sessions SET ended_at = now() WHERE user_id = NEW.user_id AND ended_at IS NULL;
        UPDATE password_resets SET used_at = now() WHERE user_id = NEW.user_id AND used_at IS NULL;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER users_deactivated AFTER UPDATE OF deactivated_at ON users FOR EACH ROW
    WHEN (OLD.deactivated_at IS NULL AND NEW.deactivated_at IS NOT NULL) EXECUTE FUNCTION end_what_a_user_held()
    """,
    """
    CREATE TABLE client_invitations (
        token_hash bytea PRIMARY KEY,
        email text NOT NULL,
        email_key text NOT NULL,
        tier text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        used_at timestamptz
    )
    """,
    *shared("ended_console_sessions", identity=ALL),
    *shared("client_invitations", identity="SELECT, INSERT, UPDATE"),
)
DOWN = (
    "DROP TRIGGER users_deactivated ON users",
    "DROP FUNCTION end_what_a_user_held",
    "DROP TABLE client_invitations",
    "ALTER TABLE feed_tickets DROP COLUMN console_id",
    "DROP TABLE ended_console_sessions",
    "ALTER TABLE users DROP CONSTRAINT users_email_key_client",
    "ALTER TABLE users ADD CONSTRAINT users_email_key_key UNIQUE (email_key)",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
