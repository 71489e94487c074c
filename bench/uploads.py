"""A 100 MB CSV from an upload's file to ranked anomalies: `python -m bench.uploads [--megabytes N] [--write]`.

The file is parsed, and its rows go through the default strategy: what the analysis worker does, without its database.
Each case runs in a process of its own, whose peak memory is the figure. `in order`: as a system exports it; `newest
first`: as banks do, so that rows have to be sorted; `dirty`: decimal commas, quotes, line ends within quotes, amounts
in brackets, and one row in fifty that cannot be used.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from analysis.extract.extract import extract
from analysis.presets import DEFAULT, PRESETS
from analysis.rows import ParquetRows
from analysis.run import analyse
from bench.harness import machine, write_result

CASES = ("in order", "newest first", "dirty")
BLOCK_ROWS = 20_000
DAYS = 90
SECONDS_MAX = 90.0  # parsing and analysis together
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


class Told:
    """When progress was told: the longest silence is what somebody who watches would have to bear."""

    def __init__(self) -> None:
        self._at = [time.perf_counter()]
        self._stages: list[str] = []

    def __call__(self, stage: str, done: int, total: int) -> None:
        assert 0 <= done <= total
        self._at.append(time.perf_counter())
        self._stages.append(stage)

    def silence(self) -> tuple[float, str]:
        """The longest one in seconds, and the stage that ended it."""
        gaps = np.diff([*self._at, time.perf_counter()])
        longest = int(gaps.argmax())
        return round(float(gaps[longest]), 2), [*self._stages, "end"][longest]


def measure(path: Path) -> dict[str, Any]:
    """Parse the file and analyse its rows in this process."""
    before_mb = _peak_mb()
    told = Told()
    began = time.perf_counter()
    rows_path = path.parent / "rows.parquet"
    found = extract(path, path.name, rows_path, path.parent / "rejects.parquet", progress=told)
    parsed = time.perf_counter()
    parsed_mb = _peak_mb()
    outcome = analyse(ParquetRows(rows_path), PRESETS[DEFAULT], progress=told, folder=path.parent)
    ended = time.perf_counter()
    silence, stage = told.silence()
    return {
        "megabytes": round(path.stat().st_size / 1e6, 1),
        "rows": found.rows,
        "rejected": found.rejected,
        "flagged": outcome.flagged,
        "parse_s": round(parsed - began, 2),
        "analyse_s": round(ended - parsed, 2),
        "seconds": round(ended - began, 2),
        "mb_before": before_mb,
        "parse_peak_mb": parsed_mb,
        "peak_mb": _peak_mb(),
        "progress_silence_s_max": silence,
        "silence_before": stage,
    }


def _peak_mb() -> int:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=100)
    parser.add_argument("--case", choices=CASES, help="only this one")
    parser.add_argument("--write", action="store_true", help="keep the result beside the benchmarks")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return
    results = {}
    about = machine()
    for case in [options.case] if options.case else CASES:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "payments.csv"
            make(path, case, options.megabytes)
            command = [sys.executable, "-m", "bench.uploads", "--measure", str(path)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
        results[case] = json.loads(done.stdout)
        print(f"{case:14}", "  ".join(f"{name} {value}" for name, value in results[case].items()), flush=True)
    if options.write:
        print(f"Written to {write_result('uploads', {'machine': about, 'strategy': DEFAULT, 'cases': results})}")
    slow = [case for case, one in results.items() if one["seconds"] > SECONDS_MAX or one["peak_mb"] > PEAK_MB_MAX]
    if slow:
        sys.exit(f"too slow or too large: {', '.join(slow)}")


if __name__ == "__main__":
    main()
