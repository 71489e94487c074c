"""The model that ships: it fits today's code, it installs, and training makes the same one."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from contracts.errors import ModelRefused
from features.catalogue import CATALOGUE_HASH, FEATURES
from scoring.manifest import Manifest, decode_manifest
from scoring.model import load
from scoring.registry import champion, champion_version
from scoring.registry_history import read
from training.first_model import PROMOTED_BY, install
from training.first_model.remake import FILES, remake
from training.registry_write import promote_if_first

NOW = datetime(2026, 3, 1, tzinfo=UTC)
OF_THE_DAY = ("version", "created_at", "code_version")  # a manifest's fields that say when and by what source


def manifest_of(folder: Path) -> Manifest:
    manifest = decode_manifest((folder / "manifest.json").read_bytes())
    assert isinstance(manifest, Manifest)
    return manifest


def test_it_is_of_todays_catalogue() -> None:
    assert manifest_of(FILES).catalogue_hash == CATALOGUE_HASH, "run `make first-model`"


def test_it_installs_as_the_first_champion_and_scores(tmp_path: Path) -> None:
    version, promoted = install(tmp_path, NOW)
    assert promoted
    assert champion_version(tmp_path) == version
    assert [entry.by for entry in read(tmp_path)] == [PROMOTED_BY]
    model = load(champion(tmp_path))
    quiet, stolen = np.full((2, len(FEATURES)), np.nan, np.float32)
    names = [feature.name for feature in FEATURES]
    for name, usual, odd in (("amount", 20, 900), ("account_count_5m", 1, 14), ("new_device", 0, 1)):
        quiet[names.index(name)], stolen[names.index(name)] = usual, odd
    scores = model.score(model.predict(np.array([quiet, stolen])))
    assert scores[0] < 50 < scores[1]
    assert install(tmp_path, NOW) == (version, False), "a second time changes nothing"


def test_a_champion_stays(tmp_path: Path) -> None:
    version, _ = install(tmp_path, NOW)
    folder = tmp_path / "own"
    (tmp_path / version).rename(folder)
    manifest = (folder / "manifest.json").read_text().replace(f'"{version}"', '"own"')
    (folder / "manifest.json").write_text(manifest)
    promote_if_first(tmp_path, "own", always=True)
    assert install(tmp_path, NOW) == (version, False)
    assert champion_version(tmp_path) == "own"


@pytest.mark.parametrize("damage", [{"catalogue_hash": "0" * 64}, {"sha256": "0" * 64}])
def test_one_that_does_not_fit_is_refused(
    damage: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = structs.replace(manifest_of(FILES), **damage)
    monkeypatch.setattr("training.first_model.decode_manifest", lambda _: other)
    with pytest.raises(ModelRefused):
        install(tmp_path, NOW)
    assert champion_version(tmp_path) is None
    assert not (tmp_path / other.version).exists()


def test_training_makes_the_same_bytes(tmp_path: Path) -> None:
    """With the locked requirements; a newer XGBoost or NumPy may round differently, and then it is made again."""
    made = remake(tmp_path)
    for name in ("model.ubj", "reference.json"):
        assert (made / name).read_bytes() == (FILES / name).read_bytes(), f"{name}: run `make first-model`"
    fresh, shipped = manifest_of(made), manifest_of(FILES)
    for field in Manifest.__struct_fields__:
        if field not in OF_THE_DAY:
            assert getattr(fresh, field) == getattr(shipped, field), field
