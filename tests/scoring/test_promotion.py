"""A model is looked at before it decides anything; what is refused changes nothing."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from contracts.errors import ModelRefused
from features.catalogue import FEATURE_NAMES
from scoring import registry
from scoring.model import Model
from scoring.promotion import checked, probe_vectors, promote_checked, roll_back_checked, shadow_checked
from tests.scoring import small_model

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def models(tmp_path: Path, raw_model: bytes) -> Path:
    for version in ("v1", "v2"):
        small_model.write(tmp_path / version, raw_model, small_model.manifest_of(raw_model, version=version))
    promote_checked(tmp_path, "v1", by="test", at=NOW)
    return tmp_path


def test_promote_and_back(models: Path) -> None:
    assert promote_checked(models, "v2", by="test", at=NOW).version == "v2"
    assert registry.champion_version(models) == "v2"
    assert roll_back_checked(models, by="test", at=NOW).version == "v1"
    with pytest.raises(ModelRefused, match="no earlier champion"):
        roll_back_checked(models, by="test", at=NOW)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda folder: (folder / "model.ubj").write_bytes(b"damaged"), "SHA-256"),
        (lambda folder: (folder / "model.ubj").unlink(), "cannot be read"),
        (lambda folder: (folder / "manifest.json").write_text("{}"), "not a model manifest"),
        (lambda folder: (folder / "manifest.json").unlink(), "has no model"),
    ],
)
def test_a_damaged_model_is_refused_with_the_reason(models: Path, damage: object, reason: str) -> None:
    damage(models / "v2")  # type: ignore[operator]
    for act in (lambda: promote_checked(models, "v2", by="test", at=NOW), lambda: shadow_checked(models, "v2")):
        with pytest.raises(ModelRefused, match=reason):
            act()
    assert registry.champion_version(models) == "v1"
    assert registry.challenger(models) is None


def test_a_model_of_another_catalogue_is_refused(models: Path, raw_model: bytes) -> None:
    small_model.write(models / "v3", raw_model, small_model.manifest_of(raw_model, version="v3", catalogue_hash="0"))
    with pytest.raises(ModelRefused, match="built for the feature catalogue"):
        checked(models, "v3")


def test_a_copy_under_another_name_is_refused(models: Path, raw_model: bytes) -> None:
    small_model.write(models / "v3", raw_model, small_model.manifest_of(raw_model, version="v1"))
    with pytest.raises(ModelRefused, match="under another name"):
        checked(models, "v3")


def test_a_model_that_gives_no_numbers_is_refused(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Model, "margin", lambda _self, vectors: np.full(len(vectors), np.nan))
    with pytest.raises(ModelRefused, match="that are none"):
        checked(models, "v2")


def test_the_probe_holds_every_kind_of_row() -> None:
    rows = probe_vectors(len(FEATURE_NAMES))
    assert np.isnan(rows[0]).all()
    assert not rows[1].any()
    assert np.array_equal(rows, probe_vectors(len(FEATURE_NAMES)), equal_nan=True)
    assert np.nanmax(rows) > 1e5
