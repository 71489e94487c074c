"""The champion, followed while the process runs."""

from pathlib import Path

import pytest

from contracts.errors import ModelRefused
from pipeline.served_model import ServedModel
from scoring.registry import promote
from tests.scoring import small_model


@pytest.fixture
def registry(tmp_path: Path, raw_model: bytes) -> Path:
    for version in ("v1", "v2"):
        small_model.write(tmp_path / version, raw_model, small_model.manifest_of(raw_model, version=version))
    return tmp_path


def test_without_a_model_it_says_why(tmp_path: Path) -> None:
    served = ServedModel(tmp_path)
    with pytest.raises(ModelRefused, match="no model is loaded"):
        _ = served.current
    assert not served.refresh()
    assert served.version is None
    with pytest.raises(ModelRefused, match="no champion"):
        _ = served.current


def test_a_promoted_model_takes_over_once(registry: Path) -> None:
    served = ServedModel(registry)
    promote(registry, "v1")
    assert [served.refresh(), served.refresh(), served.version] == [True, False, "v1"]
    promote(registry, "v2")
    assert [served.refresh(), served.version] == [True, "v2"]


def test_a_refused_champion_leaves_the_old_one(registry: Path) -> None:
    served = ServedModel(registry)
    promote(registry, "v1")
    served.refresh()
    (registry / "v2" / "model.ubj").write_bytes(b"damaged")
    promote(registry, "v2")
    assert not served.refresh()
    assert served.version == "v1"
    assert served.current.version == "v1"
    assert served.refusal
    promote(registry, "v1")
    served.refresh()
    assert served.refusal == ""


def test_a_copy_under_another_name_is_refused(registry: Path, raw_model: bytes) -> None:
    served = ServedModel(registry)
    promote(registry, "v1")
    served.refresh()
    small_model.write(registry / "v3", raw_model, small_model.manifest_of(raw_model, version="v2"))
    promote(registry, "v3")
    assert not served.refresh()
    assert served.version == "v1"
    assert "under another name" in served.refusal


def test_a_process_that_starts_under_a_damaged_champion_takes_the_one_before(registry: Path) -> None:
    promote(registry, "v1")
    (registry / "v2" / "model.ubj").write_bytes(b"damaged")
    promote(registry, "v2")
    served = ServedModel(registry)
    assert served.refresh()
    assert served.version == "v1"
    assert "v2" in served.refusal
    assert not served.refresh()
    assert "v2" in served.refusal
    promote(registry, "v1")
    assert not served.refresh()
    assert served.refusal == ""


def test_where_no_champion_can_be_loaded_none_is(registry: Path) -> None:
    for version in ("v1", "v2"):
        (registry / version / "model.ubj").write_bytes(b"damaged")
        promote(registry, version)
    served = ServedModel(registry)
    assert not served.refresh()
    assert served.version is None
