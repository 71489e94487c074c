from hypothesis import given
from hypothesis import strategies as st

from api.analytics.live import quantile
from api.analytics.performance import Confusion, confusion_by_model, total_of, with_labelled
from contracts.decision import Recommendation
from storage.analytics import FlagCount, LabelCount
from storage.live_statistics import LATENCY_EDGES_MS

label_counts = st.lists(
    st.builds(
        LabelCount,
        model_version=st.sampled_from(["m1", "m2"]),
        recommendation=st.sampled_from(list(Recommendation)),
        fraud=st.booleans(),
        currency=st.just("USD"),
        decisions=st.integers(1, 50),
        amount=st.integers(0, 10_000),
    )
)


def test_shares_by_hand() -> None:
    matrix = Confusion(true_positive=8, false_positive=2, true_negative=980, false_negative=10)
    assert matrix.precision == 0.8
    assert matrix.recall == 8 / 18
    assert matrix.false_positive_rate == 2 / 982
    assert matrix.f1 == 16 / 28


def test_nothing_gives_no_share() -> None:
    matrix = Confusion()
    assert (matrix.precision, matrix.recall, matrix.false_positive_rate, matrix.f1) == (None,) * 4


@given(label_counts)
def test_every_label_stands_in_one_cell(labels: list[LabelCount]) -> None:
    found = confusion_by_model(labels)
    total = total_of(found.values())
    assert total.decisions == sum(each.decisions for each in labels)
    assert total.true_positive + total.false_negative == sum(each.decisions for each in labels if each.fraud)
    fraud_amount = sum(each.amount for each in labels if each.fraud)
    assert sum(minor for _, minor in (*total.saved, *total.missed)) == fraud_amount


@given(label_counts, st.integers(0, 100))
def test_the_unlabelled_are_legitimate_and_counted_once(labels: list[LabelCount], more: int) -> None:
    labelled: dict[tuple[str, str], int] = {}
    for each in labels:
        key = (each.model_version, each.recommendation)
        labelled[key] = labelled.get(key, 0) + each.decisions
    flags = [FlagCount(*key, decisions + more) for key, decisions in labelled.items()]
    before = total_of(confusion_by_model(labels).values())
    after = total_of(confusion_by_model(labels, with_labelled(flags, labels)).values())
    assert after.decisions == before.decisions + more * len(flags)
    assert (after.true_positive, after.false_negative) == (before.true_positive, before.false_negative)


@given(st.lists(st.integers(0, 50), min_size=len(LATENCY_EDGES_MS), max_size=len(LATENCY_EDGES_MS)), st.floats(0.01, 1))
def test_a_quantile_lies_in_the_bin_that_holds_it(counts: list[int], share: float) -> None:
    found = quantile([*counts, 0], share)
    total = sum(counts)
    if not total:
        assert found is None
        return
    below = 0
    for low, high, count in zip((0, *LATENCY_EDGES_MS), LATENCY_EDGES_MS, counts, strict=False):
        below += count
        if count and below >= share * total:
            assert found is not None
            assert low - 0.01 <= found <= high + 0.01
            return
