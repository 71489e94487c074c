"""The detectors behind which PyOD stands give what PyOD gives when it is called directly."""

from pathlib import Path

import numpy as np
import pytest
from pyod.models.cblof import CBLOF
from pyod.models.gmm import GMM
from pyod.models.hbos import HBOS
from pyod.models.iforest import IForest
from pyod.models.pca import PCA
from sklearn.cluster import KMeans

from analysis.detectors.clustering import alpha_of
from analysis.detectors.learned import Learned, telling
from analysis.detectors.profile import NAMES, Profile
from analysis.detectors.protocol import Setting
from analysis.detectors.registry import detector
from tests.analysis.rows_of import habits, written


def _both(name: str, folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What our detector scores, the scaled sample that it learned from, and the scaled rows."""
    (rows,) = written(folder / "rows.parquet", habits(900)).chunks()
    found = detector(name)
    ours = found(found.config_type(), Setting(seed=3))
    assert isinstance(ours, Learned)
    profile = Profile(Setting(seed=3))
    profile.learn(rows)
    sample = profile.of(rows)  # the whole: it is smaller than the sample may be
    ours.fit(rows)
    ours.finish()
    scaled = ours.scaled(sample)
    kept = telling(sample)
    np.testing.assert_allclose(scaled, ((sample - sample.mean(axis=0)) / sample.std(axis=0))[:, kept])
    return ours.detect(rows).score, scaled, scaled


def test_isolation_forest(tmp_path: Path) -> None:
    score, sample, rows = _both("isolation_forest", tmp_path)
    theirs = IForest(n_estimators=100, max_samples=256, random_state=3, n_jobs=1).fit(sample)
    np.testing.assert_allclose(score, theirs.decision_function(rows))


def test_clustering(tmp_path: Path) -> None:
    score, sample, rows = _both("clustering", tmp_path)
    estimator = KMeans(8, n_init=4, random_state=3)
    theirs = CBLOF(n_clusters=8, alpha=alpha_of(8), clustering_estimator=estimator, random_state=3).fit(sample)
    np.testing.assert_allclose(score, theirs.decision_function(rows))


@pytest.mark.parametrize("clusters", [2, 3, 8, 20])
def test_clusters_of_one_size_are_no_error(clusters: int) -> None:
    """PyOD's own default refuses them."""
    chance = np.random.default_rng(clusters)
    centres = chance.normal(size=(clusters, 4)) * 50
    values = np.repeat(centres, 100, axis=0) + chance.normal(size=(clusters * 100, 4))
    found = detector("clustering")
    ours = found(found.config_type(clusters=clusters), Setting())
    assert isinstance(ours, Learned)
    assert np.isfinite(ours.model(len(values)).fit(values).decision_function(values)).all()


@pytest.mark.parametrize("name", ["isolation_forest", "clustering", "outlier_ensemble", "autoencoder"])
def test_a_few_distinct_points_are_no_error(name: str) -> None:
    found = detector(name)
    ours = found(found.config_type(), Setting())
    assert isinstance(ours, Learned)
    values = np.repeat(np.random.default_rng(1).normal(size=(3, 4)), [100, 50, 1], axis=0)
    model = ours.model(len(values))
    model.fit(values)
    assert np.isfinite(model.decision_function(values)).all()


def test_ensemble_is_the_mean_of_its_standardised_models(tmp_path: Path) -> None:
    score, sample, rows = _both("outlier_ensemble", tmp_path)
    parts = []
    for model in (HBOS(n_bins=20), PCA(random_state=3), GMM(n_components=4, random_state=3)):
        model.fit(sample)
        learned = model.decision_function(sample)
        parts.append((model.decision_function(rows) - learned.mean()) / learned.std())
    np.testing.assert_allclose(score, np.mean(parts, axis=0))


def test_numbers_that_tell_nothing_are_left_out() -> None:
    varied = np.random.default_rng(1).normal(size=(100, 2))
    values = np.column_stack((np.ones(100), varied[:, 0], 5 - 2 * varied[:, 0], varied[:, 1]))
    assert telling(values).tolist() == [1, 3]


def test_every_number_has_a_name(tmp_path: Path) -> None:
    (rows,) = written(tmp_path / "rows.parquet", habits(60)).chunks()
    profile = Profile(Setting())
    profile.learn(rows)
    values = profile.of(rows)
    assert values.shape == (60, len(NAMES))
    assert np.isfinite(values).all()
