"""A small real model on seeded vectors of the catalogue's shape, and the folder it is stored in."""

import hashlib
from pathlib import Path

import msgspec
import numpy as np
import xgboost

from features.catalogue import CATALOGUE_HASH, FEATURE_INDEX, FEATURE_NAMES
from scoring.manifest import FORMAT, Curve, Manifest, encode_manifest

CALIBRATION = Curve((-6.0, -2.0, 0.0, 3.0), (0.001, 0.05, 0.4, 0.99))


def vectors(rows: int, seed: int = 1) -> np.ndarray:
    """Rows that look like the catalogue's: counts, amounts, a fifth of everything missing."""
    random = np.random.default_rng(seed)
    table = random.gamma(1.5, 4.0, size=(rows, len(FEATURE_NAMES))).astype(np.float32)
    table[random.random(table.shape) < 0.2] = np.nan
    for name in ("new_device", "new_merchant", "new_beneficiary", "new_country", "night", "weekend"):
        table[:, FEATURE_INDEX[name]] = random.integers(0, 2, rows)
    table[:, FEATURE_INDEX["amount_round"]] = random.integers(0, 4, rows)
    table[:, FEATURE_INDEX["hour"]] = random.random(rows) * 24
    table[:, FEATURE_INDEX["amount"]] = random.gamma(2.0, 30.0, rows)
    return table


def booster(rows: int = 4000, features: int = len(FEATURE_NAMES)) -> xgboost.Booster:
    table = vectors(rows)
    filled = np.nan_to_num(table)
    fraud = filled[:, FEATURE_INDEX["account_count_5m"]] + filled[:, FEATURE_INDEX["device_count_1h"]] > 18
    names = list(FEATURE_NAMES[:features])
    matrix = xgboost.DMatrix(table[:, :features], fraud.astype(np.float32), feature_names=names, nthread=1)
    parameters = {"objective": "binary:logistic", "max_depth": 4, "base_score": 0.5, "nthread": 1, "seed": 1}
    return xgboost.train(parameters, matrix, num_boost_round=30)


def manifest_of(raw: bytes, **changes: object) -> Manifest:
    manifest = Manifest(
        format=FORMAT,
        version="2026-01-01-small",
        created_at="2026-01-01T00:00:00Z",
        sha256=hashlib.sha256(raw).hexdigest(),
        features=FEATURE_NAMES,
        catalogue_hash=CATALOGUE_HASH,
        xgboost_version=xgboost.__version__,
        calibration=CALIBRATION,
    )
    return msgspec.structs.replace(manifest, **changes)


def write(folder: Path, raw: bytes, manifest: Manifest) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.ubj").write_bytes(raw)
    (folder / "manifest.json").write_bytes(encode_manifest(manifest))
    return folder
