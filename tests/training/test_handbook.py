"""The book's features and the book's test, against the plainest way to compute them."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from features.columns import Texts, TransactionColumns
from features.plan import DAY
from training.column_fold import fold_columns
from training.columns import Columns, joined, simple_labels
from training.handbook import Protocol, rows_of_test, rows_of_training
from training.handbook_features import DELAY_DAYS, WINDOW_DAYS, book_features, book_tables

SECOND = 1000
START_S = 1_522_540_800  # 2018-04-01


@dataclass(frozen=True)
class Payment:
    time_s: int
    customer: int
    terminal: int
    cents: int
    fraud: bool


# Steps that land on the windows' edges to the second.
steps = st.one_of(
    st.just(0), st.just(1), st.integers(0, 3 * 86_400), st.sampled_from([n * 86_400 for n in (1, 7, 8, 14, 23, 30)])
)
drafts = st.tuples(steps, st.integers(1, 2), st.integers(1, 2), st.integers(0, 50_000), st.booleans())


def payments_of(drawn: list[tuple[int, int, int, int, bool]]) -> list[Payment]:
    clock, made = START_S, []
    for step, *rest in drawn:
        clock += step
        made.append(Payment(clock, *rest))
    return made


def columns_of(payments: list[Payment]) -> Columns:
    n = len(payments)
    time_ms = np.array([one.time_s for one in payments], np.int64) * SECOND
    fraud = np.array([one.fraud for one in payments])
    labels, known = simple_labels(time_ms, fraud)
    none = Texts.nothing(n)
    return Columns(
        transactions=TransactionColumns(
            transaction_id=Texts.of(map(str, range(n))), client=np.ones(n, np.int32), time_ms=time_ms,
            amount=np.array([one.cents / 100 for one in payments]), currency=none,
            account=Texts.of(str(one.customer) for one in payments), device=none, ip=none,
            merchant=Texts.of(str(one.terminal) for one in payments), beneficiary=none, country=none, location=none,
            latitude=np.full(n, np.nan), longitude=np.full(n, np.nan), kind=np.zeros(n, np.uint8),
        ),
        fraud=fraud, labels=labels, label_known_ms=known, typology=none, channel=none, category=none,
    )  # fmt: skip


def naive(payments: list[Payment], at: int) -> list[float]:
    """The book's definitions, from the list of payments up to this one."""
    one, day = payments[at], 86_400
    when = datetime.fromtimestamp(one.time_s, UTC)
    made = [one.cents / 100, float(when.weekday() >= 5), float(when.hour <= 6)]
    before = payments[: at + 1]
    for days in WINDOW_DAYS:
        own = [p for p in before if p.customer == one.customer and p.time_s > one.time_s - days * day]
        made += [len(own), sum(p.cents for p in own) / 100 / len(own)]
    for days in WINDOW_DAYS:
        until = one.time_s - DELAY_DAYS * day
        there = [p for p in before if p.terminal == one.terminal and until - days * day < p.time_s <= until]
        made += [len(there), sum(p.fraud for p in there) / len(there) if there else 0.0]
    return made


@settings(max_examples=60, deadline=None)  # the kernel may be compiled first
@given(st.lists(drafts, min_size=1, max_size=40))
def test_the_books_features_are_exact(drawn: list[tuple[int, int, int, int, bool]]) -> None:
    payments = payments_of(drawn)
    columns = columns_of(payments)
    vectors = np.concatenate([made for _, made in fold_columns([columns], tables=book_tables())])
    found = book_features(vectors, columns.amount)
    expected = np.array([naive(payments, at) for at in range(len(payments))])
    np.testing.assert_allclose(found, expected, rtol=1e-7)


def naive_test_rows(payments: list[Payment], protocol: Protocol) -> list[int]:
    """As the book does it: a set of known cards that grows by a day with every day of the test."""
    day_of = [(one.time_s * SECOND - protocol.start_ms) // DAY for one in payments]
    known = {p.customer for p, day in zip(payments, day_of, strict=True) if 0 <= day < protocol.train_days and p.fraud}
    kept = []
    for day in range(protocol.test_days):
        told = protocol.train_days + day - 1
        known |= {p.customer for p, d in zip(payments, day_of, strict=True) if d == told and p.fraud}
        today = protocol.train_days + protocol.delay_days + day
        kept += [i for i, p in enumerate(payments) if day_of[i] == today and p.customer not in known]
    return kept


many = st.lists(
    st.tuples(st.integers(0, 40_000), st.integers(1, 6), st.just(1), st.just(100), st.booleans()), max_size=120
)


@settings(max_examples=60, deadline=None)  # the kernel may be compiled first
@given(many)
def test_the_test_week_leaves_out_known_cards(drawn: list[tuple[int, int, int, int, bool]]) -> None:
    payments = payments_of([*drawn, (0, 1, 1, 100, False)])
    protocol = Protocol((START_S + 3 * 86_400) * SECOND, START_S * SECOND)
    columns = joined([columns_of(payments)])
    assert rows_of_test(columns, protocol).tolist() == naive_test_rows(payments, protocol)


def test_training_ends_before_the_gap() -> None:
    protocol = Protocol((START_S + 7 * 86_400) * SECOND, START_S * SECOND)
    payments = [Payment(START_S + day * 86_400, 1, 1, 100, False) for day in range(30)]
    columns = columns_of(payments)
    assert rows_of_training(columns, protocol, all_history=False).tolist() == list(range(7, 14))
    assert rows_of_training(columns, protocol, all_history=True).tolist() == list(range(14))
    assert protocol.weeks_before(1).test_end_ms == protocol.test_ms
