"""One simulated history for all tests of this folder: made once, in a few seconds."""

from itertools import islice

import pytest

from training.simulator.history import training_transactions
from training.simulator.rows import SimulatedTransaction
from training.simulator.world import World, accounts_for, simulate

HISTORY_TRANSACTIONS = 200_000
HISTORY_DAYS = 40


@pytest.fixture(scope="session")
def history_world() -> World:
    return World(seed=11, accounts=accounts_for(HISTORY_TRANSACTIONS, HISTORY_DAYS))


@pytest.fixture(scope="session")
def history(history_world: World) -> list[SimulatedTransaction]:
    return list(islice(simulate(history_world), HISTORY_TRANSACTIONS))


@pytest.fixture(scope="session")
def mixture() -> list[SimulatedTransaction]:
    """What a model is trained on: a history with cold streams in it."""
    return list(training_transactions(20_000, seed=3, days=10))
