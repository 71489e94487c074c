"""Single rules of the durability order that need no failure to show."""

from dataclasses import replace

import msgspec
import pytest

from contracts.errors import OffsetGap
from contracts.journal import CALLS, Position
from contracts.label import ForwardedLabel
from contracts.log import LogRecord
from pipeline.durability import ENTITIES_HARD_MAX, Source
from pipeline.intake import Gate
from pipeline.takeover import take_partition
from tests.pipeline.conftest import Bench
from tests.pipeline.payments import NOW_MS, body


async def owned(bench: Bench) -> Source:
    p = bench.pipeline
    source, _ = await take_partition(0, None, 0, await bench.address(), p.state, p.store, p.publisher)
    return source


def called(name: str, **fields: object) -> LogRecord:
    return LogRecord(CALLS, 0, NOW_MS, None, body(name, **fields))


async def test_of_two_in_a_batch_the_first_stands(bench: Bench) -> None:
    records = [bench.append(body("t1", amount=1.0)), bench.append(body("t1", amount=2.0))]
    processed = await bench.pipeline.process(await owned(bench), records)
    assert (processed.decided, processed.duplicates) == (1, 1)
    assert bench.postgres.decided[(1, "t1")] == Position(0, 0)


async def test_a_repeated_call_changes_nothing(bench: Bench) -> None:
    source = Source(CALLS, await bench.address())
    first = await bench.pipeline.process(source, [called("t1")])
    counted = dict(bench.redis.data)
    again = await bench.pipeline.process(source, [called("t1")])  # the same Source serves call after call
    assert (first.decided, again.decided, again.duplicates) == (1, 0, 1)
    assert bench.redis.data == counted


async def test_a_call_that_also_comes_on_the_log_is_counted_once(bench: Bench) -> None:
    await bench.pipeline.process(Source(CALLS, await bench.address()), [called("t1")])
    processed = await bench.pipeline.process(await owned(bench), [bench.append(body("t1", account_id="other"))])
    assert (processed.decided, processed.duplicates) == (0, 1)
    assert bench.postgres.next_offsets[0] == 1


async def test_a_label_is_counted_once_per_revision(bench: Bench) -> None:
    label = ForwardedLabel(
        client_id=1, transaction_id="t1", revision=0, account="a1", merchant_id=None,
        event_time_ms=NOW_MS, effective_ms=NOW_MS, change=1,
    )  # fmt: skip
    source = await owned(bench)
    raw = msgspec.json.encode(label)
    records = [bench.kafka.append(0, NOW_MS, raw, is_label=True) for _ in range(3)]
    first = await bench.pipeline.process(source, records[:2])
    again = await bench.pipeline.process(source, records[2:])
    assert (first.labels, again.labels) == (1, 0)


async def test_a_refused_record_read_again_stays_refused(bench: Bench) -> None:
    """Its currency got a rate before the restart: it is replayed from the dead letters, not counted late."""
    strict = replace(bench.pipeline, gate=Gate(lambda _client: True, lambda code: code != "EUR", 10**12, 10_000))
    records = [bench.append(body("t1", currency="EUR")), bench.append(body("t2"))]
    first = await strict.process(await owned(bench), records)
    again = await bench.pipeline.process(await owned(bench), records)
    assert (first.rejected, first.decided, again.rejected, again.decided) == (1, 1, 0, 0)
    assert list(bench.postgres.decided) == [(1, "t2")]


async def test_a_large_batch_is_cut(bench: Bench) -> None:
    count = ENTITIES_HARD_MAX + 10
    records = [bench.append(body(f"t{i}", account_id=f"a{i}")) for i in range(count)]
    processed = await bench.pipeline.process(await owned(bench), records)
    assert processed.decided == count
    assert bench.postgres.next_offsets[0] == count
    assert len(bench.redis.of(1, "journal")) == 0


@pytest.mark.parametrize("order", [(1, 0), (0, 0)])
async def test_offsets_that_do_not_rise_are_refused(bench: Bench, order: tuple[int, int]) -> None:
    records = [bench.append(body("t1")), bench.append(body("t2"))]
    with pytest.raises(OffsetGap):
        await bench.pipeline.process(await owned(bench), [records[i] for i in order])


async def test_a_foreign_partition_is_refused(bench: Bench) -> None:
    with pytest.raises(OffsetGap):
        await bench.pipeline.process(await owned(bench), [bench.append(body("t1"), partition=1)])
