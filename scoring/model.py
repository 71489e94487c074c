"""Load a model, refuse what does not fit, predict and explain. After `load` nothing here touches a file."""

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from contracts.errors import ModelRefused
from scoring.boosting import xgboost
from scoring.manifest import Manifest, decode_manifest
from scoring.registry import MANIFEST_FILE, MODEL_FILE
from scoring.schema import STREAM, Schema
from scoring.trees import trees_of

Vectors = npt.NDArray[np.float32]
MODEL_BYTES_MAX = 512 * 1024 * 1024  # a hundred times the usual; a larger file is not a model
MANIFEST_BYTES_MAX = 16 * 1024 * 1024
FEW_ROWS = 100  # up to here the trees as arrays are quicker than XGBoost, whose calls cost a quarter of a millisecond
PREDICT_THREADS = 1  # two threads raised the one-row p99 from 0.9 to 38 ms (DESIGN section 7)


class Model:
    """One loaded model. Its methods change nothing, may be called from several threads, and give a row the same
    bits whatever batch it is in.
    """

    def __init__(self, booster: xgboost.Booster, manifest: Manifest) -> None:
        self.manifest = manifest
        self.version = manifest.version
        self.features = manifest.features
        self._booster = booster
        self._trees = trees_of(booster)
        self._margins, self._probabilities = np.array(manifest.calibration.x), np.array(manifest.calibration.y)
        self._score_at, self._scores = np.array(manifest.score.x), np.array(manifest.score.y)

    def margin(self, vectors: Vectors) -> npt.NDArray[np.float64]:
        """Log-odds before calibration, shape (n,), of vectors (n, features)."""
        if len(vectors) == 0:
            return np.empty(0)
        vectors = self._checked(vectors)
        if self._trees is not None and len(vectors) <= FEW_ROWS:
            return self._trees.margins(vectors).astype(np.float64)
        margin = self._booster.inplace_predict(vectors, predict_type="margin", validate_features=False)
        return np.asarray(margin, dtype=np.float64)

    def predict(self, vectors: Vectors) -> npt.NDArray[np.float64]:
        """Calibrated probability of fraud, shape (n,), of float32 vectors (n, features); NaN means missing."""
        return np.asarray(np.interp(self.margin(vectors), self._margins, self._probabilities), dtype=np.float64)

    def score(self, probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Risk scores 0-100 with one decimal, shape (n,)."""
        return np.asarray(np.round(np.interp(probabilities, self._score_at, self._scores), 1), dtype=np.float64)

    def contributions(self, vectors: Vectors) -> npt.NDArray[np.float32]:
        """TreeSHAP values in log-odds, shape (n, features + 1), the last column the bias; a row sums to its margin.

        Takes some 0.07 ms a row; 0.7 where the trees do not fit into tables (`scoring.trees`).
        """
        if len(vectors) == 0:
            return np.empty((0, len(self.features) + 1), np.float32)
        vectors = self._checked(vectors)
        if self._trees is not None:
            return self._trees.contributions(vectors)
        matrix = xgboost.DMatrix(vectors, nthread=PREDICT_THREADS)  # the schema was checked when the model was loaded
        found = self._booster.predict(matrix, pred_contribs=True, validate_features=False)
        return np.asarray(found, dtype=np.float32)

    def gains(self) -> dict[str, float]:
        """What each feature's splits gained in all, by name; a feature that no tree uses is left out."""
        found = self._booster.get_score(importance_type="total_gain")
        names = {f"f{i}": name for i, name in enumerate(self.features)}
        return {names.get(name, name): float(np.asarray(gain)) for name, gain in found.items()}

    def _checked(self, vectors: Vectors) -> Vectors:
        if vectors.dtype != np.float32 or vectors.ndim != 2 or vectors.shape[1] != len(self.features):
            raise ValueError(f"vectors must be float32 of shape (n, {len(self.features)})")
        return np.ascontiguousarray(vectors)


def load(folder: Path, schema: Schema = STREAM) -> Model:
    """Load `folder/model.ubj` with `folder/manifest.json`.

    Raises ModelRefused, with one sentence, if a file is missing, damaged or foreign, or if the model was built for
    another schema: another feature catalogue.
    """
    manifest = decode_manifest(_read(folder / MANIFEST_FILE, MANIFEST_BYTES_MAX))
    if isinstance(manifest, str):
        raise ModelRefused(f"{folder / MANIFEST_FILE} {manifest}")
    _check_schema(manifest, folder, schema)
    raw = _read(folder / MODEL_FILE, MODEL_BYTES_MAX)
    if hashlib.sha256(raw).hexdigest() != manifest.sha256:
        raise ModelRefused(
            f"{folder / MODEL_FILE} is damaged or belongs to another manifest: its SHA-256 is not the one"
            " in the manifest; train again or restore the file"
        )
    return Model(_booster_of(raw, folder, schema), manifest)


def booster_from(raw: bytes) -> xgboost.Booster:
    """A booster from UBJ bytes (at least one), set to predict on one thread. Raises xgboost.core.XGBoostError."""
    booster = xgboost.Booster({"nthread": PREDICT_THREADS})
    booster.load_model(bytearray(raw))
    booster.set_param({"nthread": PREDICT_THREADS})  # the loaded file brings its own
    return booster


def _booster_of(raw: bytes, folder: Path, schema: Schema) -> xgboost.Booster:
    if not raw:  # XGBoost ends the process over an empty buffer
        raise ModelRefused(f"{folder / MODEL_FILE} is not an XGBoost model: it is empty")
    try:
        booster = booster_from(raw)
    except xgboost.core.XGBoostError as error:
        raise ModelRefused(
            f"{folder / MODEL_FILE} is not an XGBoost model that XGBoost {xgboost.__version__} can read;"
            f" train again with: {schema.train}"
        ) from error
    if booster.num_features() != len(schema.features):
        raise ModelRefused(
            f"{folder / MODEL_FILE} takes {booster.num_features()} features, the {schema.noun} has"
            f" {len(schema.features)}; train again with: {schema.train}"
        )
    return booster


def _check_schema(manifest: Manifest, folder: Path, schema: Schema) -> None:
    if manifest.catalogue_hash != schema.hash:
        raise ModelRefused(
            f"model {manifest.version} in {folder} was built for the {schema.name} {manifest.catalogue_hash[:64]},"
            f" this is {schema.hash}; train again with: {schema.train}"
        )
    if manifest.features != schema.features:
        raise ModelRefused(
            f"{folder / MANIFEST_FILE} lists {len(manifest.features)} features that are not the {schema.noun}'s"
            f" {len(schema.features)} in their order; train again with: {schema.train}"
        )


def _read(path: Path, bytes_max: int) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(bytes_max + 1)
    except OSError as error:
        raise ModelRefused(f"{path} cannot be read: {error.strerror or error}") from error
    if len(raw) > bytes_max:
        raise ModelRefused(f"{path} is larger than {bytes_max} bytes: not a model of this kind")
    return raw
