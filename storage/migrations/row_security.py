"""The statements that put a table under row security. A migration that makes a table with clients' rows uses them."""

from storage.roles import CLIENT_SETTING, GATEWAY, IDENTITY, PIPELINE

ALL = "SELECT, INSERT, UPDATE, DELETE"
_CLIENT = f"client_id = NULLIF(current_setting('{CLIENT_SETTING}', true), '')::integer"


def isolated(table: str, *, gateway: str = "SELECT", pipeline: str = "", identity: str = "") -> tuple[str, ...]:
    """Row security for a table with a column `client_id`; the arguments are what each role may do, "" for nothing.

    The gateway reaches the rows of its session's client, the other roles all rows of what they are granted. The owner
    is bound too, and has a policy of its own, because retention and later migrations work as the owner.
    """
    statements = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY maintenance ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)",
    ]
    if gateway:
        statements += [
            f"CREATE POLICY client ON {table} TO {GATEWAY} USING ({_CLIENT}) WITH CHECK ({_CLIENT})",
            f"GRANT {gateway} ON {table} TO {GATEWAY}",
        ]
    for role, name, rights in ((PIPELINE, "pipeline", pipeline), (IDENTITY, "identity", identity)):
        if rights:
            statements += [
                f"CREATE POLICY {name} ON {table} TO {role} USING (true) WITH CHECK (true)",
                f"GRANT {rights} ON {table} TO {role}",
            ]
    return tuple(statements)


def opened(table: str) -> tuple[str, ...]:
    """Take a table out of row security again, for a downgrade that keeps the table."""
    return (
        f"DROP POLICY IF EXISTS identity ON {table}",
        f"DROP POLICY IF EXISTS pipeline ON {table}",
        f"DROP POLICY IF EXISTS client ON {table}",
        f"DROP POLICY maintenance ON {table}",
        f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
        f"REVOKE ALL ON {table} FROM {GATEWAY}, {PIPELINE}, {IDENTITY}",
    )


def shared(table: str, *, gateway: str = "", pipeline: str = "", identity: str = "") -> tuple[str, ...]:
    """Rights on a table whose rows belong to no client."""
    rights = ((GATEWAY, gateway), (PIPELINE, pipeline), (IDENTITY, identity))
    return tuple(f"GRANT {right} ON {table} TO {role}" for role, right in rights if right)
