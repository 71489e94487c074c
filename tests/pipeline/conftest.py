"""The pipeline's parts over scripted stores on which nothing goes wrong by itself."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from contracts.log import LogRecord
from features.redis_store.protocol import StateAddress
from pipeline.durability import Pipeline
from pipeline.repair import Repairer
from scoring.model import Model, load
from tests.pipeline.simulation.actors import BUILDER, GATE, decision_of
from tests.pipeline.simulation.scripted_kafka import ScriptedKafka, ScriptedLog, ScriptedTopics
from tests.pipeline.simulation.scripted_postgres import ScriptedDecisionStore, ScriptedPostgres
from tests.pipeline.simulation.scripted_redis import ScriptedRedis, ScriptedStateStore
from tests.pipeline.simulation.world import Process, direct
from tests.scoring import small_model


@pytest.fixture(scope="session")
def raw_model() -> bytes:
    return bytes(small_model.booster().save_raw("ubj"))


@pytest.fixture(scope="session")
def model_folder(raw_model: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "small"
    return small_model.write(folder, raw_model, small_model.manifest_of(raw_model))


@pytest.fixture(scope="session")
def model(model_folder: Path) -> Model:
    return load(model_folder)


class AtOnce:
    """A decider without a wait."""

    async def decide(self, transactions, folded, rows):  # type: ignore[no-untyped-def]
        return [decision_of(t, folded.vectors[row]) for t, row in zip(transactions, rows, strict=True)]


async def _no_wait(_seconds: float) -> None:
    raise AssertionError("nobody waits here")


@dataclass(frozen=True)
class Bench:
    """Servers, and one process on them that owns partition 0."""

    redis: ScriptedRedis
    postgres: ScriptedPostgres
    kafka: ScriptedKafka
    pipeline: Pipeline
    repairer: Repairer

    async def address(self) -> StateAddress:
        return await self.repairer.repair()

    def append(self, body: bytes, partition: int = 0) -> LogRecord:
        return self.kafka.append(partition, 1_750_000_000_000, body)


@pytest.fixture
def bench() -> Bench:
    redis, postgres, kafka = ScriptedRedis(lambda: 1_000.0), ScriptedPostgres(), ScriptedKafka([0, 0])
    process = Process("test")
    kafka.heartbeat(process, 0.0)
    kafka.assign({0: process, 1: process})
    kafka.heartbeat(process, 0.0)
    state = ScriptedStateStore(redis, direct)
    store = ScriptedDecisionStore(postgres, direct, _no_wait)
    topics = ScriptedTopics(kafka, direct)
    log = ScriptedLog(kafka, process, direct)
    pipeline = Pipeline(state, store, topics, topics, log, AtOnce(), BUILDER, GATE)
    return Bench(redis, postgres, kafka, pipeline, Repairer(state, store, topics, BUILDER, "test"))
