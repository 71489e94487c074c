"""Labels that an institution gives over HTTP: the next revision of what is known, whatever it was before."""

from datetime import datetime, timedelta

from api.cases.act import Act
from api.cases.verdicts import REVISION_MAX
from api.problems import CONFLICT, INVALID_REQUEST, NOT_FOUND, Problem
from contracts.anomaly import is_file_row_id
from contracts.label import Label
from contracts.transaction import AHEAD_MAX_MS, YEAR_MAX, YEAR_MIN
from storage import anomalies, audit, feedback, label_outbox
from storage.database import Connection


async def give_label(act: Act, transaction_id: str, fraud: bool, source: str, known_at: datetime | None) -> Label:
    """Store a label on its way to the topic. Raises problems: 404, 409 (no revision is left), 422 (its time)."""
    known_at = known_at or act.now
    if known_at > act.now + timedelta(milliseconds=AHEAD_MAX_MS):
        raise Problem(INVALID_REQUEST, "body.known_at: it lies in the future")
    if not YEAR_MIN <= known_at.year <= YEAR_MAX:
        raise Problem(INVALID_REQUEST, f"body.known_at: the year must lie between {YEAR_MIN} and {YEAR_MAX}")
    async with act.transaction() as connection:
        if not await _is_known(connection, act.client_id, transaction_id):
            raise Problem(NOT_FOUND, "you have no transaction with this id")
        last = (await label_outbox.last_labels(connection, act.client_id, [transaction_id])).get(transaction_id)
        revision = last.revision + 1 if last else 0
        if revision > REVISION_MAX:
            raise Problem(CONFLICT, "this transaction's label has had the highest revision that there is")
        label = Label(
            transaction_id=transaction_id,
            fraud=fraud,
            known_at=known_at,
            client_id=act.client_id,
            source=source,
            revision=revision,
        )
        await label_outbox.write(connection, [label])
        entry = act.entry("label.given", f"transaction:{transaction_id}", fraud=fraud, source=source, revision=revision)
        await audit.record(connection, entry)
        return label


async def _is_known(connection: Connection, client_id: int, transaction_id: str) -> bool:
    """A decided transaction, or a row of an uploaded file that an analysis has flagged."""
    if is_file_row_id(transaction_id):
        return await anomalies.is_known(connection, client_id, transaction_id)
    return await feedback.is_decided(connection, client_id, transaction_id)
