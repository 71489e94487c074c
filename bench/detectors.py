"""Quality of the detectors on planted anomalies: `python -m bench.detectors [--seeds N] [--write]`.

Precision at k: of the k highest rows, the share that was planted; k is the number of planted rows. By kind: the
share of that kind's rows among the k highest. A single detector can only know the kinds that it was made for; what
counts is that the ensemble is no worse than the best single one.
"""

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from analysis.detectors.registry import OURS
from analysis.presets import PRESETS
from analysis.rows import ParquetRows, RowWriter
from analysis.run import analyse
from analysis.strategy import Strategy
from bench.planted import KINDS, Table, planted

RESULTS = Path(__file__).parent / "results" / "detectors.json"


def measured(table: Table, strategy: Strategy, folder: Path) -> dict[str, float]:
    """Precision at k, and by planted kind the share found among the k highest."""
    path = folder / "rows.parquet"
    if not path.exists():
        with RowWriter(path) as writer:
            writer.write(table.columns())
    scores = analyse(ParquetRows(path), strategy, folder=folder).scores
    kind = np.array(table.kind)
    k = int((kind != "").sum())
    # Ties at 0 are rows of which nothing is known: they count as not found.
    top = np.argsort(-scores, kind="stable")[:k]
    top = top[scores[top] > 0]
    found = {"precision_at_k": float((kind[top] != "").sum() / k)}
    found.update({name: float((kind[top] == name).sum() / (kind == name).sum()) for name in KINDS})
    return found


def strategies() -> dict[str, Strategy]:
    """Each detector alone, then the presets."""
    alone = {name: Strategy.model_validate({"name": name, "detectors": [{"detector": name}]}) for name in OURS}
    return alone | {f"preset {name}": preset for name, preset in PRESETS.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="write bench/results/detectors.json")
    options = parser.parse_args()
    rows: dict[str, dict[str, float]] = {}
    for name, strategy in strategies().items():
        runs = []
        for seed in range(options.seeds):
            with TemporaryDirectory() as folder:
                runs.append(measured(planted(seed=seed), strategy, Path(folder)))
        rows[name] = {key: round(float(np.mean([run[key] for run in runs])), 3) for key in runs[0]}
        print(f"{name:22}", "  ".join(f"{key} {value:.2f}" for key, value in rows[name].items()), flush=True)
    if options.write:
        RESULTS.write_text(json.dumps({"command": f"--seeds {options.seeds}", "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
