"""What the simulator writes is what the contracts take, in order, with ids that come once."""

from datetime import timedelta
from itertools import islice, pairwise

import pytest

from contracts.currency import MINOR_UNIT_DECIMALS
from contracts.transaction import Transaction, decode_transaction, encode_transaction
from training.simulator.rows import SimulatedTransaction
from training.simulator.world import World, simulate


def test_every_message_is_a_valid_transaction(history: list[SimulatedTransaction]):
    for item in history[:60_000]:
        assert decode_transaction(encode_transaction(item.transaction)) == item.transaction


def test_amounts_have_no_more_decimals_than_the_currency(history: list[SimulatedTransaction]):
    for item in history[:20_000]:
        amount, currency = item.transaction.amount, item.transaction.currency
        assert currency
        assert amount == round(amount, MINOR_UNIT_DECIMALS[currency])


def test_event_times_never_go_back_and_ids_come_once(history: list[SimulatedTransaction]):
    assert all(a.transaction.timestamp <= b.transaction.timestamp for a, b in pairwise(history))
    assert len({item.transaction.transaction_id for item in history}) == len(history)


def test_a_history_takes_about_as_long_as_asked(history: list[SimulatedTransaction]):
    took = history[-1].transaction.timestamp - history[0].transaction.timestamp
    assert timedelta(days=37) < took < timedelta(days=43)


def test_both_flavours_are_in_one_world(history: list[SimulatedTransaction]):
    mobile = [item.transaction for item in history if item.transaction.phone_number]
    card = [item.transaction for item in history if item.transaction.account_id]
    assert len(mobile) + len(card) == len(history)
    assert min(len(mobile), len(card)) > 0.35 * len(history)
    assert {transaction.currency for transaction in mobile} == {"KES", "UGX", "TZS"}
    assert {transaction.currency for transaction in card} >= {"EUR", "SEK", "GBP"}
    assert any(transaction.beneficiary_id for transaction in mobile)
    assert any(transaction.latitude is not None for transaction in card)


def test_training_transactions_are_ordered_and_hold_cold_starts_throughout(mixture: list[SimulatedTransaction]):
    items = mixture
    assert len(items) == 20_000
    assert all(a.transaction.timestamp <= b.transaction.timestamp for a, b in pairwise(items))
    assert len({item.transaction.transaction_id for item in items}) == len(items)
    runs = {item.transaction.transaction_id.rsplit("-", 1)[0] for item in items}
    assert len(runs) == 7
    late = [item.transaction for item in items[14_000:]]
    known = {item.transaction.account for item in items[:14_000]}
    assert sum(transaction.account not in known for transaction in late) > 0.1 * len(late)


def test_a_tiny_world_goes_on():
    items = list(islice(simulate(World(accounts=1)), 50))
    assert {type(item.transaction) for item in items} == {Transaction}


@pytest.mark.parametrize("wrong", [{"accounts": 0}, {"fraud_share": 0.9}, {"run_id": ""}, {"run_id": "x" * 65}])
def test_settings_that_make_no_world_are_refused(wrong: dict[str, object]):
    with pytest.raises(ValueError, match="must"):
        World(**wrong)  # type: ignore[arg-type]
