"""What can be said of a registry's versions without loading a model."""

from pathlib import Path
from typing import Any

import msgspec

from contracts.errors import ModelRefused
from scoring.manifest import Manifest, decode_manifest
from scoring.registry import (
    CHALLENGER_FILE,
    MANIFEST_FILE,
    champion_version,
    previous_champion,
    versions,
)
from scoring.registry_history import Entry, read
from scoring.schema import STREAM, Schema


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One version. `manifest` is None if it cannot be read, `complaint` says why; `reigns` are its promotions.

    `schema_hash` is what a model of this registry has to be built for.
    """

    version: str
    manifest: Manifest | None
    complaint: str
    champion: bool
    challenger: bool
    previous: bool
    reigns: tuple[Entry, ...] = ()
    schema_hash: str = STREAM.hash

    @property
    def role(self) -> str:
        """In one word: champion, challenger, previous (where a rollback goes), or nothing."""
        names = ("champion", self.champion), ("challenger", self.challenger), ("previous", self.previous)
        return ", ".join(name for name, holds in names if holds)

    @property
    def fits(self) -> bool:
        """Whether it was built for this catalogue."""
        return self.manifest is not None and self.manifest.catalogue_hash == self.schema_hash

    def as_dict(self) -> dict[str, Any]:
        """As JSON can hold it; of the manifest what people read, not its curves."""
        shown: dict[str, Any] = {
            "version": self.version,
            "role": self.role,
            "fits_catalogue": self.fits,
            "complaint": self.complaint,
            "reigns": msgspec.to_builtins(self.reigns),
        }
        if self.manifest is not None:
            manifest: dict[str, Any] = msgspec.to_builtins(self.manifest)
            for name in ("features", "calibration", "score", "version"):
                manifest.pop(name)
            shown |= manifest
        return shown


def listed(registry: Path, schema: Schema = STREAM) -> list[Listed]:
    """Every version, oldest first. Raises ModelRefused if the registry's own files cannot be read."""
    entries = read(registry)
    champion, previous, challenger = champion_version(registry), previous_champion(registry), _challenger(registry)
    found = []
    for version in versions(registry):
        manifest = _manifest(registry / version)
        found.append(
            Listed(
                version=version,
                manifest=manifest if isinstance(manifest, Manifest) else None,
                complaint=manifest if isinstance(manifest, str) else "",
                champion=version == champion,
                challenger=version == challenger,
                previous=version == previous,
                reigns=tuple(entry for entry in entries if entry.version == version),
                schema_hash=schema.hash,
            )
        )
    return found


def listed_one(registry: Path, version: str, schema: Schema = STREAM) -> Listed:
    """Raises ModelRefused if the registry has no such version."""
    for one in listed(registry, schema):
        if one.version == version:
            return one
    raise ModelRefused(f"{registry} has no model {version[:64]!r}; `riskstream models list` names them")


def _manifest(folder: Path) -> Manifest | str:
    try:
        return decode_manifest((folder / MANIFEST_FILE).read_bytes())
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"


def _challenger(registry: Path) -> str | None:
    try:
        return (registry / CHALLENGER_FILE).read_text("utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None
