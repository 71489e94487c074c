"""Fraud: its share, its kinds, and what makes each kind what it is."""

from collections import Counter, defaultdict
from itertools import islice

import pytest

from contracts.transaction import Kind
from training.simulator.fraud import TYPOLOGIES
from training.simulator.rows import SimulatedTransaction
from training.simulator.world import World, simulate

NAMES = {
    "card_testing",
    "account_takeover",
    "impossible_travel",
    "compromised_merchant",
    "sim_swap",
    "mule_beneficiary",
    "bust_out",
}


@pytest.fixture(scope="module")
def frauds(history: list[SimulatedTransaction]) -> dict[str, list[SimulatedTransaction]]:
    found = defaultdict(list)
    for item in history:
        if item.fraud:
            found[item.typology].append(item)
    return found


def test_every_typology_is_played(frauds: dict[str, list[SimulatedTransaction]]):
    assert {script.typology for script in TYPOLOGIES} == NAMES
    assert set(frauds) == NAMES
    assert min(len(items) for items in frauds.values()) > 50


def test_the_fraud_share_is_what_was_asked(history: list[SimulatedTransaction]):
    share = sum(item.fraud for item in history) / len(history)
    assert 0.008 < share < 0.012
    assert all(item.fraud == (item.typology is not None) for item in history)


@pytest.mark.parametrize("share", [0.0, 0.05])
def test_other_shares(share: float):
    items = list(islice(simulate(World(seed=2, accounts=1500, fraud_share=share)), 30_000))
    assert sum(item.fraud for item in items) / len(items) == pytest.approx(share, rel=0.2)


def test_card_testing_is_many_cards_on_one_device_and_often_declined(frauds):
    cards, kinds = defaultdict(set), Counter()
    for item in frauds["card_testing"]:
        cards[item.transaction.device_id].add(item.transaction.account)
        kinds[item.transaction.kind] += 1
    assert max(len(accounts) for accounts in cards.values()) >= 15
    assert kinds[Kind.DECLINED] > 0.3 * kinds.total()


def test_sim_swaps_come_from_a_device_that_the_number_never_used(history, frauds):
    own = defaultdict(set)
    for item in history:
        if not item.fraud:
            own[item.transaction.account].add(item.transaction.device_id)
    swapped = [item.transaction for item in frauds["sim_swap"]]
    assert all(transaction.phone_number for transaction in swapped)
    assert not any(transaction.device_id in own[transaction.account] for transaction in swapped)


def test_mules_are_paid_by_many(frauds):
    payers = defaultdict(set)
    for item in frauds["mule_beneficiary"]:
        payers[item.transaction.beneficiary_id].add(item.transaction.account)
    assert min(len(accounts) for accounts in payers.values()) >= 5


def test_cards_of_a_compromised_merchant_met_there_before(history, frauds):
    visited = defaultdict(set)
    common = Counter()
    misused = {item.transaction.account for item in frauds["compromised_merchant"]}
    for item in history:
        if not item.fraud and item.transaction.account in misused and item.transaction.merchant_id:
            visited[item.transaction.account].add(item.transaction.merchant_id)
    for merchants in visited.values():
        common.update(merchants)
    assert common.most_common(1)[0][1] >= 8


def test_some_frauds_look_ordinary_and_some_honest_payments_do_not(history, frauds):
    """One feature must not give it away: a device never seen before is neither needed nor enough."""
    known, fraud_known, honest_new = defaultdict(set), 0, 0
    for item in history:
        device, account = item.transaction.device_id, item.transaction.account
        if device is None:
            continue
        if item.fraud:
            fraud_known += device in known[account]
        elif known[account] and device not in known[account]:
            honest_new += 1
        if not item.fraud:
            known[account].add(device)
    assert fraud_known > 0.1 * sum(len(items) for items in frauds.values())
    assert honest_new > 300
