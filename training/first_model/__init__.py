"""The model that ships with the project, made by `make first-model` from our own simulator: a start trains nothing."""

from datetime import datetime
from importlib.resources import files
from pathlib import Path

from contracts.errors import ModelRefused
from scoring.manifest import Manifest, decode_manifest
from scoring.registry import MANIFEST_FILE, MODEL_FILE
from training.registry_write import promote_if_first, write_model

PROMOTED_BY = "riskstream models install"


def install(registry: Path, at: datetime) -> tuple[str, bool]:
    """Write it into the registry: (its version, whether it became the champion, for lack of another one).

    Raises ModelRefused if it does not fit this release: it was made for another catalogue, say.
    """
    shipped = {file.name: file.read_bytes() for file in files(__name__).joinpath("files").iterdir()}
    manifest = decode_manifest(shipped.pop(MANIFEST_FILE))
    if not isinstance(manifest, Manifest):
        raise ModelRefused(f"the model that ships with this release {manifest}")
    write_model(registry, shipped.pop(MODEL_FILE), manifest, shipped)
    return manifest.version, promote_if_first(registry, manifest.version, by=PROMOTED_BY, at=at)
