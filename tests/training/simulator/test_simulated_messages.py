"""What the simulator writes is what the contracts take, in order, with ids that come once."""

from collections import Counter
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
    kinds = Counter(run.split("-")[0].rstrip("0123456789") for run in runs)
    assert (kinds["cold"], kinds["long"]) == (6, 7)
    assert kinds["history"] == 1 + 10, "one session a day"
    late = [item.transaction for item in items[14_000:]]
    known = {item.transaction.account for item in items[:14_000]}
    assert sum(transaction.account not in known for transaction in late) > 0.02 * len(late)


def test_training_transactions_hold_sessions_of_known_people_at_the_pace_of_a_demo(mixture: list[SimulatedTransaction]):
    known = {item.transaction.account for item in mixture if item.transaction.transaction_id.startswith("history-3-0")}
    session = [item.transaction for item in mixture if item.transaction.transaction_id.startswith("long3-3-")]
    hours = (session[-1].timestamp - session[0].timestamp).total_seconds() / 3600
    people = Counter(transaction.account for transaction in session)
    assert hours > 6
    assert len(session) / hours * 24 / len(people) > 50, "payments of an account in a day"
    assert sum(account in known for account in people) > 0.8 * len(people)


def test_a_tiny_world_goes_on():
    items = list(islice(simulate(World(accounts=1)), 50))
    assert {type(item.transaction) for item in items} == {Transaction}


@pytest.mark.parametrize("wrong", [{"accounts": 0}, {"fraud_share": 0.9}, {"run_id": ""}, {"run_id": "x" * 65}])
def test_settings_that_make_no_world_are_refused(wrong: dict[str, object]):
    with pytest.raises(ValueError, match="must"):
        World(**wrong)  # type: ignore[arg-type]
