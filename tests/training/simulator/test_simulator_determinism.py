"""The same world is the same bytes: again, in another process, and whatever Python's hash seed is."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path

from contracts.transaction import encode_transaction
from training.simulator.history import training_transactions
from training.simulator.labels import labels_of
from training.simulator.rows import SimulatedTransaction
from training.simulator.world import World, simulate

ROOT = Path(__file__).parents[3]
WORLD = World(seed=5, accounts=300)
# Of WORLD's first 1000 transactions, on every machine. It may change with the simulator, never with anything else.
DIGEST = "510d9bd928c16fc09e0025bcc072bd5de262f42267d09f33e5324b91ebd7ad5d"


def digest(world: World, count: int = 1000) -> str:
    sha = hashlib.sha256()
    for item in islice(simulate(world), count):
        sha.update(encode_transaction(item.transaction) + f" {item.fraud} {item.typology}\n".encode())
    return sha.hexdigest()


def test_the_same_world_gives_the_same_bytes():
    assert digest(WORLD) == digest(WORLD) == DIGEST


def test_another_process_with_another_hash_seed_gives_the_same_bytes():
    for hash_seed in ("0", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
        other = subprocess.run(
            [sys.executable, __file__], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60
        )
        assert other.stdout.strip() == DIGEST, other.stderr


def test_seed_and_run_change_what_happens():
    digests = {digest(world) for world in (WORLD, replace(WORLD, seed=6), replace(WORLD, run_id="other"))}
    assert len(digests) == 3


def test_one_seed_is_the_same_people_in_every_run_and_size():
    def people(world: World) -> dict[str, str]:
        found = {}
        for item in islice(simulate(world), 3000):
            transaction = item.transaction
            if transaction.device_id and not item.fraud and transaction.phone_number:
                found.setdefault(transaction.account, transaction.device_id)
        return found

    small, large = people(WORLD), people(replace(WORLD, accounts=600, run_id="large"))
    both = small.keys() & large.keys()
    same = sum(small[account] == large[account] for account in both)
    assert len(both) > 50
    assert same > 0.95 * len(both)  # a few were using a new phone at their first payment


def test_training_transactions_and_labels_are_the_same_again(mixture: list[SimulatedTransaction]):
    again = list(training_transactions(20_000, seed=3, days=10))
    assert again == mixture
    assert list(labels_of(again)) == list(labels_of(mixture))


if __name__ == "__main__":
    print(digest(WORLD))
