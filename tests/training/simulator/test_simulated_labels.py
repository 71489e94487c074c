"""Labels come late, name transactions that exist, and end with the truth."""

from collections import defaultdict
from datetime import timedelta
from itertools import pairwise
from statistics import median

import pytest

from contracts.label import Label, decode_label, encode_label
from training.simulator.labels import HONEST_LABELLED_SHARE, labels_of
from training.simulator.rows import SimulatedTransaction

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def labels(history: list[SimulatedTransaction]) -> list[Label]:
    return list(labels_of(history))


def test_labels_are_valid_and_ordered_by_when_they_became_known(labels):
    assert all(a.known_at <= b.known_at for a, b in pairwise(labels))
    assert all(decode_label(encode_label(label)) == label for label in labels[:2000])


def test_every_fraud_and_some_honest_payments_have_one(history, labels):
    truth = {item.transaction.transaction_id: item.fraud for item in history}
    labelled = {label.transaction_id for label in labels}
    assert labelled <= truth.keys()
    assert {name for name, fraud in truth.items() if fraud} <= labelled
    honest = sum(not truth[name] for name in labelled)
    assert honest / len(truth) == pytest.approx(HONEST_LABELLED_SHARE, rel=0.1)


def test_labels_come_days_later(history, labels):
    when = {item.transaction.transaction_id: item.transaction.timestamp for item in history}
    delays = [label.known_at - when[label.transaction_id] for label in labels if label.revision == 0]
    assert min(delays) >= DAY / 2
    assert 4 * DAY < median(delays) < 8 * DAY
    assert sum(DAY <= delay <= 20 * DAY for delay in delays) > 0.9 * len(delays)


def test_the_last_revision_is_the_truth_and_a_few_flip(history, labels):
    truth = {item.transaction.transaction_id: item.fraud for item in history}
    revisions = defaultdict(list)
    for label in labels:
        revisions[label.transaction_id].append(label)
    for name, told in revisions.items():
        assert [label.revision for label in told] == list(range(len(told)))
        assert told[-1].fraud == truth[name]
    flipped = [told for told in revisions.values() if len(told) == 2]
    assert 0.03 < len(flipped) / len(revisions) < 0.1
    assert all(first.fraud != second.fraud for first, second in flipped)


def test_a_stream_may_shorten_the_days(history):
    frauds = [item for item in history if item.fraud][:200]
    when = {item.transaction.transaction_id: item.transaction.timestamp for item in frauds}
    for label in labels_of(frauds, day_s=20):
        assert label.known_at - when[label.transaction_id] <= timedelta(seconds=2 * 45 * 20)
