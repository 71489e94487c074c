"""How long work at leisure rests."""

from collections.abc import Iterator
from itertools import chain, repeat

import pytest

from scoring_worker import at_leisure as module
from scoring_worker.at_leisure import at_leisure

TURN_S = 0.5


class _Over(Exception):
    """Ends the chore."""


class _Time:
    """A clock that moves by sleeping and by work."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> _Time:
    time = _Time()
    monkeypatch.setattr(module, "monotonic", time.monotonic)
    monkeypatch.setattr(module, "sleep", time.sleep)
    return time


async def _begins(time: _Time, shares: Iterator[float], more: bool, idle_s: float = 2.0) -> list[float]:
    """When two turns of half a second began."""
    begins: list[float] = []

    async def turn() -> bool:
        if len(begins) == 2:
            raise _Over
        begins.append(time.now_s)
        time.now_s += TURN_S
        return more

    with pytest.raises(_Over):
        await at_leisure(turn, lambda: next(shares), idle_s)
    return begins


@pytest.mark.parametrize(("share", "rest_s"), [(0.05, 9.5), (0.5, 0.5)])
async def test_rests_in_proportion_to_a_turn(time: _Time, share: float, rest_s: float) -> None:
    assert await _begins(time, repeat(share), more=True) == pytest.approx([0, TURN_S + rest_s])


async def test_rests_for_its_idle_time_when_there_is_no_more(time: _Time) -> None:
    assert await _begins(time, repeat(0.5), more=False) == pytest.approx([0, TURN_S + 2.0])


async def test_a_rest_ends_early_when_its_share_grows(time: _Time) -> None:
    """The stream ran full when the turn ended, and is empty two seconds later."""
    shares = chain([0.05, 0.05], repeat(0.5))
    first, second = await _begins(time, shares, more=True)
    assert second - first == pytest.approx(TURN_S + 2 * module.ASK_AGAIN_S)
