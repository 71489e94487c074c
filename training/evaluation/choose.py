"""Which rows of a history an evaluation takes, and whom it compares with."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np

from contracts.errors import DataRefused, ModelRefused
from scoring.model import Model, load
from scoring.registry import MANIFEST_FILE, champion, versions
from scoring.schema import Schema
from training.baselines import Baseline, amount_rule, fitted_baselines
from training.history import History, Rows
from training.make_model import labelled

CHAMPION = "champion"
BASELINES = "baselines"


def model_named(name: str, registry: Path, schema: Schema) -> Model:
    """The model that `name` means: `champion`, a version of the registry, or a folder. Raises ModelRefused."""
    if name == CHAMPION:
        return load(champion(registry), schema)
    if name in versions(registry):
        return load(registry / name, schema)
    folder = Path(name)
    if (folder / MANIFEST_FILE).is_file():
        return load(folder, schema)
    raise ModelRefused(f"{name[:128]!r} is no version in {registry}, and no model's folder")


def rows_between(history: History, start: datetime | None, end: datetime | None, model: Model) -> Rows:
    """The usable rows of a period; without a start, from where the model was tested if it was made from this data.

    Raises DataRefused if there are none.
    """
    start_ms = _tested_from_ms(model, history) if start is None else _ms(start)
    rows = history.usable & (history.time_ms >= start_ms)
    if end is not None:
        rows &= history.time_ms < _ms(end)
    found = np.flatnonzero(rows)
    if not len(found):
        raise DataRefused("no transactions lie in this period; say another one with --from and --to")
    return found


def overlap(history: History, rows: Rows, model: Model) -> str:
    """What has to be said if the model may have learned from rows of this period, else nothing."""
    told = [model.manifest.data.get(name) for name in ("train_from", "train_to")]
    first, last = (datetime.fromisoformat(at) if isinstance(at, str) else None for at in told)
    times = history.time_ms[rows]
    if first is None or last is None or times.max() < _ms(first) or times.min() > _ms(last):
        return ""
    return (
        f"This period overlaps the one that {model.version} learned from ({first:%Y-%m-%d} to {last:%Y-%m-%d}):"
        " if it holds the same payments, the figures flatter the model."
    )


def rivals_of(history: History, rows: Rows, against: Sequence[str], registry: Path, seed: int) -> list[Baseline]:
    """The amount rule, then what `against` names: other models, or `baselines` fitted on the rows before the period.

    Raises ModelRefused, or DataRefused if too little lies before the period.
    """
    rivals = [amount_rule(history.schema.features.index(history.schema.amount))]
    for name in against:
        if name == BASELINES:
            rivals += _fitted(history, rows, seed)
        else:
            model = model_named(name, registry, history.schema)
            rivals.append(Baseline(f"model {model.version}", "named by --against", model.predict))
    return rivals


def _fitted(history: History, rows: Rows, seed: int) -> list[Baseline]:
    moment = int(history.time_ms[rows].min())
    before = np.flatnonzero(history.usable & (history.time_ms < moment - history.label_delay_ms))
    vectors, truth = labelled(history, before, moment)
    if not truth.any() or truth.all():
        raise DataRefused(
            "baselines learn from the rows before the period and its label delay: there is no fraud in them"
        )
    return fitted_baselines(vectors, truth, seed)


def _tested_from_ms(model: Model, history: History) -> int:
    """The first row of the model's test, if it was made from this data; else of the data."""
    data = model.manifest.data
    same = all(data.get(name) == value for name, value in history.description.items())
    told = data.get("test_from")
    return _ms(datetime.fromisoformat(told)) if same and isinstance(told, str) else int(history.time_ms.min())


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
