"""Erasing a person: an account's rows keep their place and lose what is somebody's.

A row is not deleted: its id guards that it is decided once, its number that feeds have no gap, its amount is counted.
The function works as the tables' owner, on the session's own client only, because no gateway may change a transaction.
"""

from alembic import op

from storage.migrations.row_security import isolated
from storage.roles import CLIENT_SETTING, GATEWAY

revision = "0018"
down_revision = "0017"

SHARED_DAYS = 60  # a device that somebody else used since stays: others' counts hang on it; longer than any window
UP = (
    """
    CREATE TABLE erasures (
        erasure_id uuid PRIMARY KEY,
        client_id integer NOT NULL REFERENCES clients,
        pseudonym text COLLATE "C" NOT NULL,
        requested_at timestamptz NOT NULL DEFAULT now(),
        actor text COLLATE "C" NOT NULL,
        counts jsonb NOT NULL,
        state_keys bytea[] NOT NULL,
        state_done_at timestamptz,
        topics_done_at timestamptz
    )
    """,
    # The audit log stays append-only but for two things: a reason that somebody wrote about a person may be erased, and
    # what is older than a year may be removed by retention.
    """
    CREATE FUNCTION refuse_audit_row_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            IF OLD.recorded_at < now() - interval '365 days' THEN
                RETURN OLD;
            END IF;
        ELSIF OLD.detail ? 'reason' AND NEW.detail = OLD.detail || '{"reason": "[erased]"}'
            AND to_jsonb(NEW) - 'detail' = to_jsonb(OLD) - 'detail'
        THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
    END
    $$
    """,
    "DROP TRIGGER append_only ON audit_log",
    """
    CREATE TRIGGER append_only BEFORE TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
    """,
    """
    CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_row_change()
    """,
    "CREATE INDEX erasures_pending ON erasures (requested_at) WHERE state_done_at IS NULL OR topics_done_at IS NULL",
    *isolated("erasures", gateway="SELECT, INSERT, UPDATE", pipeline="SELECT, UPDATE"),
    f"""
    CREATE FUNCTION erase_account(wanted text, fresh text) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    DECLARE
        client integer := NULLIF(current_setting('{CLIENT_SETTING}', true), '')::integer;
        spelled bytea := convert_to(wanted, 'UTF8');
        since bigint;
        devices text[]; addresses text[]; payees text[];
        own_devices text[]; own_addresses text[]; own_payees text[];
        case_ids uuid[]; subjects text[];
        counts jsonb := '{{}}';
        changed bigint;
    BEGIN
        IF client IS NULL OR wanted = '' OR fresh = wanted THEN
            RAISE EXCEPTION 'no client, or no account';
        END IF;
        SELECT max(event_time_ms) - {SHARED_DAYS}::bigint * 86400000 INTO since FROM public.decided;
        SELECT array_agg(DISTINCT device_id), array_agg(DISTINCT ip_address), array_agg(DISTINCT beneficiary_id)
            INTO devices, addresses, payees FROM public.transactions WHERE client_id = client AND account = wanted;
        own_devices := ARRAY(SELECT d FROM unnest(devices) AS d WHERE d IS NOT NULL AND NOT EXISTS (
            SELECT FROM public.transactions AS t WHERE t.client_id = client AND t.device_id = d
                AND t.account <> wanted AND t.event_time_ms > since));
        own_addresses := ARRAY(SELECT d FROM unnest(addresses) AS d WHERE d IS NOT NULL AND NOT EXISTS (
            SELECT FROM public.transactions AS t WHERE t.client_id = client AND t.ip_address = d
                AND t.account <> wanted AND t.event_time_ms > since));
        own_payees := ARRAY(SELECT d FROM unnest(payees) AS d WHERE d IS NOT NULL AND NOT EXISTS (
            SELECT FROM public.transactions AS t WHERE t.client_id = client AND t.beneficiary_id = d
                AND t.account <> wanted AND t.event_time_ms > since));
        case_ids := ARRAY(SELECT case_id FROM public.cases WHERE client_id = client AND account = wanted
            UNION SELECT case_id FROM public.alerts WHERE client_id = client AND account = wanted);
        subjects := ARRAY(SELECT 'case:' || c FROM unnest(case_ids) AS c
            UNION ALL SELECT 'alert:' || alert_id FROM public.alerts WHERE client_id = client AND account = wanted);

        UPDATE public.case_notes SET body = '[erased]' WHERE client_id = client AND case_id = ANY (case_ids);
        GET DIAGNOSTICS changed = ROW_COUNT; counts := counts || jsonb_build_object('notes', changed);
        UPDATE public.case_decisions SET reason = '[erased]' WHERE client_id = client AND case_id = ANY (case_ids);
        UPDATE public.audit_log SET detail = detail || '{{"reason": "[erased]"}}'
            WHERE client_id = client AND subject = ANY (subjects) AND detail ? 'reason';
        DELETE FROM public.feature_mismatches AS m USING public.transactions AS t WHERE m.client_id = client
            AND t.client_id = client AND t.account = wanted AND t.transaction_id = m.transaction_id;
        UPDATE public.decisions AS d SET details = d.details || '{{"reasons": []}}'
            FROM public.transactions AS t WHERE t.client_id = client AND t.account = wanted
            AND d.event_time_ms = t.event_time_ms AND d.source = t.source AND d.source_offset = t.source_offset
            AND d.client_id = client AND d.transaction_id = t.transaction_id;
        UPDATE public.alerts SET account = fresh, device_id = NULL, location = NULL, reasons = '[]', words = ''
            WHERE client_id = client AND account = wanted;
        GET DIAGNOSTICS changed = ROW_COUNT; counts := counts || jsonb_build_object('alerts', changed);
        UPDATE public.cases SET account = fresh WHERE client_id = client AND account = wanted;
        GET DIAGNOSTICS changed = ROW_COUNT; counts := counts || jsonb_build_object('cases', changed);
        UPDATE public.labels SET account = fresh WHERE client_id = client AND account = wanted;
        UPDATE public.counted_labels SET account = fresh WHERE client_id = client AND account = wanted;
        DELETE FROM public.anomalies WHERE client_id = client
            AND (account = wanted OR subject = wanted OR record @> jsonb_build_object('account', wanted)
                OR position(wanted IN record::text) > 0 OR position(wanted IN reasons::text) > 0);
        GET DIAGNOSTICS changed = ROW_COUNT; counts := counts || jsonb_build_object('anomalies', changed);
        DELETE FROM public.strategy_previews AS p WHERE p.client_id = client
            AND position(wanted IN p.found::text) > 0;
        DELETE FROM public.idempotent_requests WHERE client_id = client AND position(spelled IN body) > 0;
        UPDATE public.dead_letters SET key = NULL, detail = '[erased]' WHERE key = spelled;
        GET DIAGNOSTICS changed = ROW_COUNT; counts := counts || jsonb_build_object('dead_letters', changed);
        -- The message becomes what the state is made of, without the person. Times are kept to the millisecond.
        UPDATE public.transactions SET account = fresh,
            device_id = CASE WHEN device_id = ANY (own_devices) THEN NULL ELSE device_id END,
            ip_address = CASE WHEN ip_address = ANY (own_addresses) THEN NULL ELSE ip_address END,
            beneficiary_id = CASE WHEN beneficiary_id = ANY (own_payees) THEN NULL ELSE beneficiary_id END,
            body = convert_to(jsonb_strip_nulls(jsonb_build_object(
                'client_id', client_id, 'transaction_id', transaction_id, 'amount', amount, 'currency', currency,
                'kind', kind, 'account_id', fresh, 'merchant_id', merchant_id,
                'device_id', CASE WHEN device_id = ANY (own_devices) THEN NULL ELSE device_id END,
                'ip_address', CASE WHEN ip_address = ANY (own_addresses) THEN NULL ELSE ip_address END,
                'beneficiary_id', CASE WHEN beneficiary_id = ANY (own_payees) THEN NULL ELSE beneficiary_id END,
                'timestamp', to_char(to_timestamp(event_time_ms / 1000) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
                    || '.' || lpad((event_time_ms % 1000)::text, 3, '0') || 'Z'
            ))::text, 'UTF8')
            WHERE client_id = client AND account = wanted;
        GET DIAGNOSTICS changed = ROW_COUNT; counts := counts || jsonb_build_object('transactions', changed);
        RETURN jsonb_build_object(
            'counts', counts, 'devices', own_devices, 'addresses', own_addresses, 'payees', own_payees);
    END
    $$
    """,  # noqa: S608 - constants
    "REVOKE EXECUTE ON FUNCTION erase_account FROM PUBLIC",
    f"GRANT EXECUTE ON FUNCTION erase_account TO {GATEWAY}",
)
DOWN = (
    "DROP FUNCTION erase_account",
    "DROP TABLE erasures",
    "DROP TRIGGER append_only_rows ON audit_log",
    "DROP TRIGGER append_only ON audit_log",
    "DROP FUNCTION refuse_audit_row_change",
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
    """,
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
