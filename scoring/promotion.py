"""Look at a model before it decides anything: it loads, it is what it says, it gives sane numbers."""

from datetime import datetime
from pathlib import Path

import numpy as np

from contracts.errors import ModelRefused
from scoring.model import Model, Vectors, load
from scoring.policy import policy_of
from scoring.registry import previous_champion, promote, roll_back, set_challenger, versions
from scoring.schema import STREAM, Schema

PROBE_ROWS = 64
PROBE_VALUE_MAX = 1e6  # beyond every count, and most amounts


def checked(registry: Path, version: str, schema: Schema = STREAM) -> Model:
    """The model, loaded and looked at. Raises ModelRefused with the reason.

    Beside what `load` asks for (whole, undamaged, of this `schema`), its manifest must name the version of its
    folder, because decisions name it, and vectors of every kind must get finite, reproducible numbers.
    """
    if version not in versions(registry):
        raise ModelRefused(f"{registry} has no model {version[:64]!r}; `riskstream models list` names them")
    model = load(registry / version, schema)
    if model.version != version:
        raise ModelRefused(f"{registry / version} holds model {model.version}: a copy under another name")
    policy_of(model.manifest.thresholds)
    _probe(model, version, schema)
    return model


def promote_checked(registry: Path, version: str, *, by: str, at: datetime, schema: Schema = STREAM) -> Model:
    """`checked`, then champion. Raises ModelRefused; the old champion stays then."""
    model = checked(registry, version, schema)
    promote(registry, version, by=by, at=at)
    return model


def roll_back_checked(registry: Path, *, by: str, at: datetime, schema: Schema = STREAM) -> Model:
    """Back to the champion before this one, looked at as in a promotion. Raises ModelRefused."""
    version = previous_champion(registry)
    if version is None:
        raise ModelRefused(f"{registry} has no earlier champion to go back to")
    model = checked(registry, version, schema)
    roll_back(registry, version, by=by, at=at)
    return model


def shadow_checked(registry: Path, version: str) -> Model:
    """Let a model run in shadow, looked at as in a promotion. Raises ModelRefused."""
    model = checked(registry, version)
    set_challenger(registry, version)
    return model


def _probe(model: Model, version: str, schema: Schema) -> None:
    rows = probe_vectors(len(schema.features))
    probabilities = model.predict(rows)
    scores = model.score(probabilities)
    sane = np.isfinite(probabilities) & (probabilities >= 0) & (probabilities <= 1) & (scores >= 0) & (scores <= 100)
    if not sane.all():
        raise ModelRefused(f"model {version} gives probabilities or scores that are none; train again")
    one_by_one = np.concatenate([model.predict(rows[i : i + 1]) for i in range(len(rows))])
    if not np.array_equal(probabilities, one_by_one):
        raise ModelRefused(f"model {version} gives a row other numbers in another batch; train again")


def probe_vectors(features: int) -> Vectors:
    """Rows (PROBE_ROWS, features) of every order of magnitude, the first all missing, the second all 0; seeded."""
    random = np.random.default_rng(0)
    shape = (PROBE_ROWS, features)
    rows = np.exp(random.uniform(-3.0, np.log(PROBE_VALUE_MAX), shape)).astype(np.float32)
    rows[random.random(shape) < 0.3] = np.nan
    rows[0], rows[1] = np.nan, 0.0
    return rows
