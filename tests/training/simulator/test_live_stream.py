"""The live stream keeps its pace, its order and its promises to a newcomer; the clock is the test's own."""

from datetime import UTC, datetime

import pytest

from training.simulator.stream import LAG_MS_MAX, live_world, new_run_id, stream

NOW_MS = 1_785_312_000_000  # 2026-07-29 08:00 UTC


class TestClock:
    """Time passes only when somebody waits, or by `slow_ms` whenever somebody looks."""

    __test__ = False

    def __init__(self, now_ms: int = NOW_MS, stop_after_ms: int | None = None) -> None:
        self.time_ms = now_ms
        self.slow_ms = 0
        self._stop_ms = None if stop_after_ms is None else now_ms + stop_after_ms

    def now_ms(self) -> int:
        self.time_ms += self.slow_ms
        return self.time_ms

    async def sleep(self, seconds: float) -> bool:
        if self._stop_ms is not None and self.time_ms >= self._stop_ms:
            return False
        self.time_ms += round(seconds * 1000)
        return True


async def collected(rate: float, seconds: float, clock: TestClock, run_id: str = "run"):
    world = live_world(rate, clock.time_ms, run_id)
    return [item async for batch in stream(world, clock, end_ms=NOW_MS + int(seconds * 1000)) for item in batch]


@pytest.mark.parametrize("rate", [5.0, 20.0, 400.0])
async def test_the_rate_is_what_was_asked(rate):
    items = await collected(rate, 120, TestClock())
    assert len(items) / 120 == pytest.approx(rate, rel=0.15)


async def test_the_rate_does_not_depend_on_the_hour():
    night = TestClock(NOW_MS - 6 * 3_600_000)
    world = live_world(50.0, night.time_ms, "night")
    items = [item async for batch in stream(world, night, end_ms=night.time_ms + 60_000) for item in batch]
    assert len(items) / 60 == pytest.approx(50, rel=0.15)


async def test_event_times_are_the_wall_clocks():
    clock = TestClock()
    world = live_world(20.0, clock.time_ms, "run")
    last_ms = 0
    async for batch in stream(world, clock, end_ms=NOW_MS + 60_000):
        for item in batch:
            at_ms = item.transaction.event_time_ms
            assert last_ms <= at_ms <= clock.time_ms
            assert clock.time_ms - at_ms < 200
            last_ms = at_ms


async def test_a_newcomer_sees_fraud_within_twenty_seconds():
    items = await collected(20.0, 20, TestClock())
    typologies = [item.typology for item in items if item.fraud]
    assert typologies.count("card_testing") >= 5
    assert "sim_swap" in typologies


async def test_honest_accounts_come_back_within_minutes():
    items = await collected(20.0, 300, TestClock())
    accounts = [item.transaction.account for item in items if not item.fraud]
    assert len(set(accounts)) < 0.9 * len(accounts)


async def test_two_runs_share_no_id_but_their_people():
    one = await collected(200.0, 60, TestClock(), "run-a")
    other = await collected(200.0, 60, TestClock(), "run-b")
    assert not {i.transaction.transaction_id for i in one} & {i.transaction.transaction_id for i in other}
    assert {i.transaction.account for i in one} & {i.transaction.account for i in other}


def test_run_ids_are_readable_and_differ():
    now = datetime(2026, 7, 29, 8, 0, 0, tzinfo=UTC)
    assert new_run_id(now, "1f2e") == "run-20260729-080000-1f2e"


async def test_a_stream_that_fell_far_behind_leaves_the_time_out():
    clock = TestClock()
    world = live_world(20.0, clock.time_ms, "run")
    items = []
    async for batch in stream(world, clock, end_ms=NOW_MS + 3_700_000):
        items += batch
        if len(items) < 100:
            continue
        if clock.time_ms < NOW_MS + 3_600_000:
            clock.time_ms = NOW_MS + 3_600_000  # the machine slept for an hour
    slept = [i for i in items if NOW_MS + 60_000 < i.transaction.event_time_ms < NOW_MS + 3_600_000 - LAG_MS_MAX]
    assert not slept
    assert len(items) < 4000


async def test_a_slow_consumer_stays_within_the_lag():
    clock = TestClock()
    clock.slow_ms = 40  # whoever looks at the clock loses 40 ms
    world = live_world(2000.0, clock.time_ms, "run")
    async for batch in stream(world, clock, end_ms=NOW_MS + 30_000):
        assert clock.time_ms - batch[0].transaction.event_time_ms < 2 * LAG_MS_MAX


async def test_the_stream_ends_when_the_clock_says_so():
    clock = TestClock(stop_after_ms=10_000)
    world = live_world(20.0, clock.time_ms, "run")
    items = [item async for batch in stream(world, clock) for item in batch]
    assert 100 < len(items) < 300


@pytest.mark.parametrize("rate", [0.0, -1.0, 1e9])
def test_impossible_rates_are_refused(rate):
    with pytest.raises(ValueError, match="rate"):
        live_world(rate, NOW_MS, "run")
