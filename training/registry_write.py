"""Write a trained model into the registry: all of it or nothing."""

import hashlib
import os
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from contracts.errors import ModelRefused
from scoring.manifest import Manifest, encode_manifest
from scoring.model import load
from scoring.registry import MANIFEST_FILE, MODEL_FILE, champion, promote, write_atomically
from scoring.schema import STREAM, Schema

METRICS_FILE = "metrics.json"
HASH_LENGTH = 8  # hex digits of the model's SHA-256 in its version


def version_of(raw: bytes, created_at: datetime) -> str:
    """Date and content: the same model made on the same day has the same version."""
    return f"{created_at:%Y-%m-%d}-{hashlib.sha256(raw).hexdigest()[:HASH_LENGTH]}"


def write_model(
    registry: Path, raw: bytes, manifest: Manifest, files: Mapping[str, bytes], schema: Schema = STREAM
) -> Path:
    """Write `registry/<version>/` with `files` by name, and read it back through `scoring.model.load`.

    Returns the folder. An equal model that is there already is left as it is. Raises ModelRefused if what was written
    does not load.
    """
    folder = registry / manifest.version
    registry.mkdir(parents=True, exist_ok=True)
    partial = registry / f".{manifest.version}.{os.getpid()}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        write_atomically(partial / MODEL_FILE, raw)
        for name, content in files.items():
            write_atomically(partial / name, content)
        write_atomically(partial / MANIFEST_FILE, encode_manifest(manifest))
        load(partial, schema)
        _move(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def promote_if_first(
    registry: Path,
    version: str,
    schema: Schema = STREAM,
    *,
    always: bool = False,
    by: str = "riskstream train",
    at: datetime | None = None,
) -> bool:
    """Promote `version` if it is asked for, or if the registry has no champion that can be loaded."""
    if not always and _has_champion(registry, schema):
        return False
    promote(registry, version, by=by, at=at)
    return True


def _has_champion(registry: Path, schema: Schema) -> bool:
    try:
        load(champion(registry), schema)
    except ModelRefused:
        return False
    return True


def _move(partial: Path, folder: Path) -> None:
    try:
        partial.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
        if (folder / MODEL_FILE).is_file() and _same(folder / MODEL_FILE, partial / MODEL_FILE):
            return
        raise ModelRefused(f"{folder} exists and holds another model; remove it first") from None


def _same(one: Path, other: Path) -> bool:
    return one.read_bytes() == other.read_bytes()
