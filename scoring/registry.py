"""The model registry: a folder of versions, and small files that name the champion and the challenger.

models/champion                   the champion's version, one line
models/challenger                 the version that runs in shadow, one line; no file: none does
models/history.jsonl              every promotion and rollback (`scoring.registry_history`), appended only
models/<version>/model.ubj        XGBoost's binary JSON
models/<version>/manifest.json    scoring.manifest.Manifest

A name changes by replacing its file in one step, so a reader sees the old name or the new one. Who changes a name
holds `models/.lock`, so of two promotions at once the second sees what the first one did.
"""

import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from contracts.errors import ModelRefused
from scoring.registry_history import Action, Entry, append, read, reign

MODEL_FILE = "model.ubj"
MANIFEST_FILE = "manifest.json"
CHAMPION_FILE = "champion"
CHALLENGER_FILE = "challenger"
LOCK_FILE = ".lock"
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")  # also keeps a version inside its registry


def resolve(path: Path) -> Path:
    """The model folder that `MODEL_PATH` means: `path` itself if it is one model, else the registry's champion.

    Raises ModelRefused if there is no model.
    """
    return path if is_model(path) else champion(path)


def is_model(path: Path) -> bool:
    """Whether the folder is one model; else it is a registry, or nothing."""
    return (path / MANIFEST_FILE).exists() or (path / MODEL_FILE).exists()


def champion(registry: Path) -> Path:
    """The folder of the registry's champion. Raises ModelRefused if none is named, or the name is of no model."""
    version = champion_version(registry)
    if version is None:
        raise ModelRefused(f"{registry} has no champion yet; train a model with: riskstream train --out {registry}")
    return _folder(registry, version, CHAMPION_FILE)


def champion_version(registry: Path) -> str | None:
    """The champion's version as the champion file says, or None. Cheap enough to ask every second."""
    return _name(registry / CHAMPION_FILE)


def challenger(registry: Path) -> Path | None:
    """The folder of the model in shadow, None if none is. Raises ModelRefused if the name is of no model."""
    version = _name(registry / CHALLENGER_FILE)
    return None if version is None else _folder(registry, version, CHALLENGER_FILE)


def versions(registry: Path) -> list[str]:
    """Every version of the registry, sorted by name (a version begins with its date)."""
    if not registry.is_dir():
        return []
    found = (entry.name for entry in registry.iterdir() if (entry / MANIFEST_FILE).is_file())
    return sorted(name for name in found if _VERSION.fullmatch(name))


def promote(registry: Path, version: str, *, by: str = "", at: datetime | None = None) -> None:
    """Make `version` the champion, atomically, and keep a line about it in the history (`by` whom, when).

    Nothing is loaded here: `scoring.promotion` looks at the model first.
    Raises ModelRefused if the registry has no such version.
    """
    _known(registry, version)
    with _alone(registry):
        _switch(registry, Action.PROMOTE, version, by, at)


def roll_back(registry: Path, version: str, *, by: str = "", at: datetime | None = None) -> None:
    """Give the championship back to `version`, which `previous_champion` has named.

    Raises ModelRefused if the registry has no such version, or if it is no longer the one before the champion:
    somebody promoted another meanwhile.
    """
    _known(registry, version)
    with _alone(registry):
        if version != previous_champion(registry):
            raise ModelRefused(f"{registry} has another champion by now; look again with: riskstream models list")
        _switch(registry, Action.ROLLBACK, version, by, at)


def previous_champion(registry: Path) -> str | None:
    """The champion before this one: where a rollback goes. None if there was none, or it is deleted."""
    return next(iter(earlier_champions(registry)), None)


def earlier_champions(registry: Path) -> list[str]:
    """The champions before this one that are still there, the last one first. Raises ModelRefused."""
    there = set(versions(registry))
    before = reign(read(registry), champion_version(registry))[:-1]
    return [version for version in reversed(before) if version in there]


def set_challenger(registry: Path, version: str | None) -> None:
    """Let `version` run in shadow; None: nobody. Raises ModelRefused if the registry has no such version."""
    if version is not None:
        _known(registry, version)
    with _alone(registry):
        if version is None:
            (registry / CHALLENGER_FILE).unlink(missing_ok=True)
        else:
            write_atomically(registry / CHALLENGER_FILE, f"{version}\n".encode())


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a crash leaves the old content or the new."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")  # threads may write side by side
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _switch(registry: Path, action: Action, version: str, by: str, at: datetime | None) -> None:
    # The history first: a line whose promotion never came is known by the champion file, but a promotion without a
    # line could not be rolled back.
    previous = champion_version(registry)
    moment = at.isoformat(timespec="seconds") if at else ""
    append(registry, Entry(action=action, version=version, previous=previous, by=by, at=moment))
    write_atomically(registry / CHAMPION_FILE, f"{version}\n".encode())


@contextmanager
def _alone(registry: Path) -> Iterator[None]:
    with (registry / LOCK_FILE).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go when the file closes, also by a crash
        yield


def _known(registry: Path, version: str) -> None:
    if version not in versions(registry):
        raise ModelRefused(f"{registry} has no model {version[:64]!r}; `riskstream models list` names them")


def _folder(registry: Path, version: str, file: str) -> Path:
    folder = registry / version
    if not _VERSION.fullmatch(version) or not folder.is_dir():
        raise ModelRefused(f"{registry / file} names {version[:64]!r}, which is no model of this registry")
    return folder


def _name(path: Path) -> str | None:
    try:
        return path.read_text("utf-8").strip() or None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelRefused(f"{path} cannot be read: {error}") from error
