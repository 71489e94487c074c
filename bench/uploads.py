"""A 100 MB CSV from an upload's file to rows: `python -m bench.uploads [--megabytes N] [--write]`.

Each case runs in a process of its own, whose peak memory is the figure. `in order`: as a system exports it; `newest
first`: as banks do, so that rows have to be sorted; `dirty`: decimal commas, quotes, line ends within quotes, amounts
in brackets, and one row in fifty that cannot be used.
"""

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from analysis.extract.extract import extract

RESULTS = Path(__file__).parent / "results" / "uploads.json"
CASES = ("in order", "newest first", "dirty")
BLOCK_ROWS = 20_000
DAYS = 90
SECONDS_MAX = 30.0  # a third of what parsing and analysis may take together
PEAK_MB_MAX = 1500


def lines(case: str, seed: int = 1) -> Iterator[str]:
    """Rows of a month's payments without end, in blocks."""
    random = np.random.default_rng(seed)
    second = 1_772_323_200 if case != "newest first" else 1_772_323_200 + DAYS * 86_400
    number = 0
    while True:
        steps = random.integers(0, 15, BLOCK_ROWS).cumsum()
        seconds = second + (steps if case != "newest first" else -steps)
        second = int(seconds[-1])
        stamps = np.datetime_as_string(seconds.astype("datetime64[s]")).tolist()
        amounts = np.exp(random.normal(4, 1, BLOCK_ROWS)).round(2).tolist()
        accounts = random.integers(0, 20_000, BLOCK_ROWS).tolist()
        others = random.integers(0, 50_000, BLOCK_ROWS).tolist()
        rows = []
        for at, amount, account, other in zip(stamps, amounts, accounts, others, strict=True):
            number += 1
            written, text = f"{amount:.2f}", f"payment {number} for goods"
            if case == "dirty":
                written, text = written.replace(".", ","), _dirty_text(number)
                written = "n/a" if number % 50 == 0 else f"({written})" if number % 7 == 0 else written
            rows.append(
                f"T{number:08d};{at};SE{account:08d};{written};SEK;CP{other:06d};{5000 + other % 900};SE;{text}\n"
            )
        yield "".join(rows)


def _dirty_text(number: int) -> str:
    if number % 1000 == 0:
        return f'6" pipe {number}'
    return (f'"goods; {number}"', f'"two\nlines {number}"', f'"say ""{number}"""', "plain", "ök")[number % 5]


def make(path: Path, case: str, megabytes: float) -> None:
    with path.open("w") as file:
        file.write("transaction_id;booking date;account;amount;currency;counterparty;merchant category;country;text\n")
        for block in lines(case):
            file.write(block)
            if file.tell() >= megabytes * 1_000_000:
                return


def parse(path: Path) -> dict[str, float]:
    """Read the file in this process and measure it."""
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told: list[float] = []
    began = time.perf_counter()

    def progress(_stage: str, done: int, total: int) -> None:
        assert 0 <= done <= total
        told.append(time.perf_counter())

    folder = path.parent
    found = extract(path, path.name, folder / "rows.parquet", folder / "rejects.parquet", progress=progress)
    ended = time.perf_counter()
    gaps = np.diff([began, *told, ended])
    return {
        "megabytes": round(path.stat().st_size / 1e6, 1),
        "rows": found.rows,
        "rejected": found.rejected,
        "seconds": round(ended - began, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "mb_before": round(before_mb),
        "progress_gap_s_max": round(float(gaps.max()), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=100)
    parser.add_argument("--write", action="store_true", help="write bench/results/uploads.json")
    parser.add_argument("--parse", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.parse:
        print(json.dumps(parse(options.parse)))
        return
    results = {}
    for case in CASES:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "payments.csv"
            make(path, case, options.megabytes)
            command = [sys.executable, "-m", "bench.uploads", "--parse", str(path)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
        results[case] = json.loads(done.stdout)
        print(f"{case:14}", "  ".join(f"{name} {value}" for name, value in results[case].items()), flush=True)
    machine = {"python": platform.python_version(), "machine": platform.machine()}
    if options.write:
        RESULTS.write_text(json.dumps({"machine": machine, "cases": results}, indent=1) + "\n")
    slow = [case for case, one in results.items() if one["seconds"] > SECONDS_MAX or one["peak_mb"] > PEAK_MB_MAX]
    if slow:
        sys.exit(f"too slow or too large: {', '.join(slow)}")


if __name__ == "__main__":
    main()
