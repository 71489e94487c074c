"""Who acts: workers that own partitions, gateways that call, an operator who rebuilds."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from contracts.decision import Decision, Recommendation, RiskLevel
from contracts.errors import IdReused, PartitionLost, StateLost, StoreUnavailable
from contracts.transaction import Transaction, decode_transaction
from features.catalogue import CATALOGUE_HASH, FEATURE_INDEX
from features.events import EventBuilder
from features.fold import Folded
from features.money import Money
from pipeline.call_desk import CallDesk, DeskParts
from pipeline.call_sweeper import CallSweeper
from pipeline.durability import Pipeline
from pipeline.intake import Gate
from pipeline.repair import Repairer
from pipeline.state_watch import StateWatch
from pipeline.takeover import take_partition
from scoring.policy import Limits, Policy
from tests.pipeline.simulation.scripted_kafka import ScriptedKafka, ScriptedLog, ScriptedTopics
from tests.pipeline.simulation.scripted_postgres import ScriptedDecisionStore, ScriptedPostgres
from tests.pipeline.simulation.scripted_redis import ScriptedRedis, ScriptedStateStore
from tests.pipeline.simulation.traffic import AGE_MAX_MS, CLIENTS
from tests.pipeline.simulation.world import Process, World, gate_of

BUILDER = EventBuilder()
GATE = Gate(lambda client: client in CLIENTS, lambda _currency: True, AGE_MAX_MS, 10_000)
SWEEP_EVERY_S = 5.0
LOST_PAUSE_S = 5.0
CALL_ATTEMPTS_MAX = 3
DEADLINE_S = 0.15
BULK_RATE = 0.2  # of calls, as if they had come in a batch request
MONEY = Money()
POLICY = Policy(limits=Limits(approve_below=11.0, review_below=100.0))  # amounts of the traffic lie on all three sides
_COUNT = FEATURE_INDEX["account_count_24h"]
_DEVICE = FEATURE_INDEX["device_count_24h"]


class VectorDecider:
    """Implements `pipeline.protocols.Decider`: a score that is a function of the vector alone."""

    def __init__(self, world: World, process: Process) -> None:
        self._world = world
        self._process = process

    async def decide(self, transactions: Sequence[Transaction], folded: Folded, rows: Sequence[int]) -> list[Decision]:
        await self._world.pause(self._process, self._world.random.expovariate(500.0))
        return [decision_of(t, folded.vectors[row]) for t, row in zip(transactions, rows, strict=True)]


def decision_of(transaction: Transaction, vector: "np.ndarray[tuple[int], np.dtype[np.float32]]") -> Decision:
    score = float(min(100.0, 20 * np.nan_to_num(vector[_COUNT]) + 5 * np.nan_to_num(vector[_DEVICE])))
    level = RiskLevel.CRITICAL if score >= 80 else RiskLevel.LOW
    return Decision(
        client_id=transaction.client_id,
        transaction_id=transaction.transaction_id,
        account=transaction.account,
        event_time_ms=transaction.event_time_ms,
        risk_score=score,
        risk_level=level,
        recommendation=Recommendation.DECLINE if level is RiskLevel.CRITICAL else Recommendation.APPROVE,
        probability=score / 100,
        signals={},
        model_version="simulated",
        catalogue_hash=CATALOGUE_HASH,
        policy_version="simulated",
        vector=vector.tobytes(),
    )


@dataclass(eq=False)
class Servers:
    """The stores that every process shares."""

    redis: ScriptedRedis
    postgres: ScriptedPostgres
    kafka: ScriptedKafka
    make_pipeline: Callable[..., Pipeline] = Pipeline


@dataclass(eq=False)
class Parts:
    """One process' view of the stores."""

    world: World
    process: Process
    pipeline: Pipeline
    repairer: Repairer


def connect(world: World, servers: Servers, name: str) -> Parts:
    process = Process(name)
    state = ScriptedStateStore(servers.redis, gate_of(world, process, "redis"))
    store = ScriptedDecisionStore(
        servers.postgres, gate_of(world, process, "postgres"), lambda seconds: world.pause(process, seconds)
    )
    topics = ScriptedTopics(servers.kafka, gate_of(world, process, "kafka"))
    log = ScriptedLog(servers.kafka, process, gate_of(world, process, "kafka"))
    decider = VectorDecider(world, process)
    pipeline = servers.make_pipeline(state, store, topics, topics, log, decider, BUILDER, GATE)
    return Parts(world, process, pipeline, Repairer(state, store, topics, BUILDER, "test"))


@dataclass(eq=False)
class Worker:
    """The worker's shell in few words: follow the group, run a loop for each partition, sweep orphaned calls."""

    parts: Parts
    kafka: ScriptedKafka
    batch_max: int
    _running: dict[int, tuple["asyncio.Task[None]", asyncio.Event]] = field(default_factory=dict)

    def start(self) -> None:
        self.parts.world.spawn(self.parts.process, self._follow_group())
        self.parts.world.spawn(self.parts.process, self._sweep())

    async def _follow_group(self) -> None:
        world, process = self.parts.world, self.parts.process
        while True:
            mine = self.kafka.heartbeat(process, world.now)
            for number in set(self._running) - set(mine):
                task, stopping = self._running.pop(number)
                stopping.set()
                asyncio.get_running_loop().call_later(world.random.choice((0.01, 3.0)), task.cancel)
            for number in mine:
                if number not in self._running:
                    stopping = asyncio.Event()
                    self._running[number] = world.spawn(process, self._partition(number, stopping)), stopping
            await world.pause(process, 0.3)

    async def _partition(self, number: int, stopping: asyncio.Event) -> None:
        world, process = self.parts.world, self.parts.process
        while not stopping.is_set():
            try:
                await self._score(number, stopping)
            except (StateLost, StoreUnavailable) as error:
                world.note(process.name, f"partition {number}: {error}")
                await world.pause(process, 0.5)
            except PartitionLost as error:
                world.note(process.name, f"partition {number}: {error}")
                await world.pause(process, LOST_PAUSE_S)

    async def _score(self, number: int, stopping: asyncio.Event) -> None:
        world, process, pipeline = self.parts.world, self.parts.process, self.parts.pipeline
        address = await self.parts.repairer.repair()
        committed, beginning = self.kafka.committed.get(number), self.kafka.beginnings[number]
        source, offset = await take_partition(
            number, committed, beginning, address, pipeline.state, pipeline.store, pipeline.publisher
        )
        while not stopping.is_set():
            records = self.kafka.fetch(number, offset, world.random.randint(1, self.batch_max))
            if not records:
                await world.pause(process, 0.4)
                await pipeline.confirm(source)
                continue
            await pipeline.process(source, records)
            offset = records[-1].offset + 1

    async def _sweep(self) -> None:
        world, process, pipeline = self.parts.world, self.parts.process, self.parts.pipeline
        sweeper = CallSweeper(pipeline)
        while True:
            await world.pause(process, SWEEP_EVERY_S)
            try:
                await sweeper.sweep()
            except (StateLost, StoreUnavailable) as error:
                world.note(process.name, f"sweeper: {error}")


class Gateway:
    """The gateway's shell in few words: an answer before the deadline; an unknown outcome is asked for again."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        world, process = parts.world, parts.process
        note = partial(self._note, world, process.name)
        watch = StateWatch(parts.pipeline.state, note)
        self._desk = CallDesk(
            DeskParts(
                pipeline=parts.pipeline,
                watch=watch,
                policies=lambda _client: POLICY,
                money=MONEY,
                spawn=lambda work: world.spawn(process, work),
                clock=lambda: world.now,
                now_ms=lambda: world.now_ms,
                note=note,
            )
        )
        world.spawn(process, watch.run())

    @staticmethod
    def _note(world: World, name: str, event: str, why: str) -> None:
        world.note(name, f"{event}: {why}")

    def call(self, body: bytes, done: Callable[[], None]) -> None:
        self.parts.world.spawn(self.parts.process, self._call(body, done))

    async def _call(self, body: bytes, done: Callable[[], None]) -> None:
        world, process = self.parts.world, self.parts.process
        transaction = decode_transaction(body)
        assert isinstance(transaction, Transaction)
        try:
            for _ in range(CALL_ATTEMPTS_MAX):
                if await self._attempt(body, transaction):
                    break
                await world.pause(process, world.random.expovariate(1.0))
        finally:
            done()

    async def _attempt(self, body: bytes, transaction: Transaction) -> bool:
        world, process = self.parts.world, self.parts.process
        began = world.now
        try:
            answer = await self._desk.score(body, transaction, DEADLINE_S, bulk=world.random.random() < BULK_RATE)
        except IdReused:
            return True
        except StoreUnavailable as error:
            world.note(process.name, f"call: {error}")
            return False
        finally:
            if world.now > began + DEADLINE_S + 0.001 and process.frozen_until < began:
                world.violation(f"a call took {world.now - began:.3f} s")
        world.answered.append(answer.decision)
        world.note(process.name, f"answer {transaction.transaction_id}: {answer.decision.decided_by}")
        return True


async def rebuild(parts: Parts) -> None:
    """`riskstream rebuild-state`, once."""
    try:
        await parts.repairer.rebuild()
    except (StateLost, StoreUnavailable) as error:
        parts.world.note(parts.process.name, f"rebuild: {error}")
