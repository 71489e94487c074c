"""Foreign test suites: where their files are, and what docs/CONFORMANCE.md says of them."""

import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "CONFORMANCE.md"
JUDGES = Path(os.environ.get("JUDGES", ROOT.parent / "shared" / "judges"))
_NAME = re.compile(r"`([^`]+)`")


def folder(name: str) -> Path:
    """A suite's folder; skips the test where it is absent."""
    if not JUDGES.is_dir():
        pytest.skip("the foreign suites are not here: put them into ../shared/judges, or name their folder with JUDGES")
    return JUDGES / name


def cases(name: str, pattern: str = "*") -> dict[str, bytes]:
    """A suite's files by their names without the ending."""
    return {path.stem: path.read_bytes() for path in sorted(folder(name).glob(pattern))}


class Verdicts:
    """What a suite says of one place. `check` holds it against the page's row for the two."""

    def __init__(self, suite: str, place: str) -> None:
        self._suite, self._place = suite, place
        self.total = 0
        self.differing: dict[str, str] = {}  # case → what came out

    def judge(self, case: str, right: bool, found: object = "") -> None:
        self.total += 1
        if not right:
            self.differing[case] = str(found)

    def check(self) -> None:
        """Fails where the page says something else: another number of cases, or other cases that differ."""
        passed = self.total - len(self.differing)
        listed = ", ".join(f"`{case}`" for case in sorted(self.differing)) or "none"
        row = f"| {self._suite} | {self._place} | {self.total} | {passed} | {listed} |"
        documented = {(cells[0], cells[1]): cells for cells in rows_of_page(5)}.get((self._suite, self._place))
        assert documented, f"the page lacks this row, differing as {self.differing}:\n{row}"
        said = (documented[2], documented[3], set(_NAME.findall(documented[4].partition(":")[0])))
        assert said == (str(self.total), str(passed), set(self.differing)), f"{self.differing}\n{row}"


def rows_of_page(width: int) -> list[list[str]]:
    """The rows of the page's tables of so many columns, heads included."""
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("|")]
    split = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [cells for cells in split if len(cells) == width]
