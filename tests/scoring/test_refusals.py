"""Every way in which a model file can be wrong ends in ModelRefused with one sentence that names it."""

import json
import pickle
from pathlib import Path

import pytest

from contracts.errors import ModelRefused
from features.catalogue import FEATURE_NAMES
from scoring.manifest import Curve, Thresholds
from scoring.model import load
from tests.scoring import small_model


def refused(folder: Path, match: str) -> None:
    with pytest.raises(ModelRefused, match=match) as refusal:
        load(folder)
    assert "\n" not in str(refusal.value)


@pytest.fixture
def folder(tmp_path: Path, raw_model: bytes) -> Path:
    return small_model.write(tmp_path / "model", raw_model, small_model.manifest_of(raw_model))


def test_the_undamaged_model_loads(folder: Path) -> None:
    assert load(folder).version == "2026-01-01-small"


def test_missing_files(folder: Path) -> None:
    (folder / "model.ubj").unlink()
    refused(folder, "model.ubj cannot be read: No such file")
    (folder / "manifest.json").unlink()
    refused(folder, "manifest.json cannot be read")
    refused(folder / "nowhere", "cannot be read")


@pytest.mark.parametrize("keep", [0, 1, 100, -1])
def test_a_truncated_model(folder: Path, raw_model: bytes, keep: int) -> None:
    (folder / "model.ubj").write_bytes(raw_model[:keep])
    refused(folder, "SHA-256")


def test_one_changed_bit(folder: Path, raw_model: bytes) -> None:
    damaged = bytearray(raw_model)
    damaged[len(damaged) // 2] ^= 1
    (folder / "model.ubj").write_bytes(bytes(damaged))
    refused(folder, "SHA-256")


@pytest.mark.parametrize("foreign", [b"", b"not a model", b'{"learner": {}}', pickle.dumps({"a": 1})])
def test_a_foreign_model_with_a_manifest_that_vouches_for_it(tmp_path: Path, foreign: bytes) -> None:
    refused(small_model.write(tmp_path, foreign, small_model.manifest_of(foreign)), "not an XGBoost model")


def test_another_number_of_features(tmp_path: Path) -> None:
    raw = bytes(small_model.booster(500, features=len(FEATURE_NAMES) - 1).save_raw("ubj"))
    refused(small_model.write(tmp_path, raw, small_model.manifest_of(raw)), "takes .* features, the catalogue has")


@pytest.mark.parametrize("manifest", [b"", b"[]", b"{}", b"\xff\xfe", b"null", b"[" * 100_000, b'{"format": "1"}'])
def test_a_foreign_manifest(folder: Path, manifest: bytes) -> None:
    (folder / "manifest.json").write_bytes(manifest)
    refused(folder, "is not a model manifest")


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"format": 2}, "format 2"),
        ({"catalogue_hash": "0" * 16}, "built for the feature catalogue 0000"),
        ({"features": FEATURE_NAMES[:-1]}, "features that are not the catalogue's"),
        ({"features": (*FEATURE_NAMES[1:], FEATURE_NAMES[0])}, "in their order"),
        ({"calibration": Curve((0.0,), (0.5,))}, "calibration needs 2"),
        ({"calibration": Curve((0.0, 1.0), (0.5,))}, "an x and a y each"),
        ({"calibration": Curve((0.0, 0.0), (0.1, 0.5))}, "does not rise in x"),
        ({"calibration": Curve((0.0, 1.0), (0.5, 0.1))}, "falls in y"),
        ({"calibration": Curve((0.0, 1.0), (0.5, 1.1))}, "leaves 0 to 1"),
        ({"score": Curve((0.0, 1.0), (-1.0, 100.0))}, "score curve leaves 0 to 100"),
        ({"thresholds": Thresholds(50, 50, 90)}, "thresholds do not rise"),
        ({"thresholds": Thresholds(50, 75, 101)}, "thresholds do not rise"),
    ],
)
def test_a_manifest_that_does_not_fit(tmp_path: Path, raw_model: bytes, changes: dict[str, object], match: str) -> None:
    refused(small_model.write(tmp_path, raw_model, small_model.manifest_of(raw_model, **changes)), match)


@pytest.mark.parametrize("number", ["NaN", "null", "1e999", '"0.5"'])
def test_a_calibration_that_holds_no_number(folder: Path, number: str) -> None:
    path = folder / "manifest.json"
    text = path.read_text().replace("0.4", number, 1)
    assert number in text
    path.write_text(text)
    refused(folder, "is not a model manifest|not finite")


def test_unknown_fields_of_a_later_version_are_ignored(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"later": {"field": 1}}))
    assert load(folder)
