"""The references of models (`reference.json`), remembered once read: a version's never changes."""

from functools import lru_cache
from pathlib import Path

from contracts.errors import ModelRefused
from scoring.drift import Reference, read_reference
from scoring.registry import is_model, versions


def reference_of(path: Path, version: str) -> Reference | None:
    """The reference of `version` in MODEL_PATH; None if there is no such model, or it has none that can be read."""
    if is_model(path):
        reference = _read(path)
        return reference if reference is not None and reference.version == version else None
    return _read(path / version) if version in versions(path) else None


def _read(folder: Path) -> Reference | None:
    try:
        return _remembered(folder, (folder / "reference.json").stat().st_mtime_ns)
    except (ModelRefused, OSError):
        return None


@lru_cache(maxsize=16)
def _remembered(folder: Path, _changed_ns: int) -> Reference | None:
    return read_reference(folder)
