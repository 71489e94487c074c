"""The simulated world: processes that crash and freeze, and the way of every request to a store."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from contracts.decision import Decision
from contracts.errors import RiskstreamError, StateUnavailable, StoreUnavailable

T = TypeVar("T")
T0_MS = 1_750_000_000_000  # simulated time 0
FAULTS = ("crash before", "crash after", "freeze before", "freeze after", "unavailable", "reply lost", "effect late")


@dataclass(eq=False)
class Process:
    """Something that can die, or stand still while the world goes on."""

    name: str
    alive: bool = True
    frozen_until: float = 0.0
    tasks: list["asyncio.Task[Any]"] = field(default_factory=list)


@dataclass(frozen=True)
class Mood:
    """How bad this run is: the chance of a fault per request, and which kinds of faults and events there are."""

    fault_rate: float
    faults: tuple[str, ...]
    events: tuple[str, ...]
    slow_rate: float


class World:
    """Randomness, time, trace and faults of one run."""

    def __init__(self, random: Random, mood: Mood) -> None:
        self.random = random
        self.mood = mood
        self.trace: list[str] = []
        self.violations: list[str] = []
        self.answered: list[Decision] = []
        self.calm = False
        self._tasks: list[asyncio.Task[Any]] = []
        self.down_until: dict[str, float] = {}
        self._loop = asyncio.get_running_loop()

    @property
    def now(self) -> float:
        return self._loop.time()

    @property
    def now_ms(self) -> int:
        return T0_MS + int(self.now * 1000)

    def note(self, who: str, what: str) -> None:
        self.trace.append(f"{self.now:9.3f}  {who:<10} {what}")

    def violation(self, what: str) -> None:
        self.note("VIOLATION", what)
        self.violations.append(what)

    def spawn(self, process: Process, work: Coroutine[Any, Any, None]) -> "asyncio.Task[Any]":
        process.tasks = [task for task in process.tasks if not task.done()]
        process.tasks.append(self._loop.create_task(self._guarded(process, work)))
        process.tasks[-1].add_done_callback(lambda _task: work.close())  # cancelled before it began
        self._tasks.append(process.tasks[-1])
        return process.tasks[-1]

    async def end(self) -> None:
        """Nothing runs on after a run."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _guarded(self, process: Process, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - whatever escapes a process is a finding
            self.violation(f"{process.name} ended with {type(error).__name__}: {error}")

    def crash(self, process: Process) -> None:
        self.note(process.name, "CRASH")
        process.alive = False
        for task in process.tasks:
            task.cancel()

    async def pause(self, process: Process, seconds: float) -> None:
        """Let time pass for a process; it stays away for longer if it is frozen."""
        await asyncio.sleep(seconds)
        while self.now < process.frozen_until:  # noqa: ASYNC110 - simulated time
            await asyncio.sleep(process.frozen_until - self.now)

    async def request(self, process: Process, store: str, what: str, effect: Callable[[], T]) -> T:
        """One request: the way there, the effect, the way back; each can fail."""
        await self._travel(process)
        fault = self._fault()
        if fault:
            self.note(process.name, f"{store}: {what}: {fault}")
        if fault == "freeze before":
            await self._freeze(process)
        elif fault == "crash before":
            await self._die(process)
        elif fault == "unavailable" or self._is_away(process, store):
            raise _unavailable(store, "is away")
        elif fault == "effect late":
            self._loop.call_later(self.random.expovariate(0.2), self._late, process, store, what, effect)
            raise _unavailable(store, "does not answer")
        result = effect()
        self.note(process.name, f"{store}: {what}")
        if fault == "crash after":
            await self._die(process)
        elif fault == "reply lost":
            raise _unavailable(store, "does not answer")
        elif fault == "freeze after":
            await self._freeze(process)
        await self._travel(process)
        return result

    def _is_away(self, process: Process, store: str) -> bool:
        """Away for everybody, or cut off from this process alone."""
        away = max(self.down_until.get(store, 0.0), self.down_until.get(f"{store} of {process.name}", 0.0))
        return self.now < away

    def _fault(self) -> str | None:
        if self.calm or self.random.random() >= self.mood.fault_rate:
            return None
        return self.random.choice(self.mood.faults)

    def _late(self, process: Process, store: str, what: str, effect: Callable[[], Any]) -> None:
        try:
            self.note(process.name, f"{store}: {what}: takes effect late: {str(effect())[:60]}")
        except RiskstreamError as error:
            self.note(process.name, f"{store}: {what}: late and refused: {error}")

    async def _freeze(self, process: Process) -> None:
        process.frozen_until = self.now + self.random.choice((0.5, 3.0, 12.0, 40.0, 130.0))
        await self.pause(process, 0)

    async def _die(self, process: Process) -> None:
        self.crash(process)
        await asyncio.Event().wait()

    async def _travel(self, process: Process) -> None:
        slow = not self.calm and self.random.random() < self.mood.slow_rate
        await self.pause(process, self.random.expovariate(0.7 if slow else 300.0))


def _unavailable(store: str, how: str) -> StoreUnavailable:
    return (StateUnavailable if store == "redis" else StoreUnavailable)(f"{store} {how}")


Gate = Callable[[str, Callable[[], T]], Awaitable[T]]


def gate_of(world: World, process: Process, store: str) -> Callable[[str, Callable[[], Any]], Awaitable[Any]]:
    """The way of one process to one store."""

    async def gate(what: str, effect: Callable[[], Any]) -> Any:
        return await world.request(process, store, what, effect)

    return gate


async def direct(_what: str, effect: Callable[[], T]) -> T:
    """A way on which nothing happens."""
    return effect()
