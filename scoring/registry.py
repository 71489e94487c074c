"""The model registry: a folder of versions and a small file that names the champion.

models/champion                   the champion's version, one line
models/<version>/model.ubj        XGBoost's binary JSON
models/<version>/manifest.json    scoring.manifest.Manifest
"""

import os
import re
from pathlib import Path

from contracts.errors import ModelRefused

MODEL_FILE = "model.ubj"
MANIFEST_FILE = "manifest.json"
CHAMPION_FILE = "champion"
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")  # also keeps a version inside its registry


def resolve(path: Path) -> Path:
    """The model folder that `MODEL_PATH` means: `path` itself if it is one model, else the registry's champion.

    Raises ModelRefused if there is no model.
    """
    return path if (path / MANIFEST_FILE).exists() or (path / MODEL_FILE).exists() else champion(path)


def champion(registry: Path) -> Path:
    """The folder of the registry's champion. Raises ModelRefused if none is named, or the name is of no model."""
    version = champion_version(registry)
    if version is None:
        raise ModelRefused(f"{registry} has no champion yet; train a model with: riskstream train --out {registry}")
    folder = registry / version
    if not _VERSION.fullmatch(version) or not folder.is_dir():
        raise ModelRefused(f"{registry / CHAMPION_FILE} names {version[:64]!r}, which is no model of this registry")
    return folder


def champion_version(registry: Path) -> str | None:
    """The champion's version as the champion file says, or None. Cheap enough to ask every second."""
    try:
        return (registry / CHAMPION_FILE).read_text("utf-8").strip() or None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelRefused(f"{registry / CHAMPION_FILE} cannot be read: {error}") from error


def versions(registry: Path) -> list[str]:
    """Every version of the registry, sorted by name (a version begins with its date)."""
    if not registry.is_dir():
        return []
    found = (entry.name for entry in registry.iterdir() if (entry / MANIFEST_FILE).is_file())
    return sorted(name for name in found if _VERSION.fullmatch(name))


def promote(registry: Path, version: str) -> None:
    """Make `version` the champion, atomically: a reader sees the old name or the new one.

    Raises ModelRefused if the registry has no such version.
    """
    if version not in versions(registry):
        raise ModelRefused(f"{registry} has no model {version[:64]!r}; `riskstream models list` names them")
    write_atomically(registry / CHAMPION_FILE, f"{version}\n".encode())


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a crash leaves the old content or the new."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
