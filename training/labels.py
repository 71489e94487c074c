"""Labels of a file or a simulation as the records that the forwarder would have written into the log."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from contracts.label import ForwardedLabel, Label
from contracts.transaction import EPOCH, Transaction
from features.events import Record
from features.plan import PLAN

_Known = tuple[int, ForwardedLabel]  # when it became known, in ms; the record


def merged(
    transactions: Sequence[Transaction], labels: Iterable[Label], delay_ms: int = PLAN.label_delay
) -> Iterator[Record]:
    """The log: `transactions` in their order, each label's record before the first transaction after it was known.

    So a vector sees what was known at its time and nothing that came later. As the forwarder joins a label with its
    transaction, none stands before it, however late that came.
    """
    waiting = forwarded(transactions, labels, delay_ms)
    newest = list(accumulate((transaction.event_time_ms for transaction in transactions), max))
    row_of = {(t.client_id, t.transaction_id): row for row, t in enumerate(transactions)}
    due: dict[int, list[ForwardedLabel]] = {}
    for known_ms, record in waiting:
        own = row_of[record.client_id, record.transaction_id]
        due.setdefault(max(bisect_right(newest, known_ms), own + 1), []).append(record)
    for row, transaction in enumerate(transactions):
        yield from due.get(row, ())
        yield transaction
    yield from due.get(len(transactions), ())


def forwarded(
    transactions: Iterable[Transaction], labels: Iterable[Label], delay_ms: int = PLAN.label_delay
) -> list[_Known]:
    """(known at ms, record) of every label that changes a verdict, in the order in which they became known.

    Labels of unknown transactions are dropped, and so are revisions not above the last one known.
    """
    by_id = {(t.client_id, t.transaction_id): t for t in transactions}
    last: dict[tuple[int, str], tuple[int, bool, int]] = {}  # revision, fraud, effective
    records: list[_Known] = []
    for known_ms, label in sorted(((_ms(label), label) for label in labels), key=_order):
        key = (label.client_id, label.transaction_id)
        transaction = by_id.get(key)
        if transaction is None:
            continue
        revision, fraud, effective = last.get(key, (-1, False, 0))
        if label.revision <= revision:
            continue
        effective = max(effective, transaction.event_time_ms + delay_ms, known_ms)
        last[key] = (label.revision, label.fraud, effective)
        if label.fraud != fraud:
            records.append((known_ms, _record(transaction, label, effective)))
    return records


def verdicts(transactions: Sequence[Transaction], labels: Iterable[Label]) -> list[bool]:
    """What the last revision says of each transaction; without a label it is legitimate."""
    last: dict[tuple[int, str], Label] = {}
    for label in labels:
        key = (label.client_id, label.transaction_id)
        if key not in last or label.revision > last[key].revision:
            last[key] = label
    return [(k := (t.client_id, t.transaction_id)) in last and last[k].fraud for t in transactions]


def _record(transaction: Transaction, label: Label, effective_ms: int) -> ForwardedLabel:
    return ForwardedLabel(
        client_id=transaction.client_id,
        transaction_id=transaction.transaction_id,
        revision=label.revision,
        account=transaction.account,
        merchant_id=transaction.merchant_id,
        event_time_ms=transaction.event_time_ms,
        effective_ms=effective_ms,
        change=1 if label.fraud else -1,
    )


def _ms(label: Label) -> int:
    return int((label.known_at - EPOCH).total_seconds() * 1000)


def _order(item: tuple[int, Label]) -> tuple[int, str, int]:
    return item[0], item[1].transaction_id, item[1].revision
