"""Uploaded files, and how each client's kinds of files are read."""

from alembic import op

from storage.migrations.row_security import ALL, isolated

revision = "0013"
down_revision = "0012"

UP: tuple[str, ...] = (
    # `revision` counts the readings that were asked for: what is found under an older one is not kept.
    """
    CREATE TABLE uploads (
        upload_id uuid PRIMARY KEY,
        client_id integer NOT NULL REFERENCES clients,
        file_name text NOT NULL,
        size_bytes bigint NOT NULL,
        sha256 bytea NOT NULL,
        state text COLLATE "C" NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'parsed', 'refused')),
        problem text,
        revision integer NOT NULL DEFAULT 1,
        wanted jsonb,
        reading jsonb,
        rows bigint,
        rejected bigint,
        created_by text COLLATE "C" NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        parsed_at timestamptz,
        UNIQUE (client_id, sha256),
        CHECK ((state = 'parsed') = (rows IS NOT NULL AND rejected IS NOT NULL AND reading IS NOT NULL)),
        CHECK ((state = 'refused') = (problem IS NOT NULL))
    )
    """,
    "CREATE INDEX uploads_history ON uploads (client_id, created_at, upload_id)",
    "CREATE INDEX uploads_created_at ON uploads (created_at)",
    *isolated("uploads", gateway=ALL, pipeline="SELECT, UPDATE"),
    """
    CREATE TABLE upload_mappings (
        client_id integer NOT NULL REFERENCES clients,
        layout text COLLATE "C" NOT NULL,
        mapping jsonb NOT NULL,
        changed_by text COLLATE "C" NOT NULL,
        changed_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (client_id, layout)
    )
    """,
    *isolated("upload_mappings", gateway=ALL, pipeline="SELECT, INSERT, UPDATE"),
)
DOWN: tuple[str, ...] = ("DROP TABLE upload_mappings", "DROP TABLE uploads")


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
