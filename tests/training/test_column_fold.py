"""Columns through the kernel in chunks give, bit for bit, the vectors of the records folded one by one."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import DataRefused
from contracts.label import ForwardedLabel, Label
from contracts.transaction import EPOCH, Transaction
from features.catalogue import FEATURE_INDEX
from features.events import EventBuilder
from features.fold import OfflineFold
from features.money import Money
from tests.features.strategies import DAY, ZONES, Record, labelled_logs, logs
from training.column_fold import fold_columns
from training.columns import Columns, columns_with_labels, joined
from training.labels import merged

revisions = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20 * DAY), st.booleans()), max_size=12)


def labels_on(transactions: list[Transaction], drawn: list[tuple[int, int, bool]]) -> list[Label]:
    """Revisions in the order drawn; each on some transaction, told so long after it."""
    counts: dict[str, int] = {}
    made = []
    for number, after, fraud in drawn:
        one = transactions[number % len(transactions)]
        counts[one.transaction_id] = counts.get(one.transaction_id, -1) + 1
        known = EPOCH + timedelta(milliseconds=one.event_time_ms + after)
        made.append(
            Label(
                transaction_id=one.transaction_id, client_id=one.client_id, fraud=fraud, known_at=known,
                revision=counts[one.transaction_id],
            )
        )  # fmt: skip
    return made


def one_by_one(transactions: list[Transaction], labels: list[Label]) -> bytes:
    records = list(merged(transactions, labels))
    vectors = OfflineFold(EventBuilder(Money(), ZONES.__getitem__)).fold(records).vectors
    return vectors[[not isinstance(record, ForwardedLabel) for record in records]].tobytes()


def in_chunks(transactions: list[Transaction], labels: list[Label], edges: list[int]) -> list[Columns]:
    chunks = []
    for lo, hi in zip([0, *edges], [*edges, len(transactions)], strict=True):
        own = {(one.client_id, one.transaction_id) for one in transactions[lo:hi]}
        mine = [label for label in labels if (label.client_id, label.transaction_id) in own]
        chunks.append(columns_with_labels(transactions[lo:hi], mine))
    return chunks


def folded(chunks: list[Columns]) -> bytes:
    made = [vectors for _, vectors in fold_columns(chunks, Money(), ZONES.__getitem__)]
    return np.concatenate(made).tobytes()


@settings(max_examples=60, deadline=None)  # the kernel may be compiled first
@given(st.one_of(logs(), labelled_logs()), revisions, st.data())
def test_bit_equal_in_chunks_of_any_size(
    log: list[Record], drawn: list[tuple[int, int, bool]], data: st.DataObject
) -> None:
    transactions = [one for one in log if isinstance(one, Transaction)]
    labels = labels_on(transactions, drawn)
    edges = sorted(data.draw(st.lists(st.integers(0, len(transactions)), max_size=3)))
    chunks = in_chunks(transactions, labels, edges)
    expected = one_by_one(transactions, labels)
    assert folded(chunks) == expected
    assert folded([joined(chunks)]) == expected


def test_a_label_of_an_earlier_chunk_counts_in_a_later_one() -> None:
    def payment(number: int, day: float) -> Transaction:
        when = EPOCH + timedelta(days=20_000 + day)
        return Transaction(transaction_id=f"t{number}", amount=5.0, timestamp=when, account_id="a", merchant_id="m")

    before, after = payment(0, 0.0), payment(1, 8.0)
    label = Label(transaction_id="t0", fraud=True, known_at=before.timestamp + timedelta(days=3))
    chunks = [columns_with_labels([before], [label]), columns_with_labels([after], [])]
    vectors = [made for _, made in fold_columns(chunks)]
    assert vectors[1][0, FEATURE_INDEX["account_fraud_share_7d"]] == 1.0
    assert chunks[0].label_known_ms.tolist() == [before.event_time_ms + 7 * DAY]


def test_a_currency_without_a_rate_is_refused_by_name() -> None:
    one = Transaction(
        transaction_id="t", amount=1.0, timestamp=EPOCH + timedelta(days=20_000), account_id="a", currency="XAU"
    )
    with pytest.raises(DataRefused, match="no exchange rate for XAU"):
        list(fold_columns([columns_with_labels([one], [])]))
