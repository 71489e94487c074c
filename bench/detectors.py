"""Quality of the detectors on planted anomalies: `python -m bench.detectors [--first N] [--seeds N] [--write]`.

Precision at k: of the k highest rows, the share that was planted; k is the number of planted rows. By kind: the
share of that kind's rows among the k highest. A single detector can only know the kinds that it was made for; what
counts is that each preset, on the kind of file that it is for, is no worse than the best single detector − 0.02.
Seeds 2001 to 2005 are those that are reported; presets were chosen on others (101 to 103).
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np

from analysis.detectors.registry import OURS
from analysis.presets import PRESETS
from analysis.rows import ParquetRows, RowWriter
from analysis.run import analyse
from analysis.strategy import Strategy
from bench.planted import KINDS, Table, planted

RESULTS = Path(__file__).parent / "results" / "detectors.json"


FILES = {"payments": False, "ledger": True}  # name → dates only
MARGIN = 0.02


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


def file_of(preset: str) -> str:
    return "ledger" if preset == "ledger" else "payments"


def rows_of(file: str, seeds: Sequence[int], wanted: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Strategy → the means over the seeds, and precision at k of each seed."""
    found: dict[str, dict[str, Any]] = {}
    with TemporaryDirectory() as folder:
        tables = {seed: planted(seed=seed, dated=FILES[file]) for seed in seeds}
        for seed in seeds:
            (Path(folder) / str(seed)).mkdir()
        for name, strategy in strategies().items():
            if wanted and name not in wanted:
                continue
            began = perf_counter()
            runs = [measured(tables[seed], strategy, Path(folder) / str(seed)) for seed in seeds]
            found[name] = {key: round(float(np.mean([run[key] for run in runs])), 3) for key in runs[0]}
            found[name]["by_seed"] = [round(run["precision_at_k"], 3) for run in runs]
            shown = "  ".join(f"{key[:14]} {value:.2f}" for key, value in found[name].items() if key != "by_seed")
            print(f"{file:8} {name:20} {shown}  {perf_counter() - began:.1f} s", flush=True)
    return found


def verdicts(rows: dict[str, dict[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Each preset on its kind of file against the best single detector there."""
    told = {}
    for preset in PRESETS:
        file = rows[file_of(preset)]
        best = max(OURS, key=lambda name: file[name]["precision_at_k"])
        own, single = file[f"preset {preset}"]["precision_at_k"], file[best]["precision_at_k"]
        holds = own >= single - MARGIN
        told[preset] = {"precision_at_k": own, "best_single": best, "of_best_single": single, "holds": holds}
        print(f"{preset:14} {own:.3f}   best single: {best} {single:.3f}   {'holds' if holds else 'FAILS'}")
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=2001, help="the first seed")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=[], help="strategies, as they are named in the table")
    parser.add_argument("--write", action="store_true", help="write bench/results/detectors.json")
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    rows = {file: rows_of(file, seeds, options.only) for file in FILES}
    if options.only:
        return
    told = verdicts(rows)
    if options.write:
        command = f"python -m bench.detectors --first {options.first} --seeds {options.seeds}"
        RESULTS.write_text(json.dumps({"command": command, "presets": told, "files": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
