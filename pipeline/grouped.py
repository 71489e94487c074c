"""Group work: what comes in while a group is under way makes up the next group, so that a crowd costs few trips."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from contracts.errors import StoreUnavailable
from pipeline.background import Spawn

T = TypeVar("T")
R = TypeVar("R")


class Grouped(Generic[T, R]):
    """`work` takes a group and gives one answer for all of it; at most `waiting_max` items wait.

    `gather_s`: a group that is not full waits so long for more; for work that no caller is waiting for.
    """

    def __init__(
        self,
        work: Callable[[Sequence[T]], Awaitable[R]],
        spawn: Spawn,
        *,
        size_max: int,
        waiting_max: int,
        gather_s: float = 0.0,
    ) -> None:
        self._work = work
        self._spawn = spawn
        self._gather_s = gather_s
        self._size_max = size_max
        self._waiting_max = waiting_max
        self._waiting: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._running = False

    async def do(self, item: T) -> R:
        """The answer of the item's group. Raises what its work raised, and StoreUnavailable when too many wait.

        Giving up while it waits takes the item back; once its group has begun it may be done.
        """
        if len(self._waiting) >= self._waiting_max:
            raise StoreUnavailable(f"{self._waiting_max} are waiting already; try again")
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if not self._running:
            self._running = True
            self._spawn(self._run())
        return await answer

    async def _run(self) -> None:
        try:
            while self._waiting:
                if self._gather_s and len(self._waiting) < self._size_max:
                    await asyncio.sleep(self._gather_s)
                group = [self._waiting.popleft() for _ in range(min(self._size_max, len(self._waiting)))]
                if wanted := [(item, answer) for item, answer in group if not answer.cancelled()]:
                    await self._one(wanted)
        finally:
            self._running = False

    async def _one(self, group: list[tuple[T, "asyncio.Future[R]"]]) -> None:
        try:
            answer = await self._work([item for item, _ in group])
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait for it
            for _, future in group:
                if not future.done():
                    future.set_exception(error)
        except BaseException:  # the process ends: nobody is left waiting
            for _, future in group:
                future.cancel()
            raise
        else:
            for _, future in group:
                if not future.done():
                    future.set_result(answer)
