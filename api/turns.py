"""Turns of the event loop for connections that have more to parse than their share: all of them together get a part."""

import asyncio
from collections import deque
from collections.abc import Callable

TURN_S = 0.001  # of a turn of the event loop, for all that wait here; then those whose answers are due have theirs


class Turns:
    """Who waits goes round: one step each, as many as fit into TURN_S."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()
        self._is_due = False

    def wait(self, loop: asyncio.AbstractEventLoop, step: Callable[[], None]) -> None:
        """Have `step` called once, in a later turn."""
        self._waiting.append(step)
        self._come_back(loop)

    def _come_back(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._waiting and not self._is_due:
            self._is_due = True
            loop.call_soon(self._run, loop)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_due = False
        until_s = loop.time() + TURN_S
        try:
            for _ in range(len(self._waiting)):
                self._waiting.popleft()()
                if loop.time() >= until_s:
                    break
        finally:
            self._come_back(loop)
