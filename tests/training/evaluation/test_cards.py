import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.evaluation.cards import daily_card_precision

payments = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6), st.booleans()), min_size=1, max_size=60)


def naive(score: list[float], fraud: list[bool], account: list[int], day: list[int], cards: int) -> list[float]:
    """Dictionaries, a day after the other."""
    found: set[int] = set()
    result = []
    for today in sorted(set(day)):
        best: dict[int, float] = {}
        guilty: set[int] = set()
        for s, f, a, d in zip(score, fraud, account, day, strict=True):
            if d == today and a not in found:
                best[a] = max(best.get(a, -1.0), s)
                if f:
                    guilty.add(a)
        top = sorted(best, key=lambda a: -best[a])[:cards]
        hits = [a for a in top if a in guilty]
        found.update(hits)
        result.append(len(hits) / cards)
    return result


@given(payments, st.integers(1, 4))
def test_agrees_with_the_naive_way(rows: list[tuple[int, int, bool]], cards: int) -> None:
    day, account, fraud = (list(column) for column in zip(*rows, strict=True))
    score = np.random.default_rng(1).permutation(len(rows)).astype(float)  # no ties: those are cut arbitrarily
    found = daily_card_precision(score, np.array(fraud), np.array(account), np.array(day), cards)
    assert found == pytest.approx(naive(score.tolist(), fraud, account, day, cards))


def test_a_found_card_is_left_out_of_later_days() -> None:
    account, day = np.array([1, 2, 1, 2]), np.array([0, 0, 1, 1])
    fraud, score = np.array([True, False, True, False]), np.array([0.9, 0.8, 0.9, 0.8])
    assert daily_card_precision(score, fraud, account, day, 1) == [1.0, 0.0]
