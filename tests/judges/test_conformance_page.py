"""docs/CONFORMANCE.md as a whole; its figures are held against each suite where that is run."""

import re

from tests.judges.suites import PAGE, ROOT, folder, rows_of_page

TEXT = PAGE.read_text("utf-8")


def test_the_tests_that_it_names_are_there() -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", TEXT))
    assert len(named) > 8
    assert not [path for path in named if not (ROOT / path).is_file()]


def test_each_row_adds_up() -> None:
    rows = [cells for cells in rows_of_page(5) if cells[2].isdigit()]
    assert len(rows) > 50
    assert len({(cells[0], cells[1]) for cells in rows}) == len(rows)
    for suite, place, cases, passed, differing in rows:
        names = re.findall(r"`([^`]+)`", differing)
        assert int(cases) == int(passed) + len(names), (suite, place)
        assert bool(names) == (differing != "none"), (suite, place)
        for name in names:  # and says why
            assert TEXT.count(name.split()[0]) > 1, (suite, name)


def test_the_linters_versions_are_those_that_run() -> None:
    linters = (ROOT / "tests" / "api" / "test_api_linters.py").read_text("utf-8")
    versions = re.findall(r'"@[\w/-]+@([\d.]+)"', linters)
    assert len(versions) == 3
    assert all(version in TEXT for version in versions)


def test_the_suites_versions_are_those_that_lie_there() -> None:
    commits = re.findall(r"\[([0-9a-f]{7})\]", (folder(".") / "README.md").read_text("utf-8"))
    used = [commit for commit in commits if commit in TEXT]
    assert len(used) >= 6
