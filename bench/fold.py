"""Transactions a second through the columnar fold, on one core: `python -m bench.fold --file F` (Handbook's format).

Without a file, columns of the simulator. Reading is measured apart from folding; the kernel is compiled before.
"""

import argparse
import resource
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from bench.harness import machine, write_result
from features.catalogue import FEATURE_NAMES
from training.column_fold import CHUNK_ROWS, fold_columns
from training.columns import Columns, columns_with_labels
from training.loaders.load import HANDBOOK_FORMAT, Loader
from training.loaders.options import LoadOptions
from training.simulator.labels import labels_of
from training.simulator.world import World, accounts_for, simulate

SIMULATED_ROWS = 250_000
DAYS = 40.0
WARM_ROWS = 100


def simulated() -> Iterator[Columns]:
    """One chunk with devices, addresses, beneficiaries and places, and its labels."""
    told = list(islice(simulate(World(accounts=accounts_for(SIMULATED_ROWS, DAYS))), SIMULATED_ROWS))
    yield columns_with_labels([one.transaction for one in told], list(labels_of(told)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--name")
    arguments = parser.parse_args()
    before = machine()
    options = LoadOptions(HANDBOOK_FORMAT, keep_zero_amounts=True)
    started = time.monotonic()
    chunks = list(Loader(arguments.file, options).chunks() if arguments.file else simulated())
    read_s = time.monotonic() - started
    for _ in fold_columns([chunks[0].take(np.arange(WARM_ROWS))]):
        pass
    runs = [_run(chunks) for _ in range(arguments.runs)]
    result = {
        "machine": before,
        "data": "handbook" if arguments.file else "simulated",
        "transactions": sum(map(len, chunks)),
        "features": len(FEATURE_NAMES),
        "chunk rows": CHUNK_ROWS,
        "seconds to read": round(read_s, 1),
        "runs": runs,
        "peak memory, MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(result)
    print(write_result(arguments.name or f"fold_{result['data']}", result))


def _run(chunks: list[Columns]) -> dict[str, float]:
    wall, processor, folded = time.monotonic(), time.process_time(), 0
    for _, vectors in fold_columns(chunks):
        folded += len(vectors)
    seconds, core_s = time.monotonic() - wall, time.process_time() - processor
    return {
        "seconds": round(seconds, 2),
        "core seconds": round(core_s, 2),
        "transactions a second": round(folded / seconds),
        "transactions a core second": round(folded / core_s),
    }


if __name__ == "__main__":
    main()
