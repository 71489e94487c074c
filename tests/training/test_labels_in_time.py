"""Labels enter the log when they became known, and change nothing before."""

from datetime import UTC, datetime, timedelta

import numpy as np

from contracts.label import ForwardedLabel, Label
from contracts.transaction import Transaction
from features.catalogue import FEATURE_INDEX
from training.datasets import Dataset
from training.labels import forwarded, merged, verdicts
from training.vectors import vectors_of

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY_MS = 86_400_000


def pay(number: int, day: float) -> Transaction:
    return Transaction(
        transaction_id=f"t{number}",
        amount=10.0,
        timestamp=START + timedelta(days=day),
        account_id="a",
        merchant_id="m",
    )


def label(number: int, day: float, *, fraud: bool = True, revision: int = 0) -> Label:
    return Label(transaction_id=f"t{number}", fraud=fraud, known_at=START + timedelta(days=day), revision=revision)


def days(record: ForwardedLabel) -> float:
    return (record.effective_ms - START.timestamp() * 1000) / DAY_MS


def test_a_label_counts_from_the_delay_or_from_when_it_was_known() -> None:
    early, late = forwarded([pay(1, 0), pay(2, 0)], [label(1, 2), label(2, 12)])
    assert (days(early[1]), days(late[1])) == (7.0, 12.0)
    assert (early[1].merchant_id, early[1].change) == ("m", 1)


def test_only_a_changed_verdict_makes_a_record() -> None:
    payments = [pay(1, 0)]
    assert forwarded(payments, [label(1, 1, fraud=False)]) == []
    assert forwarded(payments, [label(9, 1)]) == []
    revised = [label(1, 1), label(1, 20, fraud=False, revision=1), label(1, 25, fraud=False, revision=2)]
    records = [record for _, record in forwarded(payments, revised)]
    assert [(record.change, days(record)) for record in records] == [(1, 7.0), (-1, 20.0)]


def test_a_stale_revision_is_dropped() -> None:
    labels = [label(1, 1, fraud=False, revision=1), label(1, 2, revision=0), label(1, 3, revision=1)]
    assert forwarded([pay(1, 0)], labels) == []
    assert verdicts([pay(1, 0), pay(2, 0)], labels) == [False, False]


def test_records_stand_before_the_first_transaction_after_they_were_known() -> None:
    payments = [pay(number, number) for number in range(5)]
    order = [
        record.transaction_id + ("!" if isinstance(record, ForwardedLabel) else "")
        for record in merged(payments, [label(0, 2.5), label(1, 99)])
    ]
    assert order == ["t0", "t1", "t2", "t0!", "t3", "t4", "t1!"]


def test_no_vector_sees_a_label_before_it_is_effective() -> None:
    payments = [pay(number, number / 2) for number in range(60)]
    labels = [label(3, 4.0), label(8, 20.0)]
    fraud = np.array(verdicts(payments, labels))
    without = vectors_of(Dataset(payments, [], fraud, [None] * 60))
    seen = vectors_of(Dataset(payments, labels, fraud, [None] * 60))
    changed = np.flatnonzero((without.view(np.int32) != seen.view(np.int32)).any(axis=1))
    # t3 is from day 1.5: it counts from day 8.5, the first payment at or after that is number 17
    assert changed.min() == 17
    share = FEATURE_INDEX["merchant_fraud_share_30d"]
    assert (without[:, share] == 0).all()
    assert seen[17, share] > 0
    assert fraud.sum() == 2


def test_a_label_never_stands_before_its_transaction_however_late_that_came() -> None:
    payments = [pay(1, 10), pay(2, 11), pay(3, 0), pay(4, 12)]
    order = [type(record).__name__ + record.transaction_id for record in merged(payments, [label(3, 1)])]
    assert order == ["Transactiont1", "Transactiont2", "Transactiont3", "ForwardedLabelt3", "Transactiont4"]
