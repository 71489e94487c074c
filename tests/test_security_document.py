"""docs/SECURITY.md: every risk of the list has a row, and every row names tests that there are."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROWS = re.findall(r"^\| (API\d+) .*\|.*\|(.*)\|$", (ROOT / "docs" / "SECURITY.md").read_text(), re.MULTILINE)


def test_every_risk_has_its_row() -> None:
    assert [name for name, _ in ROWS] == [f"API{number}" for number in range(1, 11)]


def test_every_row_names_tests_that_there_are() -> None:
    for name, tests in ROWS:
        named = re.findall(r"`(tests/[^`]+)`", tests)
        assert named, name
        for path in named:
            assert list(ROOT.glob(path)), path
