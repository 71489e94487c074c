"""Whatever arrives, in whatever order and however often: each number once, in order, as soon as it can be."""

from hypothesis import given
from hypothesis import strategies as st

from api.feed.sequencer import Sequencer

arrivals = st.lists(st.integers(1, 40), max_size=200)


@given(st.integers(0, 20), arrivals, st.integers(1, 50))
def test_passes_on_the_next_number_only(last: int, numbers: list[int], ahead_max: int) -> None:
    sequencer: Sequencer[str] = Sequencer(last, ahead_max)
    passed: list[int] = []
    for number in numbers:
        due = sequencer.offer(number, f"item {number}")
        assert all(item == f"item {sequence}" for sequence, item in due)
        passed += [sequence for sequence, _ in due]
    assert passed == list(range(last + 1, last + 1 + len(passed)))
    assert sequencer.last == last + len(passed)


@given(st.permutations(range(1, 31)), arrivals)
def test_holds_nothing_back_that_is_due(order: list[int], repeats: list[int]) -> None:
    sequencer: Sequencer[None] = Sequencer(0)
    seen: set[int] = set()
    for number in [number for pair in zip(order, [*repeats, *order], strict=False) for number in pair]:
        sequencer.offer(number, None)
        seen.add(number)
        due = next(after for after in range(1, 60) if after not in seen) - 1
        assert sequencer.last == due
        assert sequencer.has_gap == bool(seen - set(range(1, due + 1)))


@given(arrivals, st.integers(1, 5))
def test_is_made_whole_by_the_store_whatever_was_forgotten(hints: list[int], ahead_max: int) -> None:
    sequencer: Sequencer[None] = Sequencer(0, ahead_max)
    for number in hints:
        sequencer.offer(number, None)
    passed = [sequence for stored in range(sequencer.last + 1, 41) for sequence, _ in sequencer.offer(stored, None)]
    assert sequencer.last == 40
    assert passed == sorted(set(passed))
    assert not sequencer.has_gap
