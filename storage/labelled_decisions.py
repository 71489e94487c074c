"""Decisions whose label is known, one row each with the verdict of the last revision.

Kept by the label forwarder's own transaction, from the moment a label has met its decision. A trigger counts the rows
(migration 0010), so that precision and recall follow every label that comes or changes.
"""

# ruff: noqa: S608 - statements are put together from constants only; every value is bound

from collections.abc import Sequence

from contracts.transaction import minor_units
from storage.database import Connection
from storage.decisions import WITH_DECISION, WITH_TRANSACTION
from storage.label_join import TransactionKey

_VERDICTS = f"""
SELECT k.client_id, k.transaction_id, t.event_time_ms, d.context_id, d.recommendation, t.currency, t.amount,
    l.revision, l.fraud
FROM unnest($1::integer[], $2::text[]) AS k (client_id, transaction_id)
CROSS JOIN LATERAL (
    SELECT revision, fraud FROM labels AS x
    WHERE x.client_id = k.client_id AND x.transaction_id = k.transaction_id
        AND x.state IN ('ready', 'forwarded', 'unchanged')
    ORDER BY x.revision DESC LIMIT 1
) AS l
CROSS JOIN LATERAL (
    SELECT * FROM decided AS x WHERE x.client_id = k.client_id AND x.transaction_id = k.transaction_id LIMIT 1
) AS g
{WITH_TRANSACTION} {WITH_DECISION}
ORDER BY k.client_id, k.transaction_id
"""
_KEEP = """
INSERT INTO labelled_decisions AS x (
    client_id, transaction_id, event_time_ms, context_id, recommendation, currency, amount, revision, fraud
)
SELECT * FROM unnest(
    $1::integer[], $2::text[], $3::bigint[], $4::integer[], $5::text[], $6::text[], $7::bigint[], $8::integer[],
    $9::boolean[]
)
ON CONFLICT (client_id, transaction_id) DO UPDATE SET revision = excluded.revision, fraud = excluded.fraud
WHERE x.revision < excluded.revision
"""


async def keep_verdicts(connection: Connection, keys: Sequence[TransactionKey], currency_default: str) -> None:
    """Take over the last joined revision of these transactions' labels; those without one are left out."""
    records = await connection.fetch(_VERDICTS, *zip(*keys, strict=True))
    if not records:
        return
    rows = []
    for client_id, transaction_id, event_time_ms, context_id, recommendation, named, amount, *verdict in records:
        currency = named or currency_default
        minor = minor_units(amount, currency)
        rows.append((client_id, transaction_id, event_time_ms, context_id, recommendation, currency, minor, *verdict))
    await connection.execute(_KEEP, *zip(*rows, strict=True))
