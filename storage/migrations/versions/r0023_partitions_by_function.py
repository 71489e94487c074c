"""Months are made by a function of the owner's: the programs' login owns no table and makes none by itself."""

from alembic import op

from storage.roles import PIPELINE

revision = "0023"
down_revision = "0022"

MONTHS_MAX = 360  # partitions a table, as `storage.partitions` has it

UP = (
    f"""
    CREATE FUNCTION make_month_partition(parent text, month integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s' AS $$
    DECLARE
        first timestamptz := make_timestamptz(month / 12, month % 12 + 1, 1, 0, 0, 0, 'UTC');
        start bigint := extract(epoch FROM first)::bigint * 1000;
        stop bigint := extract(epoch FROM (first AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC')::bigint
            * 1000;
        name text := format('%s_%s_%s', parent, lpad((month / 12)::text, 4, '0'), lpad((month % 12 + 1)::text, 2, '0'));
    BEGIN
        IF parent NOT IN ('transactions', 'decisions') THEN
            RAISE EXCEPTION 'there are no months of %', parent;
        END IF;
        IF (SELECT count(*) FROM pg_inherits WHERE inhparent = format('public.%I', parent)::regclass) > {MONTHS_MAX}
        THEN
            RETURN;
        END IF;
        EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING ALL)', name, parent);
        EXECUTE format(
            'ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%s) TO (%s)', parent, name, start, stop
        );
    END
    $$
    """,  # noqa: S608 - constants
    "REVOKE EXECUTE ON FUNCTION make_month_partition FROM PUBLIC",
    f"GRANT EXECUTE ON FUNCTION make_month_partition TO {PIPELINE}",
)
DOWN = ("DROP FUNCTION make_month_partition",)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
