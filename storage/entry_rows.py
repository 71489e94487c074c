"""The rows of one journal entry: guard, transactions, counted labels; one statement a table."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from contracts.journal import CountedLabel, JournalEntry, Outcome
from contracts.transaction import Transaction, canonical_ip, decode_transaction
from storage.database import Connection

GUARD = """
INSERT INTO decided (client_id, transaction_id, event_time_ms, source, source_offset)
SELECT r.client_id, r.transaction_id, r.event_time_ms, $1, r.source_offset
FROM unnest($2::integer[], $3::text[], $4::bigint[], $5::bigint[])
    AS r (client_id, transaction_id, event_time_ms, source_offset)
ON CONFLICT DO NOTHING
RETURNING client_id, transaction_id, source_offset
"""
TRANSACTIONS = """
INSERT INTO transactions (
    client_id, transaction_id, event_time_ms, source, source_offset, amount, currency, kind, account, device_id,
    ip_address, merchant_id, beneficiary_id, body
)
SELECT r.client_id, r.transaction_id, r.event_time_ms, $1, r.source_offset, r.amount, r.currency, r.kind, r.account,
    r.device_id, r.ip_address, r.merchant_id, r.beneficiary_id, r.body
FROM unnest(
    $2::integer[], $3::text[], $4::bigint[], $5::bigint[], $6::double precision[], $7::text[], $8::text[],
    $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bytea[]
) AS r (
    client_id, transaction_id, event_time_ms, source_offset, amount, currency, kind, account, device_id, ip_address,
    merchant_id, beneficiary_id, body
)
"""
_COUNTED_LABELS = """
INSERT INTO counted_labels (
    client_id, transaction_id, revision, source, source_offset, account, merchant_id, event_time_ms, effective_ms,
    change
)
SELECT r.client_id, r.transaction_id, r.revision, $1, r.source_offset, r.account, r.merchant_id, r.event_time_ms,
    r.effective_ms, r.change
FROM unnest(
    $2::integer[], $3::text[], $4::integer[], $5::bigint[], $6::text[], $7::text[], $8::bigint[], $9::bigint[],
    $10::smallint[]
) AS r (
    client_id, transaction_id, revision, source_offset, account, merchant_id, event_time_ms, effective_ms, change
)
ON CONFLICT DO NOTHING
RETURNING client_id, transaction_id, revision
"""


class Counted(NamedTuple):
    """An outcome with its message decoded, once."""

    outcome: Outcome
    transaction: Transaction


def counted_of(entry: JournalEntry) -> list[Counted]:
    """Raises ValueError if a message is no transaction: the pipeline has decoded it before, so this is a defect."""
    return counted_of_outcomes(entry.outcomes)


def counted_of_outcomes(outcomes: Sequence[Outcome]) -> list[Counted]:
    """As `counted_of`, without an entry around them."""
    return [Counted(outcome, _decoded(outcome)) for outcome in outcomes]


def renumbered(counted: Sequence[Counted], start: int) -> list[Counted]:
    """The same at the places from `start` on."""
    return [
        Counted(msgspec.structs.replace(outcome, offset=start + place), transaction)
        for place, (outcome, transaction) in enumerate(counted)
    ]


async def insert_guard(connection: Connection, source: int, outcomes: Sequence[Outcome]) -> list[bool]:
    """For each outcome whether it is the first decision on its transaction; waits for a store of the same under way."""
    records = await connection.fetch(GUARD, source, *guard_columns(outcomes))
    first = {tuple(record) for record in records}
    return [(o.decision.client_id, o.decision.transaction_id, o.offset) in first for o in outcomes]


def guard_columns(outcomes: Sequence[Outcome]) -> tuple[tuple[object, ...], ...]:
    """Sorted by key, so that two stores cannot wait for each other in a circle."""
    rows = [(o.decision.client_id, o.decision.transaction_id, o.decision.event_time_ms, o.offset) for o in outcomes]
    return tuple(zip(*sorted(rows), strict=True))


async def insert_transactions(connection: Connection, source: int, counted: Sequence[Counted]) -> None:
    await connection.execute(TRANSACTIONS, source, *transaction_columns(counted))


def transaction_columns(counted: Sequence[Counted]) -> tuple[tuple[object, ...], ...]:
    return tuple(zip(*(_transaction_row(outcome, transaction) for outcome, transaction in counted), strict=True))


async def insert_counted_labels(
    connection: Connection, source: int, labels: Sequence[CountedLabel]
) -> list[tuple[int, str]]:
    """The transactions (client id, transaction id) whose label was counted before; empty if all is well."""
    rows = [_label_row(counted) for counted in labels]
    records = await connection.fetch(_COUNTED_LABELS, source, *zip(*rows, strict=True))
    inserted = {tuple(record) for record in records}
    return [
        (label.client_id, label.transaction_id)
        for label in (counted.label for counted in labels)
        if (label.client_id, label.transaction_id, label.revision) not in inserted
    ]


def _decoded(outcome: Outcome) -> Transaction:
    transaction = decode_transaction(outcome.body)
    if not isinstance(transaction, Transaction):
        raise ValueError(  # noqa: TRY004 - a value that cannot be, not a caller's wrong type
            f"{outcome.decision.transaction_id!r} was counted but its message is no transaction: {transaction.detail}"
        )
    return transaction


def _transaction_row(outcome: Outcome, transaction: Transaction) -> tuple[object, ...]:
    decision = outcome.decision
    return (
        decision.client_id,
        decision.transaction_id,
        decision.event_time_ms,
        outcome.offset,
        transaction.amount,
        transaction.currency,
        transaction.kind,
        decision.account,
        transaction.device_id,
        canonical_ip(transaction.ip_address) if transaction.ip_address else None,
        transaction.merchant_id,
        transaction.beneficiary_id,
        outcome.body,
    )


def _label_row(counted: CountedLabel) -> tuple[object, ...]:
    label = counted.label
    return (
        label.client_id,
        label.transaction_id,
        label.revision,
        counted.offset,
        label.account,
        label.merchant_id,
        label.event_time_ms,
        label.effective_ms,
        label.change,
    )
