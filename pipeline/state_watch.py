"""Whether the state store answers, and which state it holds: looked at in the background, known without a wait."""

import asyncio
from collections.abc import Callable

from contracts.errors import StateLost, StateMismatch, StateUnavailable
from features.redis_store.protocol import StateAddress, StateStore

LOOK_EVERY_S = 1.0  # a rebuilt state is noticed by the calls themselves; this only bounds how long it may go unnoticed
RETRY_S = 0.1  # while it is away: calls are decided without it, so it should be found again soon
LOOK_DEADLINE_S = 1.0  # of one look: a store that hangs is away


class StateWatch:
    """`address` names the state to count in, None while there is none; `why` says so in a sentence then.

    `note` hears of each change: event and reason.
    """

    def __init__(self, state: StateStore, note: Callable[[str, str], None] = lambda _event, _why: None) -> None:
        self.address: StateAddress | None = None
        self.why = "the state store has not been looked at yet"
        self._state = state
        self._note = note
        self._suspected = asyncio.Event()

    def suspect(self, why: str) -> None:
        """A call met a store that is away, or another state: look again before the next one."""
        if self.address is not None:
            self._note("state_away", why)
        self.address, self.why = None, why
        self._suspected.set()

    async def look(self) -> None:
        try:
            async with asyncio.timeout(LOOK_DEADLINE_S):
                found = await self._state.address()
        except TimeoutError:
            self.suspect("Redis does not answer in time")
        except (StateUnavailable, StateLost, StateMismatch) as error:
            self.suspect(str(error))
        else:
            if self.address is None:
                self._note("state_found", f"epoch {found.epoch}")
            self.address, self.why = found, ""

    async def run(self) -> None:
        """Keep `address` true. Runs until cancelled."""
        while True:
            self._suspected.clear()
            await self.look()
            try:
                async with asyncio.timeout(RETRY_S if self.address is None else LOOK_EVERY_S):
                    await (asyncio.Event() if self.address is None else self._suspected).wait()
            except TimeoutError:
                pass
