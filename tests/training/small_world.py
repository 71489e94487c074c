"""A small simulated world with much fraud in it, so that a few thousand transactions are enough to learn from."""

from itertools import islice

from training.datasets import Dataset, told_by_simulator
from training.simulator.world import World, accounts_for, simulate

DAYS = 40.0


def small_world(transactions: int = 8000, seed: int = 7, fraud_share: float = 0.08) -> Dataset:
    world = World(seed=seed, accounts=accounts_for(transactions, DAYS), fraud_share=fraud_share)
    return told_by_simulator(list(islice(simulate(world), transactions)), {"source": "simulator"})
