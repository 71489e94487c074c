"""An event loop without sockets whose clock jumps to the next timer: waiting costs nothing, nothing is by chance."""

import asyncio


class Stuck(RuntimeError):
    """Every task waits for something that cannot happen any more."""


class FakeTimeLoop(asyncio.BaseEventLoop):
    """Runs ready callbacks in order of arrival and timers in order of time, as every asyncio loop does."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._selector = self

    def time(self) -> float:
        return self._now

    def select(self, timeout: float | None) -> list[object]:
        """What the base loop asks of its selector: here it is the passing of time."""
        if timeout is None:
            raise Stuck("no timer is left")
        self._now += timeout
        return []

    def _process_events(self, events: list[object]) -> None:
        assert not events

    def _write_to_self(self) -> None:
        """There is no other thread to be woken from; generators that are collected come this way."""
