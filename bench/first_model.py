"""The model that a new stack begins with, from simulated payments, fitted with other numbers of bins beside its own.

`python -m bench.first_model [--bins 64 --bins 256]` simulates once; each fit is `riskstream train --quick` otherwise.
"""

import argparse
import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.harness import RESULTS, machine
from settings import Settings
from training.data_options import DataOptions
from training.fit import PARAMETERS, QUICK_BINS, Recipe
from training.history import History
from training.options import Options
from training.progress import SILENT
from training.reading import read_history
from training.train import train

RESULT = "first_model"
FIGURES = ("transactions", "fraud", "roc_auc", "average_precision", "calibration_error")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bins", type=int, action="append")
    parser.add_argument("--seed", type=int, default=1, help="Of the simulation and the fit.")
    arguments = parser.parse_args()
    own = QUICK_BINS
    result = {"machine": machine(), "seed": arguments.seed, "bins of its own": own}
    history = read_history(DataOptions(seed=arguments.seed), Settings(_env_file=None), SILENT)
    path = RESULTS / f"{RESULT}.json"
    for bins in arguments.bins or [own]:
        result[f"{bins} bins"] = found = _figures(history, bins, arguments.seed)
        print(bins, found, flush=True)
        path.write_text(json.dumps(result, indent=1) + "\n")


def _figures(history: History, bins: int, seed: int) -> dict[str, object]:
    options = Options(recipe=Recipe(PARAMETERS | {"max_bin": bins}), baselines=False)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        trained = train(history, Path(folder), seed=seed, now=datetime.now(UTC), options=options)
    recalls = {
        kind.name: [round(kind.recall or 0.0, 4), kind.frauds]
        for kind in trained.evaluation.groups
        if kind.dimension == "typology"
    }
    metrics = trained.manifest.metrics
    return {
        "seconds to fit, measure and report": round(time.monotonic() - started, 1),
        **{name: round(metrics[name], 4) for name in FIGURES},
        "recall at 0.5 % false positives, and frauds": recalls,
    }


if __name__ == "__main__":
    main()
