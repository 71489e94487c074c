"""Versions of one model that give different numbers: the same trees, each with a calibration of its own."""

import hashlib
from pathlib import Path

import msgspec

from scoring.manifest import Curve, Manifest, decode_manifest
from scoring.registry import MANIFEST_FILE, MODEL_FILE, promote, resolve
from training.registry_write import write_model

FACTOR = 0.97  # of the probabilities, from one version to the next


def write_variants(model: Path, registry: Path, count: int) -> list[str]:
    """Write versions `a0`, `a1`, … of the champion of `model` into `registry`, and promote the first."""
    folder = resolve(model)
    raw = (folder / MODEL_FILE).read_bytes()
    manifest = decode_manifest((folder / MANIFEST_FILE).read_bytes())
    assert isinstance(manifest, Manifest), manifest
    names = []
    for number in range(count):
        curve = Curve(manifest.calibration.x, tuple(y * FACTOR**number for y in manifest.calibration.y))
        variant = msgspec.structs.replace(manifest, version=f"a{number}", calibration=curve)
        write_model(registry, raw, variant, {})
        names.append(variant.version)
    promote(registry, names[0])
    return names


def write_damaged(registry: Path, like: str) -> str:
    """A version whose file is not the one that its manifest vouches for."""
    manifest = decode_manifest((registry / like / MANIFEST_FILE).read_bytes())
    assert isinstance(manifest, Manifest), manifest
    folder = registry / "damaged"
    folder.mkdir()
    wrong = msgspec.structs.replace(manifest, version=folder.name, sha256=hashlib.sha256(b"another").hexdigest())
    (folder / MANIFEST_FILE).write_bytes(msgspec.json.encode(wrong))
    (folder / MODEL_FILE).write_bytes((registry / like / MODEL_FILE).read_bytes())
    return folder.name
