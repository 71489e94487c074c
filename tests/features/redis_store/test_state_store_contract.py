"""One contract, kept by the store in Redis and by the script of the simulation: what the simulation shows, holds."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.errors import StateLost
from contracts.journal import CALLS
from contracts.transaction import EPOCH, Transaction
from features.events import EventBuilder
from features.fold import OfflineFold, compact, fold_batch
from features.plan import Entity
from features.redis_store.protocol import Applied, Apply, JournalRecord, Refused, StateAddress, Write
from tests.features.redis_store.conftest import Kept, adopted

A, B = b"\x00account-a", b"\x00account-b"
DEVICE = b"\x01device"


def state(count: int, body: bytes = b"") -> bytes:
    """Bytes with a state's prefix: format, kind, count, base length."""
    return bytes((1, 0)) + count.to_bytes(8, "little") + (14 + len(body)).to_bytes(4, "little") + body


async def batch(kept: Kept, **changes: object) -> Apply:
    """A batch of partition 0 that fits what is there now."""
    read = await kept.store.read(kept.address, 0, [])
    plain = Apply(source=0, marker_read=read.marker, marker=(read.marker or 0) + 1, tick=read.tick, entry=b"entry")
    return replace(plain, **changes)  # type: ignore[arg-type]


async def test_a_batch_is_counted_with_marker_states_and_journal(kept: Kept) -> None:
    made = await batch(kept, marker=4, accounts=[Write(A, b"", state(1))], shared=[Write(DEVICE, b"", state(2), b"d")])
    assert await kept.store.apply(kept.address, made) == Applied(4)
    read = await kept.store.read(kept.address, 0, [A, B, DEVICE])
    assert (read.marker, read.states) == (4, [state(1), None, state(2)])
    assert await kept.store.journal(kept.address) == [JournalRecord("0:4", 0, 4, b"entry")]


async def test_a_moved_marker_refuses(kept: Kept) -> None:
    late = await batch(kept, accounts=[Write(A, b"", state(1))])
    await kept.store.apply(kept.address, late)
    assert await kept.store.apply(kept.address, late) == Refused("marker")
    assert await kept.store.apply(kept.address, replace(late, marker_read=0, marker=9)) == Refused("marker")


async def test_an_absent_marker_is_not_zero(kept: Kept) -> None:
    assert await kept.store.apply(kept.address, await batch(kept, marker_read=0)) == Refused("marker")
    assert (await kept.store.read(kept.address, 0, [])).marker is None


async def test_moved_accounts_refuse_by_index_and_leave_no_trace(kept: Kept) -> None:
    await kept.store.apply(kept.address, await batch(kept, accounts=[Write(A, b"", state(1)), Write(B, b"", state(1))]))
    stale = [Write(A, state(1), state(2)), Write(b"\x00new", b"", state(1)), Write(B, b"", state(1))]
    made = await batch(kept, accounts=stale, claims=[b"claim"], shared=[Write(DEVICE, b"", state(1), b"d")])
    assert await kept.store.apply(kept.address, made) == Refused("moved", (2,))
    assert (await kept.store.read(kept.address, 0, [A, b"\x00new", DEVICE])).states == [state(1), None, None]
    assert await kept.store.apply(kept.address, replace(made, accounts=stale[:1])) == Applied(2)  # nor was it claimed


async def test_claims_of_another_source_refuse_until_long_after_they_are_dropped(kept: Kept) -> None:
    call = await batch(kept, source=CALLS, marker=None, marker_read=None, claims=[b"x" * 16, b"y" * 16])
    assert await kept.store.apply(kept.address, call) == Applied(1)
    made = await batch(kept, claims=[b"z" * 16, b"y" * 16])
    assert await kept.store.apply(kept.address, made) == Refused("claimed", (1,))
    await kept.store.drop(kept.address, [("-1:1", call.claims)])
    assert await kept.store.journal(kept.address) == []
    assert await kept.store.apply(kept.address, made) == Refused("claimed", (1,))


async def test_calls_are_numbered(kept: Kept) -> None:
    call = await batch(kept, source=CALLS, marker=None)
    assert [await kept.store.apply(kept.address, call) for _ in range(3)] == [Applied(1), Applied(2), Applied(3)]
    assert (await kept.store.read(kept.address, CALLS, [])).marker == 3


async def test_a_look_that_is_too_old_is_refused(kept: Kept) -> None:
    made = await batch(kept)
    assert await kept.store.apply(kept.address, replace(made, tick=made.tick - 2)) == Refused("stale")
    assert await kept.store.apply(kept.address, replace(made, tick=made.tick - 1)) == Applied(1)


@pytest.mark.parametrize("change", [{"epoch": 2}, {"generation": 2}, {"run_id": "another"}])
async def test_another_address_is_refused(kept: Kept, change: dict[str, object]) -> None:
    made = await batch(kept)
    other = kept.address._replace(**change)  # type: ignore[arg-type]
    assert await kept.store.apply(other, made) == Refused("epoch")
    with pytest.raises(StateLost):
        await kept.store.read(other, 0, [])


async def test_a_shared_state_that_moved_takes_the_delta(kept: Kept) -> None:
    await kept.store.apply(kept.address, await batch(kept, shared=[Write(DEVICE, b"", state(1), b"d1")]))
    await kept.store.apply(kept.address, await batch(kept, shared=[Write(DEVICE, b"", state(1), b"d2")]))
    assert (await kept.store.read(kept.address, 0, [DEVICE])).states == [state(1) + b"d2"]
    longer = await batch(kept, shared=[Write(DEVICE, state(1), state(2), b"d3")])  # same prefix, another length
    await kept.store.apply(kept.address, longer)
    assert (await kept.store.read(kept.address, 0, [DEVICE])).states == [state(1) + b"d2" + b"d3"]


async def test_appended_events_equal_a_fold_in_one_place(kept: Kept) -> None:
    """Two sources fold the same merchant from the same look; the state is that of both batches."""
    builder = EventBuilder()
    log = [_transaction(number) for number in range(6)]
    whole = OfflineFold(builder)
    whole.fold(log)
    read = await kept.store.read(kept.address, 0, [])
    for source, part in ((0, log[:3]), (1, log[3:])):
        events = builder.batch(part)
        folded = fold_batch(events, [None] * len(events.keys))
        shared = [
            Write(key, b"", after, delta)
            for key, after, delta in zip(events.keys, folded.states, folded.deltas, strict=True)
            if key[0] != Entity.ACCOUNT
        ]
        made = Apply(source=source, marker_read=None, marker=2, tick=read.tick, entry=b"", shared=shared)
        assert await kept.store.apply(kept.address, made) == Applied(2)
    keys = [key for key in whole.states if key[0] != Entity.ACCOUNT]
    found = (await kept.store.read(kept.address, 0, keys)).states
    assert [compact(Entity(k[0]), s or b"") for k, s in zip(keys, found, strict=True)] == [
        compact(Entity(key[0]), whole.states[key]) for key in keys
    ]


async def test_journal_entries_come_by_source_and_marker(kept: Kept) -> None:
    for source, marker in ((10, 5), (2, 100), (2, 9), (CALLS, None)):
        before = (await kept.store.read(kept.address, source, [])).marker
        made = await batch(kept, source=source, marker_read=before, marker=marker)
        await kept.store.apply(kept.address, made)
    assert [record.field for record in await kept.store.journal(kept.address)] == ["-1:1", "2:9", "2:100", "10:5"]
    assert [record.field for record in await kept.store.journal(kept.address, 2)] == ["2:9", "2:100"]


async def test_a_large_batch(kept: Kept) -> None:
    accounts = [Write(b"\x00a%d" % i, b"", state(1)) for i in range(1500)]
    shared = [Write(b"\x01d%d" % i, b"", state(1), b"d") for i in range(2500)]
    claims = [b"%016d" % i for i in range(2500)]
    made = await batch(kept, accounts=accounts, shared=shared, claims=claims)
    assert await kept.store.apply(kept.address, made) == Applied(1)
    again = await batch(kept, claims=claims[1999:2001])
    assert await kept.store.apply(kept.address, again) == Refused("claimed", (0, 1))
    await kept.store.drop(kept.address, [("0:1", claims)])
    assert (await kept.store.states(kept.address, [accounts[-1].key, shared[-1].key])) == [state(1), state(1)]


async def test_only_one_of_many_concurrent_batches_moves_an_account(kept: Kept) -> None:
    call = await batch(kept, source=CALLS, marker=None, accounts=[Write(A, b"", state(1))])
    results = await asyncio.gather(*(kept.store.apply(kept.address, call) for _ in range(8)))
    assert sorted(results, key=str) == [Applied(1), *[Refused("moved", (0,))] * 7]


async def test_a_repair_stops_the_counting_at_once(kept: Kept) -> None:
    made = await batch(kept, marker=7)
    await kept.store.apply(kept.address, made)
    repair = kept.address._replace(epoch=2)
    assert await kept.store.begin(repair) == {0: 7}
    with pytest.raises(StateLost):
        await kept.store.read(kept.address, 0, [])
    assert await kept.store.apply(kept.address, replace(made, marker_read=7, marker=8)) == Refused("epoch")
    with pytest.raises(StateLost):
        await kept.store.address()
    await kept.store.adopt(repair)
    assert await kept.store.address() == repair


async def test_a_patch_writes_states_and_markers(kept: Kept) -> None:
    await kept.store.apply(kept.address, await batch(kept, accounts=[Write(A, b"", state(1))]))
    repair = kept.address._replace(epoch=2)
    await kept.store.begin(repair)
    await kept.store.patch(repair, {A: state(3), DEVICE: state(2)}, {0: 12, 3: 4, CALLS: 2})
    await kept.store.patch(repair, {}, {5: 1})
    assert await kept.store.states(repair, [A, DEVICE, B]) == [state(3), state(2), None]
    assert (await kept.store.inspect()).markers == {0: 12, 3: 4, CALLS: 2, 5: 1}


@pytest.mark.parametrize("other", [{"epoch": 3}, {"run_id": "after-a-restart"}])
async def test_an_older_repair_writes_nothing(kept: Kept, other: dict[str, object]) -> None:
    """Its lock was lost, or Redis was restarted under it: whatever it still sends must leave no trace."""
    await kept.store.apply(kept.address, await batch(kept, marker=7, accounts=[Write(A, b"", state(1))]))
    later = kept.address._replace(epoch=4)
    await kept.store.begin(later)
    await kept.store.adopt(later)
    older = later._replace(**other)  # type: ignore[arg-type]
    with pytest.raises(StateLost):
        await kept.store.begin(older)
    with pytest.raises(StateLost):
        await kept.store.patch(older, {A: state(9)}, {0: 9})
    with pytest.raises(StateLost):
        await kept.store.adopt(older)
    with pytest.raises(StateLost):
        await kept.store.forget_generation(older, 1)
    assert await kept.store.address() == later
    assert await kept.store.states(later, [A]) == [state(1)]
    assert (await kept.store.inspect()).markers == {0: 7}


async def test_a_generation_is_forgotten_alone(kept: Kept) -> None:
    await kept.store.apply(kept.address, await batch(kept, accounts=[Write(A, b"", state(1))]))
    rebuilt = StateAddress(2, 2, kept.address.run_id)
    await kept.store.begin(rebuilt)
    await kept.store.patch(rebuilt, {A: state(5)}, {0: 1})
    await kept.store.forget_generation(rebuilt, 1)
    assert await kept.store.states(kept.address, [A]) == [None]
    assert await kept.store.states(rebuilt, [A]) == [state(5)]


async def test_a_store_that_was_never_repaired_has_no_address(kept: Kept) -> None:
    assert await adopted(kept.store, epoch=7) == await kept.store.address()
    found = await kept.store.inspect()
    assert (found.address, found.run_id) == (kept.address._replace(epoch=7), kept.address.run_id)


def _transaction(number: int) -> Transaction:
    return Transaction(
        transaction_id=f"t{number}",
        amount=10.0 + number,
        timestamp=EPOCH + timedelta(days=20_000, seconds=number),
        account_id=f"a{number % 2}",
        merchant_id="m",
        device_id="d",
        ip_address="10.0.0.1",
        beneficiary_id="b",
    )
