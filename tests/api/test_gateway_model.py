"""The gateway holds the registry's champion, and keeps it when a worse file comes."""

import sys
from pathlib import Path

import pytest
import xgboost

from api.model_holder import ModelHolder
from contracts.errors import ModelRefused
from scoring.registry import promote

sys.path.append(str(Path(__file__).parents[1] / "scoring"))  # the scoring's own test model

from small_model import booster, manifest_of, write


@pytest.fixture(scope="module")
def raw() -> bytes:
    trained: xgboost.Booster = booster(rows=300)
    return bytes(trained.save_raw("ubj"))


def add(registry: Path, raw: bytes, version: str) -> Path:
    return write(registry / version, raw, manifest_of(raw, version=version))


async def test_follows_the_champion(tmp_path: Path, raw: bytes) -> None:
    holder = ModelHolder(tmp_path)
    with pytest.raises(ModelRefused, match="no champion yet"):
        await holder.refresh()
    assert holder.model is None
    for version in ("2026-01-01-one", "2026-01-02-two"):
        add(tmp_path, raw, version)
        promote(tmp_path, version)
        await holder.refresh()
        assert holder.version == version


async def test_a_damaged_champion_leaves_the_old_model(tmp_path: Path, raw: bytes) -> None:
    holder = ModelHolder(tmp_path)
    add(tmp_path, raw, "2026-01-01-good")
    promote(tmp_path, "2026-01-01-good")
    await holder.refresh()
    (add(tmp_path, raw, "2026-01-02-bad") / "model.ubj").write_bytes(raw[:-1])
    promote(tmp_path, "2026-01-02-bad")
    with pytest.raises(ModelRefused, match="damaged"):
        await holder.refresh()
    assert holder.version == "2026-01-01-good"
