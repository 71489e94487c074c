"""Columns become the same events as transactions one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.transaction import Transaction
from features.column_events import ColumnEventBuilder
from features.columns import columns_of, joined_transactions
from features.events import EventBatch
from features.money import USD_RATES, Money, parse_rates
from tests.features.comparison import make_builder
from tests.features.strategies import ZONES, Record, logs


def keys_by_event(batch: EventBatch) -> list[list[bytes | None]]:
    return [[batch.keys[e] if e >= 0 else None for e in row] for row in batch.entity_of.tolist()]


@given(logs(label_share=0))
def test_the_same_events(log: list[Record]) -> None:
    transactions = [one for one in log if isinstance(one, Transaction)]
    one_by_one = make_builder().batch(transactions)
    together = ColumnEventBuilder(Money(), zone_of=ZONES.__getitem__).batch(columns_of(transactions))
    assert together.events.tobytes() == one_by_one.events.tobytes()
    assert keys_by_event(together) == keys_by_event(one_by_one)
    assert together.kinds.tolist() == [key[0] for key in together.keys]
    assert sorted(together.keys) == sorted(one_by_one.keys)


@given(logs(label_share=0), st.data())
def test_pieces_joined_are_the_whole(log: list[Record], data: st.DataObject) -> None:
    transactions = [one for one in log if isinstance(one, Transaction)]
    cut = data.draw(st.integers(0, len(transactions)))
    pieces = joined_transactions([columns_of(transactions[:cut]), columns_of(transactions[cut:])])
    builder = ColumnEventBuilder(Money(), zone_of=ZONES.__getitem__)
    assert builder.batch(pieces).events.tobytes() == builder.batch(columns_of(transactions)).events.tobytes()


@pytest.mark.parametrize("overrides", ["", "KES=0.0077123456789012345"])
@given(
    amounts=st.lists(
        st.one_of(st.floats(0, 1e12), st.integers(0, 10**14).map(lambda cents: cents / 100)), min_size=1, max_size=20
    ),
    currency=st.sampled_from(sorted(parse_rates(USD_RATES))),
)
def test_amounts_together_equal_amounts_one_by_one(amounts: list[float], currency: str, overrides: str) -> None:
    money = Money(overrides=overrides)
    units, levels = money.units_of(np.array(amounts), currency)
    assert list(zip(units.tolist(), levels.tolist(), strict=True)) == [money.units(one, currency) for one in amounts]
