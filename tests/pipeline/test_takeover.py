"""Taking a partition: where to go on, and what a person has to look at."""

from dataclasses import replace

import pytest

from contracts.errors import OffsetGap, PartitionLost, StateLost
from pipeline.durability import Pipeline, Source
from pipeline.takeover import take_partition
from tests.pipeline.conftest import Bench
from tests.pipeline.payments import body


async def take(bench: Bench, *, committed: int | None = None, beginning: int = 0) -> tuple[Source, int]:
    p = bench.pipeline
    return await take_partition(0, committed, beginning, await bench.address(), p.state, p.store, p.publisher)


async def test_a_partition_that_nobody_saw_begins_where_its_log_does(bench: Bench) -> None:
    bench.kafka.beginnings[0] = 7
    source, start = await take(bench, beginning=7)
    assert (source.next_offset, start) == (7, 7)
    await bench.pipeline.process(source, [bench.append(body("t1"))])
    assert bench.postgres.next_offsets == {0: 8}
    assert bench.kafka.committed == {0: 8}


async def test_what_a_predecessor_counted_is_finished_first(bench: Bench) -> None:
    class DiesAfterCounting(Pipeline):
        async def _apply(self, *batch):  # type: ignore[no-untyped-def]
            await super()._apply(*batch)
            raise KeyboardInterrupt

    source, _ = await take(bench)
    dying = DiesAfterCounting(*(getattr(bench.pipeline, name) for name in Pipeline.__dataclass_fields__))
    with pytest.raises(KeyboardInterrupt):
        await dying.process(source, [bench.append(body("t1"))])
    assert not bench.postgres.decided
    successor, start = await take(bench)
    assert (successor.next_offset, start) == (1, 0)  # read again, because Kafka was never told
    assert list(bench.postgres.decided) == [(1, "t1")]
    assert [decision.transaction_id for decision in bench.kafka.decisions] == ["t1"]
    processed = await bench.pipeline.process(successor, bench.kafka.fetch(0, start, 10))
    assert (processed.decided, bench.kafka.committed) == (0, {0: 1})


async def test_a_predecessor_that_still_counts_is_no_gap(bench: Bench) -> None:
    """It counts between our looks, which is not to be taken for a Postgres restored from a backup."""
    frozen, _ = await take(bench)
    record = bench.append(body("t1"))

    class Meanwhile:
        def __init__(self) -> None:
            self.looked = False

        def __getattr__(self, name: str) -> object:
            return getattr(bench.pipeline.state, name)

        async def read(self, *question):  # type: ignore[no-untyped-def]
            answer = await bench.pipeline.state.read(*question)
            if not self.looked:
                self.looked = True
                await bench.pipeline.process(frozen, [record])
            return answer

    p = bench.pipeline
    source, start = await take_partition(0, 0, 0, await bench.address(), Meanwhile(), p.store, p.publisher)  # type: ignore[arg-type]
    assert (source.next_offset, start) == (1, 0)


async def test_an_owner_that_was_replaced_leaves(bench: Bench) -> None:
    """The frozen owner comes back and reads what its successor counted: it has to leave, not to call for a person."""
    frozen, _ = await take(bench)
    owner, _ = await take(bench)
    records = [bench.append(body(f"t{i}")) for i in range(3)]
    await bench.pipeline.process(owner, records[:2])
    with pytest.raises(PartitionLost):
        await bench.pipeline.process(frozen, records[1:])
    assert bench.redis.data[(1, "marker", 0)] == 1


async def test_postgres_behind_redis_asks_for_a_person(bench: Bench) -> None:
    source, _ = await take(bench)
    await bench.pipeline.process(source, [bench.append(body("t1"))])
    bench.postgres.next_offsets[0] = 0  # a backup
    with pytest.raises(OffsetGap, match="rebuild-state"):
        await take(bench)


async def test_redis_behind_postgres_is_repaired_and_taken(bench: Bench) -> None:
    source, _ = await take(bench)
    await bench.pipeline.process(source, [bench.append(body("t1"))])
    generation = (await bench.address()).generation
    bench.redis.put((generation, "marker", 0), -1)
    bench.redis.put((generation, "state", b"nothing"), None)
    stale = replace(source, next_offset=1)
    with pytest.raises(StateLost):
        await bench.pipeline.process(stale, [bench.append(body("t2"))])
    assert (await bench.address()).epoch > source.address.epoch  # the same run of Redis, but its marker lies behind
    assert bench.redis.data[(generation, "marker", 0)] == 0


async def test_records_deleted_before_they_were_read_are_a_gap(bench: Bench) -> None:
    await take(bench)
    with pytest.raises(OffsetGap, match="retention"):
        await take(bench, committed=0, beginning=5)


async def test_a_partition_of_dead_letters_survives_an_empty_redis(bench: Bench) -> None:
    source, _ = await take(bench)
    await bench.pipeline.process(source, [bench.append(b"not json")])
    bench.redis.empty()
    successor, start = await take(bench, committed=1)
    assert (successor.next_offset, start) == (1, 1)
    await bench.pipeline.process(successor, [bench.append(body("t1"))])
    assert (1, "t1") in bench.postgres.decided
