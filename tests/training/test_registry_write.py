"""A model is written whole or not at all, and promoted only where that replaces nothing that works."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.errors import ModelRefused
from scoring.manifest import Manifest
from scoring.registry import champion, champion_version, versions
from tests.scoring import small_model
from training.registry_write import promote_if_first, version_of, write_model

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def raw() -> bytes:
    return bytes(small_model.booster(800).save_raw("ubj"))


def manifest(raw: bytes, version: str = "2026-03-01-first") -> Manifest:
    return small_model.manifest_of(raw, version=version)


def test_the_version_is_the_date_and_the_content(raw: bytes) -> None:
    assert version_of(raw, NOW) == f"2026-03-01-{hashlib.sha256(raw).hexdigest()[:8]}"
    assert version_of(raw, NOW) != version_of(raw + b"x", NOW)


def test_only_the_first_is_promoted_unless_asked(tmp_path: Path, raw: bytes) -> None:
    for version, always, expected in (("first", False, "first"), ("second", False, "first"), ("third", True, "third")):
        write_model(tmp_path, raw, manifest(raw, version), {"metrics.json": b"{}"})
        assert promote_if_first(tmp_path, version, always=always) == (expected == version)
        assert champion_version(tmp_path) == expected
    assert versions(tmp_path) == ["first", "second", "third"]


def test_a_champion_that_does_not_load_is_replaced(tmp_path: Path, raw: bytes) -> None:
    write_model(tmp_path, raw, manifest(raw, "first"), {"metrics.json": b"{}"})
    promote_if_first(tmp_path, "first")
    (tmp_path / "first" / "model.ubj").write_bytes(b"damaged")
    write_model(tmp_path, raw, manifest(raw, "second"), {"metrics.json": b"{}"})
    assert promote_if_first(tmp_path, "second")
    assert champion(tmp_path).name == "second"


def test_writing_the_same_model_again_changes_nothing(tmp_path: Path, raw: bytes) -> None:
    folder = write_model(tmp_path, raw, manifest(raw), {"metrics.json": b"{}"})
    before = (folder / "manifest.json").stat().st_mtime_ns
    assert write_model(tmp_path, raw, manifest(raw), {"metrics.json": b"{}"}) == folder
    assert (folder / "manifest.json").stat().st_mtime_ns == before
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_another_model_of_the_same_version_is_refused(tmp_path: Path, raw: bytes) -> None:
    write_model(tmp_path, raw, manifest(raw), {"metrics.json": b"{}"})
    other = bytes(small_model.booster(900).save_raw("ubj"))
    with pytest.raises(ModelRefused, match="holds another model"):
        write_model(tmp_path, other, manifest(other), {"metrics.json": b"{}"})
    assert (tmp_path / "2026-03-01-first" / "model.ubj").read_bytes() == raw


def test_what_does_not_load_is_not_written(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(ModelRefused):
        write_model(tmp_path, raw + b"x", manifest(raw), {"metrics.json": b"{}"})
    assert list(tmp_path.iterdir()) == []
