"""Repair and rebuild: every loss, every interruption, never a double count."""

from unittest.mock import patch

import pytest

from contracts.errors import StateMismatch
from contracts.journal import CALLS
from contracts.log import LogRecord
from pipeline import repair
from pipeline.durability import Source
from pipeline.repair import Repairer
from pipeline.takeover import take_partition
from tests.pipeline.conftest import Bench
from tests.pipeline.payments import NOW_MS, body
from tests.pipeline.simulation import checks
from tests.pipeline.simulation.actors import BUILDER, Servers

PAYMENTS = 12


async def fill(bench: Bench) -> None:
    """Payments on both partitions and by call, for shared accounts and devices."""
    p = bench.pipeline
    address = await bench.address()
    for partition in (0, 1):
        source, _ = await take_partition(partition, None, 0, address, p.state, p.store, p.publisher)
        for i in range(PAYMENTS):
            raw = body(f"t{partition}-{i}", account_id=f"a{i % 3}", device_id="d", merchant_id="m")
            await p.process(source, [bench.append(raw, partition)])
    for i in range(PAYMENTS):
        raw = body(f"c{i}", account_id=f"a{i % 3}", device_id="d")
        await p.process(Source(CALLS, address), [LogRecord(CALLS, 0, NOW_MS, None, raw)])


def sound(bench: Bench) -> list[str]:
    servers = Servers(bench.redis, bench.postgres, bench.kafka)
    return checks.unfinished(servers) + checks.wrong_states(servers)


@pytest.mark.parametrize("lost", [0, 1, 2, 7, 40, 10_000])
async def test_a_redis_that_lost_its_last_writes_is_brought_up_to_postgres(bench: Bench, lost: int) -> None:
    await fill(bench)
    bench.redis.restart(lost)
    await bench.address()
    assert sound(bench) == []


@pytest.mark.parametrize("patches", range(1, 8))
async def test_a_first_repair_that_was_interrupted_counts_nothing_twice(bench: Bench, patches: int) -> None:
    """An empty Redis has no epoch yet: the markers of what an interrupted repair wrote must still be seen."""
    await fill(bench)
    bench.redis.empty()
    left = patches

    def interrupt(_source: int, _events: int) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise KeyboardInterrupt

    p = bench.pipeline
    interrupted = Repairer(bench.repairer.state, p.store, p.publisher, BUILDER, "test", interrupt)
    with patch.object(repair, "EVENTS_A_PATCH", 5):
        with pytest.raises(KeyboardInterrupt):
            await interrupted.repair()
        await bench.address()
    assert sound(bench) == []


async def test_calls_that_lost_their_journal_are_published_again(bench: Bench) -> None:
    await fill(bench)
    bench.kafka.decisions.clear()
    bench.redis.empty()
    await bench.address()
    assert {decision.transaction_id for decision in bench.kafka.decisions} == {f"c{i}" for i in range(PAYMENTS)}


async def test_a_rebuild_is_the_same_state_under_a_new_prefix(bench: Bench) -> None:
    await fill(bench)
    before = await bench.address()
    bench.kafka.decisions.clear()
    after = await bench.repairer.rebuild()
    assert (after.generation, await bench.address()) == (before.generation + 1, after)
    assert sound(bench) == []
    assert bench.redis.of(before.generation) == {}
    assert bench.kafka.decisions == []


async def test_a_state_of_another_plan_is_not_repaired_but_rebuilt(bench: Bench) -> None:
    await fill(bench)
    p = bench.pipeline
    address = await bench.address()
    bench.redis.put(("epoch",), (*address, "older"))
    with pytest.raises(StateMismatch, match="rebuild-state"):
        await bench.address()
    await bench.repairer.rebuild()
    assert sound(bench) == []
    assert (await p.state.address()).generation == 2
