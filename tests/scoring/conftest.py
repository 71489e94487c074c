from pathlib import Path

import pytest

from scoring.model import Model, load
from tests.scoring import small_model


@pytest.fixture(scope="session")
def raw_model() -> bytes:
    return bytes(small_model.booster().save_raw("ubj"))


@pytest.fixture(scope="session")
def model_folder(raw_model: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "small"
    return small_model.write(folder, raw_model, small_model.manifest_of(raw_model))


@pytest.fixture(scope="session")
def model(model_folder: Path) -> Model:
    return load(model_folder)
