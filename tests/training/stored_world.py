"""A small simulated world in Postgres, as the stream would have left it: decided by a real model, labels arrived."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from zlib import crc32

import numpy as np
import xgboost

from contracts.decision import Decision
from contracts.journal import CountedLabel, JournalEntry, Outcome
from contracts.label import ForwardedLabel, Label
from contracts.transaction import Transaction, encode_transaction
from features.catalogue import FEATURE_NAMES
from features.events import EventBuilder, Record
from features.fold import OfflineFold
from features.plan import PLAN
from pipeline.decider import states_seen
from scoring.decide import decide_batch
from scoring.model import Model
from scoring.policy import policy_of
from storage.database import Pool
from storage.decision_store import PostgresDecisionStore
from storage.labels import LabelRepository
from tests.scoring import small_model
from training.labels import merged
from training.simulator.labels import labels_of
from training.simulator.rows import SimulatedTransaction
from training.simulator.world import World, accounts_for, simulate

DAYS = 40.0
PARTITIONS = 2
BATCH = 300
TOPIC = "payments.transactions.v1"


@dataclass(frozen=True, slots=True)
class StoredWorld:
    """What was stored, in the order in which the states saw it."""

    decisions: list[Decision]
    labels: list[Label]


def learned(folder: Path, version: str, *, rounds: int = 25, seed: int = 8) -> Path:
    """A model that has learned a little from another such world, written into `folder/version`."""
    told = _told(1500, seed, 0.08)
    vectors = OfflineFold(EventBuilder()).fold([one.transaction for one in told]).vectors
    truth = np.array([one.fraud for one in told], np.float32)
    matrix = xgboost.DMatrix(vectors, truth, feature_names=list(FEATURE_NAMES), nthread=1)
    parameters = {"objective": "binary:logistic", "max_depth": 4, "base_score": 0.5, "nthread": 1, "seed": seed}
    raw = bytes(xgboost.train(parameters, matrix, num_boost_round=rounds).save_raw("ubj"))
    return small_model.write(folder / version, raw, small_model.manifest_of(raw, version=version))


async def store_world(
    pool: Pool, model: Model, transactions: int = 1500, seed: int = 7, fraud_share: float = 0.08
) -> StoredWorld:
    """Simulate, fold, decide and store; partitions take turns of up to BATCH records."""
    told = _told(transactions, seed, fraud_share)
    labels = list(labels_of(told))
    log = list(merged([one.transaction for one in told], labels))
    store = PostgresDecisionStore(pool, TOPIC)
    for number in range(PARTITIONS):
        await store.start_partition(number, 0)
    ends = [0] * PARTITIONS
    fold = OfflineFold(EventBuilder())
    decisions = []
    for at in range(0, len(log), BATCH):
        for number in range(PARTITIONS):
            mine = [record for record in log[at : at + BATCH] if _partition(record) == number]
            if mine:
                entry = _entry(mine, number, ends[number], fold, model)
                await store.store(entry)
                ends[number] = entry.stop
                decisions += [outcome.decision for outcome in entry.outcomes]
    repository = LabelRepository(pool)
    await repository.confirm(await repository.take(labels, PLAN.label_delay))
    return StoredWorld(decisions, labels)


def _entry(records: Sequence[Record], source: int, start: int, fold: OfflineFold, model: Model) -> JournalEntry:
    folded = fold.fold(records)
    rows = [i for i, record in enumerate(records) if isinstance(record, Transaction)]
    payments = [record for record in records if isinstance(record, Transaction)]
    policy = policy_of(model.manifest.thresholds)
    decisions = decide_batch(
        model, payments, folded.vectors[rows], folded.flags[rows], states_seen(folded, rows), lambda _client: policy
    )
    return JournalEntry(
        source=source,
        start=start,
        stop=start + len(records),
        epoch=1,
        outcomes=tuple(
            Outcome(start + row, encode_transaction(payment), decision)
            for row, payment, decision in zip(rows, payments, decisions, strict=True)
        ),
        labels=tuple(
            CountedLabel(start + i, record) for i, record in enumerate(records) if isinstance(record, ForwardedLabel)
        ),
    )


def _told(transactions: int, seed: int, fraud_share: float) -> list[SimulatedTransaction]:
    world = World(seed=seed, accounts=accounts_for(transactions, DAYS), fraud_share=fraud_share)
    return list(islice(simulate(world), transactions))


def _partition(record: Record) -> int:
    return crc32(record.account.encode()) % PARTITIONS
