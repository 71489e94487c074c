"""Cases, notes, decisions, labels on their way out, the audit log; and what an investigation looks up.

Alerts that are stored already are put into cases here, by the same rule as new ones.
"""

from typing import Any

import msgspec
from alembic import op
from sqlalchemy import Connection, text

from storage.case_join import CaseBook, Raised
from storage.migrations.row_security import ALL, isolated
from storage.roles import CLIENT_SETTING, GATEWAY
from storage.search_words import lexemes

revision = "0008"
down_revision = "0007"

_AUDIT = (
    """
    CREATE TABLE audit_log (
        audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        client_id integer NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT now(),
        actor text COLLATE "C" NOT NULL,
        action text COLLATE "C" NOT NULL,
        subject text COLLATE "C" NOT NULL,
        detail jsonb NOT NULL,
        request_id text COLLATE "C" NOT NULL
    )
    """,
    "CREATE INDEX audit_log_client ON audit_log (client_id, audit_id)",
    "CREATE INDEX audit_log_actor ON audit_log (client_id, actor, audit_id)",
    "CREATE INDEX audit_log_action ON audit_log (client_id, action, audit_id)",
    "CREATE INDEX audit_log_subject ON audit_log (client_id, subject, audit_id)",
    "CREATE INDEX audit_log_recorded_at ON audit_log (client_id, recorded_at)",
    """
    CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
    END
    $$
    """,
    # The owner, too, only appends: a mistaken statement in maintenance must not rewrite history.
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
    """,
)

# An investigation asks for the newest transactions of an account, a device, an address, a merchant. These four are
# all that the worker's store pays for it; what they cost is in docs/decisions/0014.
_LOOKED_UP_BY = ("account", "device_id", "ip_address", "merchant_id")
_TRANSACTIONS = tuple(
    f"CREATE INDEX transactions_{column} ON transactions (client_id, {column}, event_time_ms)"
    f" WHERE {column} IS NOT NULL"
    for column in _LOOKED_UP_BY
)
_CASES = (
    """
    CREATE TABLE cases (
        case_id uuid PRIMARY KEY,
        client_id integer NOT NULL,
        account text COLLATE "C" NOT NULL,
        first_event_time_ms bigint NOT NULL,
        last_event_time_ms bigint NOT NULL,
        first_sequence bigint NOT NULL,
        last_sequence bigint NOT NULL,
        alert_count integer NOT NULL,
        risk_score double precision NOT NULL,
        severity_rank smallint NOT NULL CHECK (severity_rank BETWEEN 0 AND 3),
        status text COLLATE "C" NOT NULL DEFAULT 'OPEN',
        version integer NOT NULL DEFAULT 1,
        assignee text COLLATE "C",
        claimed_until timestamptz,
        opened_at timestamptz NOT NULL DEFAULT now(),
        changed_at timestamptz NOT NULL DEFAULT now(),
        CHECK (status IN ('OPEN', 'IN_REVIEW', 'RESOLVED', 'DISMISSED')),
        CHECK ((assignee IS NULL) = (claimed_until IS NULL))
    )
    """,
    "CREATE INDEX cases_account ON cases (client_id, account, last_event_time_ms)",
    "CREATE INDEX cases_sequence ON cases (client_id, first_sequence)",
    "CREATE INDEX cases_status ON cases (client_id, status, first_sequence)",
    "CREATE INDEX cases_severity ON cases (client_id, severity_rank, first_sequence)",
    "CREATE INDEX cases_assignee ON cases (client_id, assignee, first_sequence) WHERE assignee IS NOT NULL",
    "CREATE INDEX cases_claimed ON cases (client_id, claimed_until) WHERE assignee IS NOT NULL",
    "CREATE INDEX cases_last_event_time ON cases (last_event_time_ms)",
    # The queue: the next case for whoever asks for one.
    """
    CREATE INDEX cases_queue ON cases (client_id, severity_rank DESC, risk_score DESC, first_sequence)
    WHERE status IN ('OPEN', 'IN_REVIEW')
    """,
    """
    CREATE TABLE case_decisions (
        decision_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        client_id integer NOT NULL,
        case_id uuid NOT NULL REFERENCES cases ON DELETE CASCADE,
        alert_id uuid,
        verdict text COLLATE "C" NOT NULL CHECK (verdict IN ('confirmed_fraud', 'legitimate', 'inconclusive')),
        reason text NOT NULL,
        actor text COLLATE "C" NOT NULL,
        decided_at timestamptz NOT NULL,
        undone_at timestamptz,
        undone_by text COLLATE "C",
        CHECK ((undone_at IS NULL) = (undone_by IS NULL))
    )
    """,
    "CREATE INDEX case_decisions_case ON case_decisions (case_id, decision_id)",
    """
    CREATE TABLE decided_alerts (
        client_id integer NOT NULL,
        decision_id bigint NOT NULL REFERENCES case_decisions ON DELETE CASCADE,
        alert_id uuid NOT NULL,
        status_before text COLLATE "C" NOT NULL,
        decision_before bigint,
        revision integer,
        fraud_before boolean,
        PRIMARY KEY (decision_id, alert_id)
    )
    """,
    """
    CREATE TABLE case_notes (
        note_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        client_id integer NOT NULL,
        case_id uuid NOT NULL REFERENCES cases ON DELETE CASCADE,
        alert_id uuid,
        actor text COLLATE "C" NOT NULL,
        body text NOT NULL,
        written_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX case_notes_case ON case_notes (case_id, note_id)",
)
_ALERTS = (
    """
    ALTER TABLE alerts
        ADD COLUMN case_id uuid,
        ADD COLUMN version integer NOT NULL DEFAULT 1,
        ADD COLUMN decision_id bigint,
        ADD COLUMN words tsvector NOT NULL DEFAULT ''
    """,
)
NEWEST_SEARCHED = 20_000  # alerts; tens of milliseconds
FREQUENT_FROM = 500  # of these: a word that more than one alert in forty holds tells little
FOUND_MAX = 10_000  # of a rarer one, the newest
# Each filter of the list has an index that ends in the sequence, each order one of its own.
_ALERT_INDEXES = (
    "ALTER TABLE alerts ALTER COLUMN case_id SET NOT NULL",
    "CREATE INDEX alerts_case ON alerts (case_id, sequence)",
    "CREATE INDEX alerts_score ON alerts (client_id, risk_score, sequence)",
    "CREATE INDEX alerts_event_time ON alerts (client_id, event_time_ms, sequence)",
    "CREATE INDEX alerts_amount ON alerts (client_id, amount, sequence)",
    "CREATE INDEX alerts_status ON alerts (client_id, status, sequence)",
    "CREATE INDEX alerts_severity ON alerts (client_id, severity, sequence)",
    "CREATE INDEX alerts_account ON alerts (client_id, account, sequence)",
    "CREATE INDEX alerts_merchant ON alerts (client_id, merchant_id, sequence) WHERE merchant_id IS NOT NULL",
    "CREATE INDEX alerts_device ON alerts (client_id, device_id, sequence) WHERE device_id IS NOT NULL",
    "CREATE INDEX alerts_words ON alerts USING gin (words)",
    # Under row security a search by words cannot use its index (the operator might leak what it sees), so the gateway
    # asks through this function, which works as the tables' owner and looks at the session's own client only.
    # A word that many alerts hold is searched among the newest alone: the index would bring every alert there is.
    f"""
    CREATE FUNCTION alerts_with_words(wanted tsquery) RETURNS SETOF bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    DECLARE
        client integer := NULLIF(current_setting('{CLIENT_SETTING}', true), '')::integer;
        found bigint[];
    BEGIN
        found := ARRAY(
            SELECT n.sequence FROM (
                SELECT a.sequence, a.words FROM public.alerts AS a
                WHERE a.client_id = client ORDER BY a.sequence DESC LIMIT {NEWEST_SEARCHED}
            ) AS n WHERE n.words @@ wanted
        );
        IF cardinality(found) < {FREQUENT_FROM} THEN
            WITH everywhere AS MATERIALIZED (
                SELECT a.sequence FROM public.alerts AS a WHERE a.client_id = client AND a.words @@ wanted
            )
            SELECT coalesce(array_agg(n.sequence), '{{}}') INTO found
            FROM (SELECT e.sequence FROM everywhere AS e ORDER BY e.sequence DESC LIMIT {FOUND_MAX}) AS n;
        END IF;
        RETURN QUERY SELECT unnest(found);
    END
    $$
    """,  # noqa: S608 - constants
    "REVOKE EXECUTE ON FUNCTION alerts_with_words FROM PUBLIC",
    f"GRANT EXECUTE ON FUNCTION alerts_with_words TO {GATEWAY}",
)
_LABELS = (
    """
    CREATE TABLE label_outbox (
        outbox_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        client_id integer NOT NULL,
        transaction_id text COLLATE "C" NOT NULL,
        revision integer NOT NULL,
        fraud boolean NOT NULL,
        source text NOT NULL,
        known_at_ms bigint NOT NULL,
        published_at timestamptz,
        UNIQUE (client_id, transaction_id, revision)
    )
    """,
    "CREATE INDEX label_outbox_unpublished ON label_outbox (outbox_id) WHERE published_at IS NULL",
    "CREATE INDEX label_outbox_published_at ON label_outbox (published_at) WHERE published_at IS NOT NULL",
    "CREATE INDEX labels_client ON labels (client_id, known_at_ms, transaction_id, revision)",
)

BEFORE: tuple[str, ...] = (*_AUDIT, *_TRANSACTIONS, *_CASES, *_ALERTS, *_LABELS)
AFTER: tuple[str, ...] = (
    *_ALERT_INDEXES,
    *isolated("audit_log", gateway="SELECT, INSERT", pipeline="INSERT", identity="INSERT"),
    *isolated("cases", gateway="SELECT, UPDATE", pipeline=ALL),
    *isolated("case_decisions", gateway="SELECT, INSERT, UPDATE", pipeline="SELECT"),
    *isolated("decided_alerts", gateway="SELECT, INSERT", pipeline="SELECT, UPDATE"),
    *isolated("case_notes", gateway="SELECT, INSERT"),
    *isolated("label_outbox", gateway="SELECT, INSERT", pipeline=ALL),
)
DOWN: tuple[str, ...] = (
    "DROP INDEX labels_client",
    "DROP TABLE label_outbox",
    "DROP FUNCTION alerts_with_words",
    "ALTER TABLE alerts DROP COLUMN words, DROP COLUMN decision_id, DROP COLUMN version, DROP COLUMN case_id",
    *(
        f"DROP INDEX alerts_{name}"
        for name in ("score", "event_time", "amount", "status", "severity", "account", "merchant", "device")
    ),
    "DROP TABLE case_notes",
    "DROP TABLE decided_alerts",
    "DROP TABLE case_decisions",
    "DROP TABLE cases",
    *(f"DROP INDEX transactions_{column}" for column in _LOOKED_UP_BY),
    "DROP TABLE audit_log",
    "DROP FUNCTION refuse_audit_change",
)

CHUNK = 2_000  # alerts a query, whole accounts beside each other
_OLD_ALERTS = text("""
SELECT client_id, account, sequence, alert_id, event_time_ms, risk_score, severity, transaction_id, merchant_id,
    device_id, location, reasons
FROM alerts WHERE (client_id, account, sequence) > (:client_id, :account, :sequence)
ORDER BY client_id, account, sequence LIMIT :chunk
""")
_PLACE = text(
    "UPDATE alerts SET case_id = :case_id, words = array_to_tsvector(CAST(:words AS text[])) WHERE alert_id = :alert_id"
)
_OPEN_CASES = text("""
INSERT INTO cases (case_id, client_id, account, first_event_time_ms, last_event_time_ms, first_sequence,
    last_sequence, alert_count, risk_score, severity_rank)
SELECT case_id, client_id, account, min(event_time_ms), max(event_time_ms), min(sequence), max(sequence), count(*),
    max(risk_score), max(array_position(ARRAY['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'], severity::text) - 1)
FROM alerts GROUP BY case_id, client_id, account
""")


def upgrade() -> None:
    for statement in BEFORE:
        op.execute(statement)
    _build_cases(op.get_bind())
    for statement in AFTER:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)


def _build_cases(connection: Connection) -> None:
    """Put the alerts that are stored already into cases, account by account, each in the order of its sequence."""
    book, account = CaseBook(), None
    last = {"client_id": 0, "account": "", "sequence": 0}
    while rows := connection.execute(_OLD_ALERTS, {**last, "chunk": CHUNK}).mappings().all():
        places = []
        for row in rows:
            if (row["client_id"], row["account"]) != account:
                book, account = CaseBook(), (row["client_id"], row["account"])
            alert = Raised(row["client_id"], row["account"], row["alert_id"], row["event_time_ms"])
            places.append({"case_id": book.join(alert), "alert_id": alert.alert_id, "words": _words(row)})
        connection.execute(_PLACE, places)
        last = {name: rows[-1][name] for name in last}
    connection.execute(_OPEN_CASES)


def _words(row: Any) -> list[str]:
    reasons = msgspec.json.decode(row["reasons"]) if isinstance(row["reasons"], bytes | str) else row["reasons"]
    texts = [reason["text"] for reason in reasons]
    ids = [row[name] for name in ("transaction_id", "account", "merchant_id", "device_id", "location")]
    return lexemes(row["client_id"], ids + texts)
