from pathlib import Path

import pytest

from contracts.errors import ModelRefused
from scoring import registry
from tests.scoring import small_model


@pytest.fixture
def models(tmp_path: Path, raw_model: bytes) -> Path:
    for version in ("2026-01-01-aa", "2026-02-01-bb"):
        small_model.write(tmp_path / version, raw_model, small_model.manifest_of(raw_model, version=version))
    return tmp_path


def test_promote_switches_the_champion(models: Path) -> None:
    assert registry.versions(models) == ["2026-01-01-aa", "2026-02-01-bb"]
    for version in registry.versions(models):
        registry.promote(models, version)
        assert registry.champion(models) == models / version == registry.resolve(models)
    files = [".lock", "2026-01-01-aa", "2026-02-01-bb", "champion", "history.jsonl"]
    assert sorted(p.name for p in models.iterdir()) == files


def test_a_fixed_model_is_its_own_champion(models: Path) -> None:
    assert registry.resolve(models / "2026-01-01-aa") == models / "2026-01-01-aa"


def test_no_champion_says_how_to_get_one(models: Path) -> None:
    with pytest.raises(ModelRefused, match="riskstream train"):
        registry.resolve(models)
    with pytest.raises(ModelRefused, match="riskstream train"):
        registry.resolve(models / "nowhere")


@pytest.mark.parametrize("name", ["2025-01-01-gone", "../elsewhere", "/", ".", "2026-01-01-aa/..", "x" * 5000])
def test_a_champion_file_that_names_no_model_is_refused(models: Path, name: str) -> None:
    (models / "champion").write_text(name)
    with pytest.raises(ModelRefused, match="no model of this registry"):
        registry.champion(models)


def test_a_champion_file_that_is_not_text_is_refused(models: Path) -> None:
    (models / "champion").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelRefused, match="cannot be read"):
        registry.champion(models)


def test_only_a_version_of_the_registry_can_be_promoted(models: Path) -> None:
    registry.promote(models, "2026-01-01-aa")
    with pytest.raises(ModelRefused, match="has no model"):
        registry.promote(models, "../2026-01-01-aa")
    assert registry.champion_version(models) == "2026-01-01-aa"
