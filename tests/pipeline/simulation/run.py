"""One run: a world from a seed, its faults and events, until everything has come to rest; then the checks."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from unittest.mock import patch

from features.redis_store.protocol import Apply, StateAddress
from pipeline import degraded, durability, repair
from pipeline.durability import Pipeline
from tests.pipeline.simulation import checks
from tests.pipeline.simulation.actors import Gateway, Servers, Worker, connect, rebuild
from tests.pipeline.simulation.fake_time import FakeTimeLoop
from tests.pipeline.simulation.scripted_kafka import ScriptedKafka
from tests.pipeline.simulation.scripted_postgres import ScriptedPostgres
from tests.pipeline.simulation.scripted_redis import ScriptedRedis
from tests.pipeline.simulation.traffic import Plan, happenings
from tests.pipeline.simulation.world import FAULTS, Mood, Process, World

EVENTS = (
    "redis restarts",
    "redis loses its last writes",
    "redis is emptied",
    "redis is away",
    "gateway loses redis",
    "gateway loses redis",
    "postgres restarts",
    "postgres is away",
    "kafka is away",
    "rebalance",
    "rebuild",
    "worker freezes",
    "worker dies",
    "gateway dies",
)
REST_S_MAX = 900.0  # simulated; nothing needs longer to come to rest than a frozen process and a few sweeps
WORKERS = 2


@dataclass(frozen=True)
class Result:
    """What a run found, and the story of how it came to it."""

    seed: int
    violations: list[str]
    trace: list[str]
    decided: int


def run(
    seed: int,
    *,
    broken: str = "",
    make_pipeline: Callable[..., Pipeline] = Pipeline,
    events: tuple[str, ...] | None = None,
    faults: tuple[str, ...] | None = None,
) -> Result:
    """Run one seed. `broken` and `make_pipeline` leave out a guarantee on purpose; the rest makes a run worse."""
    loop = FakeTimeLoop()
    try:
        with _small_limits():
            return loop.run_until_complete(_Run(Random(seed), seed, broken, make_pipeline).play(events, faults))
    finally:
        loop.close()


@contextmanager
def _small_limits() -> Iterator[None]:
    """Limits that a small run reaches: batches are cut, repairs have several parts."""
    with (
        patch.object(durability, "ENTITIES_HARD_MAX", 12),
        patch.object(repair, "EVENTS_A_PATCH", 5),
        patch.object(degraded, "PART_MAX", 3),
    ):
        yield


class _Run:
    def __init__(self, random: Random, seed: int, broken: str, make_pipeline: Callable[..., Pipeline]) -> None:
        self._random = random
        self._seed = seed
        self._broken = broken
        self._make_pipeline = make_pipeline
        self._called: list[bytes] = []
        self._open_calls = 0
        self._names = 0

    async def play(self, events: tuple[str, ...] | None, faults: tuple[str, ...] | None) -> Result:
        random = self._random
        partitions = random.choice((1, 1, 2, 3))
        self._plan = Plan(
            partitions=partitions,
            happenings=random.choice((15, 40, 70)),
            span_s=random.choice((5.0, 30.0, 120.0)),
            call_rate=random.choice((0.0, 0.3, 0.6)),
            repeat_rate=random.choice((0.05, 0.3)),
            label_rate=random.choice((0.0, 0.15)),
            bad_rate=random.choice((0.0, 0.1)),
            accounts=random.choice((1, 2, 6)),
        )
        some_faults = tuple(random.sample(FAULTS, random.randint(1, len(FAULTS))))
        some_events = tuple(random.sample(EVENTS, random.randint(0, 5)))
        rate = random.choice((0.0, 0.01, 0.03, 0.08)) if faults is None else 0.08
        mood = Mood(rate, faults or some_faults, events or some_events, random.choice((0.0, 0.02)))
        self._world = world = World(random, mood)
        beginnings = [random.choice((0, 0, 7)) for _ in range(partitions)]
        self._servers = Servers(
            ScriptedRedis(lambda: world.now, self._broken),
            ScriptedPostgres(self._broken),
            ScriptedKafka(beginnings),
            self._make_pipeline,
        )
        self._servers.redis.on_apply = self._check_apply
        world.note("world", f"{self._plan} {mood} beginnings {beginnings}")
        self._workers = [self._worker() for _ in range(WORKERS)]
        self._gateways = [self._gateway() for _ in range(random.randint(1, 2))]
        background = [asyncio.create_task(work) for work in (self._coordinate(), self._disturb())]
        await self._traffic()
        await self._rest()
        for task in background:
            task.cancel()
        if not world.violations:
            world.violations += checks.violations(self._servers, self._called, world.answered)
        await world.end()
        return Result(self._seed, world.violations, world.trace, len(self._servers.postgres.decided))

    def _worker(self) -> Worker:
        worker = Worker(
            connect(self._world, self._servers, self._name("worker")),
            self._servers.kafka,
            self._random.choice((1, 4, 12)),
        )
        worker.start()
        return worker

    def _gateway(self) -> Gateway:
        return Gateway(connect(self._world, self._servers, self._name("gateway")))

    def _name(self, kind: str) -> str:
        self._names += 1
        return f"{kind}{self._names}"

    def _check_apply(self, address: StateAddress, batch: Apply) -> None:
        complaint = checks.miscounted(self._servers, address, batch)
        if complaint:
            self._world.violation(complaint)

    async def _traffic(self) -> None:
        for happening in sorted(happenings(self._random, self._plan), key=lambda h: h.at):
            await asyncio.sleep(max(0.0, happening.at - self._world.now))
            if happening.partition is None:
                self._call(happening.body)
                for _ in range(self._random.choice((0, 0, 0, 0, 2))):
                    self._call(happening.body)
            else:
                self._servers.kafka.append(
                    happening.partition, self._world.now_ms, happening.body, is_label=happening.is_label
                )

    def _call(self, body: bytes) -> None:
        self._called.append(body)
        self._open_calls += 1
        gateways = [gateway for gateway in self._gateways if gateway.parts.process.alive]
        if gateways:
            self._random.choice(gateways).call(body, self._call_ended)
        else:
            self._call_ended()

    def _call_ended(self) -> None:
        self._open_calls -= 1

    async def _coordinate(self) -> None:
        """The group's coordinator and the process supervisor."""
        kafka, world = self._servers.kafka, self._world
        members: list[object] = []
        while True:
            alive = kafka.members(world.now)
            if alive != members and alive:
                world.note("group", f"members {[p.name for p in alive]}")
                self._assign(alive)
                members = list(alive)
            self._workers = [self._restarted(w, self._worker) for w in self._workers]
            self._gateways = [self._restarted(g, self._gateway) for g in self._gateways]
            await asyncio.sleep(1.0)

    def _restarted(self, actor, make):  # type: ignore[no-untyped-def]
        return actor if actor.parts.process.alive or self._random.random() < 0.7 else make()

    async def _disturb(self) -> None:
        while self._world.mood.events:
            await asyncio.sleep(self._random.expovariate(0.15))
            if not self._world.calm:
                self._happen(self._random.choice(self._world.mood.events))

    def _happen(self, event: str) -> None:
        world, servers, random = self._world, self._servers, self._random
        world.note("world", event)
        what, _, how = event.partition(" ")
        if event == "gateway loses redis":
            name = random.choice(self._gateways).parts.process.name
            world.down_until[f"redis of {name}"] = world.now + random.choice((0.2, 3.0, 20.0))
        elif what in ("worker", "gateway"):
            self._strike(random.choice(self._gateways if what == "gateway" else self._workers).parts.process, how)
        elif how == "is away":
            world.down_until[what] = world.now + random.choice((1.0, 10.0, 60.0))
        elif what == "redis":
            self._disturb_redis(how)
        elif event == "postgres restarts":
            servers.postgres.restart()
            world.down_until["postgres"] = world.now + 0.5
        elif event == "rebalance":
            self._assign(servers.kafka.members(world.now))
        elif event == "rebuild":
            operator = connect(world, servers, self._name("operator"))
            world.spawn(operator.process, rebuild(operator))

    def _strike(self, process: Process, how: str) -> None:
        if how == "freezes":
            process.frozen_until = self._world.now + self._random.choice((3.0, 12.0, 40.0, 130.0))
        elif process.alive:
            self._world.crash(process)

    def _disturb_redis(self, how: str) -> None:
        redis, random = self._servers.redis, self._random
        if how == "is emptied":
            redis.empty()
        if how != "is emptied" or random.random() < 0.5:
            redis.restart(random.choice((1, 2, 5, 30)) if how == "loses its last writes" else 0)

    def _assign(self, members: list[Process]) -> None:
        kafka = self._servers.kafka
        if members:
            kafka.assign({number: self._random.choice(members) for number in range(len(kafka.logs))})

    async def _rest(self) -> None:
        """No more faults; wait until nothing is under way."""
        world = self._world
        world.calm = True
        world.down_until.clear()
        world.note("world", "calm")
        deadline = world.now + REST_S_MAX
        while (left := self._under_way()) and world.now < deadline and not world.violations:  # noqa: ASYNC110 - simulated
            await asyncio.sleep(1.0)
        if left and not world.violations:
            world.violation(f"never came to rest: {left}")

    def _under_way(self) -> list[str]:
        frozen = [w.parts.process.name for w in self._workers if w.parts.process.frozen_until > self._world.now]
        return [*frozen, *(["open calls"] if self._open_calls else []), *checks.unfinished(self._servers)]
