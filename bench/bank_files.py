"""Generated bank files through the reader: `python -m bench.bank_files [--count N] [--seed N] [--keep FOLDER]`.

Each file comes with its truth, so each reading is right, asks, refuses or is silently wrong; the last must not happen.
Counts them by each choice that the generator makes, then the real exports of banks that the product has no entry for.
A file is known by its seed and number: `--number 4711` shows one again.
"""

import argparse
import json
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.analysis.extract.generated.judge import Verdict, judged
from tests.analysis.extract.generated.make import numbered
from tests.analysis.extract.generated.real_formats import REAL_FORMATS

OUTCOMES = ("right", "asks", "refuses", "wrong")
MONEY_FAULTS = frozenset({"sign", "column", "scale", "extra row", "missing row not listed", "wrong currency"})
BLOCK = 50  # files a process takes at once


@dataclass(slots=True)
class Counts:
    """How often what came out, in all and by each value of each dimension."""

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    listed_files: int = 0
    wrong_money_files: int = 0
    by_dimension: dict[tuple[str, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, verdict: Verdict, dimensions: dict[str, str]) -> None:
        self.outcomes[verdict.outcome] += 1
        self.faults.update(verdict.kinds)
        self.listed_files += verdict.outcome == "right" and verdict.listed > 0
        self.wrong_money_files += bool(MONEY_FAULTS.intersection(verdict.kinds))
        for dimension in dimensions.items():
            self.by_dimension[dimension][verdict.outcome] += 1


def examined(seed: int, keep: Path | None, number: int) -> tuple[Verdict, dict[str, str]]:
    """One file's verdict; a misread file stays in the folder, with what went wrong beside it."""
    file = numbered(seed, number)
    verdict = judged(file)
    if keep and verdict.outcome == "wrong":
        name = f"{seed}-{number:05d}"
        (keep / f"{name}{Path(file.name).suffix}").write_bytes(file.data)
        told = {"verdict": str(verdict), "kinds": sorted(verdict.kinds), "dimensions": file.dimensions}
        told["truth"] = [[row.line, row.amount / 10_000, str(row.days[0]), row.currency] for row in file.rows]
        (keep / f"{name}.json").write_text(json.dumps(told, indent=1, ensure_ascii=False))
    return verdict, dict(file.dimensions) | {"undecidable": ", ".join(sorted(file.undecidable)) or "nothing"}


def table_of(title: str, rows: Iterator[tuple[str, Counter[str]]]) -> Table:
    table = Table(title=title)
    table.add_column("")
    for outcome in ("files", *OUTCOMES):
        table.add_column(outcome, justify="right")
    for name, counts in rows:
        table.add_row(name, f"{counts.total():,}", *(f"{counts[outcome]:,}" for outcome in OUTCOMES))
    return table


def show(console: Console, counts: Counts) -> None:
    console.print(table_of("generated bank files", iter([("all", counts.outcomes)])))
    console.print(f"of the right ones, {counts.listed_files:,} list some payments instead of landing them")
    console.print(
        f"of the wrong ones, {counts.wrong_money_files:,} are wrong in money: {', '.join(sorted(MONEY_FAULTS))}"
    )
    faults = Table("what was wrong", "files")
    for kind, count in counts.faults.most_common():
        faults.add_row(kind, f"{count:,}")
    console.print(faults)
    ordered = sorted(counts.by_dimension.items())
    console.print(table_of("by dimension", ((f"{key}: {value}", outcomes) for (key, value), outcomes in ordered)))


def real_formats(console: Console) -> int:
    """The table of real exports; gives the number of misread ones."""
    table = Table("real export", "outcome", "", title="real formats")
    outcomes: Counter[str] = Counter()
    for real in REAL_FORMATS:
        verdict = judged(real.file)
        outcomes[verdict.outcome] += 1
        table.add_row(real.bank, verdict.outcome, ", ".join(sorted(verdict.kinds)) or verdict.message[:100])
    console.print(table)
    console.print(", ".join(f"{outcomes[outcome]} {outcome}" for outcome in OUTCOMES))
    return outcomes["wrong"]


def show_one(seed: int, number: int) -> None:
    file = numbered(seed, number)
    print(file.dimensions)
    print(file.data.decode(file.dimensions["encoding"]) if file.name.endswith("csv") else file.name)
    for row in file.rows:
        print(row)
    print(judged(file))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000, help="how many files (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="which files (default: %(default)s)")
    parser.add_argument("--keep", type=Path, help="a folder for the files that were misread")
    parser.add_argument("--number", type=int, help="only this one of the seed's files, shown whole")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    options = parser.parse_args()
    if options.number is not None:
        show_one(options.seed, options.number)
        return
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    console, counts = Console(), Counts()
    with ProcessPoolExecutor(options.processes) as pool:
        verdicts = pool.map(partial(examined, options.seed, options.keep), range(options.count), chunksize=BLOCK)
        for verdict, dimensions in track(verdicts, "reading", total=options.count, console=Console(stderr=True)):
            counts.add(verdict, dimensions)
    show(console, counts)
    misread = real_formats(console)
    sys.exit(1 if misread or counts.outcomes["wrong"] else 0)


if __name__ == "__main__":
    main()
