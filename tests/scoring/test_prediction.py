"""A row gets the same bits in every batch; contributions sum to the margin; threads do not disturb each other."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from features.catalogue import FEATURE_NAMES
from scoring.model import Model
from tests.scoring.small_model import vectors


@pytest.mark.parametrize("size", [1, 2, 3, 7, 63, 64, 65, 499])
def test_a_row_has_the_same_probability_in_every_batch(model: Model, size: int) -> None:
    table = vectors(500, seed=2)
    whole = model.predict(table)
    parts = np.concatenate([model.predict(table[i : i + size]) for i in range(0, 500, size)])
    assert whole.tobytes() == parts.tobytes()
    assert model.score(whole).tobytes() == np.concatenate([model.score(whole[i : i + 1]) for i in range(500)]).tobytes()


def test_probabilities_are_calibrated_and_within_the_curve(model: Model) -> None:
    probability = model.predict(vectors(500, seed=3))
    assert probability.dtype == np.float64
    assert probability.min() >= 0.001
    assert probability.max() <= 0.99
    assert len(np.unique(probability)) > 50
    order = np.argsort(model.margin(vectors(500, seed=3)))
    assert (np.diff(probability[order]) >= 0).all()


def test_contributions_sum_to_the_margin(model: Model) -> None:
    table = vectors(200, seed=4)
    contributions = model.contributions(table)
    assert contributions.shape == (200, len(FEATURE_NAMES) + 1)
    np.testing.assert_allclose(contributions.sum(axis=1, dtype=np.float64), model.margin(table), atol=1e-4)
    alone = np.concatenate([model.contributions(table[i : i + 1]) for i in range(200)])
    assert alone.tobytes() == contributions.tobytes()


def test_an_empty_batch_is_no_special_case(model: Model) -> None:
    none = vectors(0)
    assert model.predict(none).shape == (0,)
    assert model.contributions(none).shape == (0, len(FEATURE_NAMES) + 1)


def test_wrong_shapes_and_types_are_refused(model: Model) -> None:
    with pytest.raises(ValueError, match="float32"):
        model.predict(vectors(3).astype(np.float64))
    with pytest.raises(ValueError, match="shape"):
        model.predict(vectors(3)[:, :-1].copy())


def test_strided_rows_are_read_right(model: Model) -> None:
    table = vectors(100, seed=5)
    assert model.predict(table[::2]).tobytes() == model.predict(table)[::2].tobytes()


def test_threads_may_predict_and_explain_at_once(model: Model) -> None:
    table = vectors(300, seed=6)
    probability, contributions = model.predict(table), model.contributions(table[:50])
    with ThreadPoolExecutor(4) as pool:
        predicted = [pool.submit(model.predict, table) for _ in range(20)]
        explained = [pool.submit(model.contributions, table[:50]) for _ in range(5)]
        assert all(job.result(30).tobytes() == probability.tobytes() for job in predicted)
        assert all(job.result(30).tobytes() == contributions.tobytes() for job in explained)
