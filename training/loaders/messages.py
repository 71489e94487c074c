"""Messages of the stream's topics as columns: transactions in the order of their log, labels that came at any time."""

from collections.abc import Iterable, Iterator
from itertools import islice

from contracts.label import Label
from contracts.transaction import Transaction
from features.plan import PLAN
from training.column_fold import CHUNK_ROWS
from training.columns import Columns, columns_with_labels

_Key = tuple[int, str]


def labelled_chunks(
    transactions: Iterable[Transaction], labels: Iterable[Label], delay_ms: int = PLAN.label_delay
) -> Iterator[Columns]:
    """Chunks of CHUNK_ROWS transactions with whatever revisions of their labels there are; the last one counts.

    A transaction without a label is legitimate. All labels are held in memory, of the transactions one chunk.
    """
    known: dict[_Key, list[Label]] = {}
    for label in labels:
        known.setdefault((label.client_id, label.transaction_id), []).append(label)
    source = iter(transactions)
    while chunk := list(islice(source, CHUNK_ROWS)):
        own = [label for t in chunk for label in known.get((t.client_id, t.transaction_id), ())]
        yield columns_with_labels(chunk, own, delay_ms=delay_ms)
