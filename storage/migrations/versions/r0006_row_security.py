"""The application's roles, and row security: a gateway's session sees the rows of one client.

Roles belong to the whole server, so they may be there already, made by the migration of another database.
"""

from alembic import op

from storage.migrations.row_security import ALL, isolated, opened, shared
from storage.roles import GATEWAY, IDENTITY, PIPELINE, ROLES

revision = "0006"
down_revision = "0005"

_CREATE_ROLE = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
        CREATE ROLE {role} NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;  -- another database's migration made it at this moment
END
$$
"""
# A role's maker may hand it out, but is not itself a member that may enter it. `pg_has_role` is true for a superuser.
_ENTER_ROLE = """
DO $$
BEGIN
    IF NOT pg_has_role(current_user, '{role}', 'SET') THEN
        GRANT {role} TO CURRENT_USER WITH INHERIT FALSE, SET TRUE;
    END IF;
END
$$
"""
_ISOLATED = {
    "clients": {"gateway": "SELECT, UPDATE", "pipeline": "SELECT", "identity": "SELECT, INSERT, UPDATE"},
    "api_keys": {"gateway": "SELECT, INSERT, UPDATE", "identity": "SELECT, INSERT, UPDATE"},
    "sign_in_links": {"gateway": "", "identity": ALL},
    "feed_tickets": {"gateway": "", "identity": ALL},
    "decided": {"pipeline": ALL},
    "transactions": {"pipeline": ALL},
    "decisions": {"pipeline": ALL},
    "alerts": {"gateway": "SELECT, UPDATE", "pipeline": ALL},
    "alert_sequences": {"pipeline": ALL},
    "labels": {"pipeline": ALL},
    "counted_labels": {"pipeline": ALL},
}
_SHARED = {
    "decision_contexts": {"gateway": "SELECT", "pipeline": ALL},
    "partition_offsets": {"gateway": "SELECT", "pipeline": ALL},
    "state_epoch": {"gateway": "SELECT", "pipeline": ALL},
    "dead_letters": {"pipeline": ALL},
    "worker_status": {"gateway": "SELECT", "pipeline": ALL},
}


def upgrade() -> None:
    for role in ROLES:
        op.execute(_CREATE_ROLE.format(role=role))
        op.execute(_ENTER_ROLE.format(role=role))
    op.execute(f"GRANT USAGE ON SCHEMA public TO {PIPELINE}, {GATEWAY}, {IDENTITY}")
    for table, rights in _ISOLATED.items():
        for statement in isolated(table, **rights):
            op.execute(statement)
    for table, rights in _SHARED.items():
        for statement in shared(table, **rights):
            op.execute(statement)


def downgrade() -> None:
    """The roles stay: other databases of the server may use them."""
    for table in _SHARED:
        op.execute(f"REVOKE ALL ON {table} FROM {PIPELINE}, {GATEWAY}, {IDENTITY}")
    for table in _ISOLATED:
        for statement in opened(table):
            op.execute(statement)
    op.execute(f"REVOKE USAGE ON SCHEMA public FROM {PIPELINE}, {GATEWAY}, {IDENTITY}")
