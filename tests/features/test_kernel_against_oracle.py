"""The kernel equals the naive oracle, over logs that Hypothesis makes as awkward as it can."""

from hypothesis import given, settings

from contracts.transaction import Transaction
from tests.features.comparison import assert_equal
from tests.features.strategies import Record, after_floods, labelled_logs, logs, one_account_logs

FEW = settings().max_examples // 2  # floods hold hundreds of events each


@given(logs())
def test_any_log(log: list[Record]) -> None:
    assert_equal(log)


@given(one_account_logs())
def test_one_account(log: list[Record]) -> None:
    assert_equal(log)


@given(labelled_logs())
def test_labels(log: list[Record]) -> None:
    assert_equal(log)


@given(after_floods())
@settings(max_examples=FEW)
def test_after_a_flood(parts: tuple[list[Transaction], list[Transaction]]) -> None:
    flood, later = parts
    assert_equal([*flood, *later], compare_from=len(flood) - 1)
