"""The page names every known export: `python -m tests.analysis.extract.known_exports.test_page` prints its table."""

from pathlib import Path

from analysis.extract.known_exports import KNOWN_EXPORTS

PAGE = Path(__file__).parents[4] / "docs" / "ANALYSIS.md"


def _table() -> str:
    rows = ["| country | exports |", "|---|---|"]
    for country in sorted({export.country for export in KNOWN_EXPORTS}, key=lambda code: (not code, code)):
        names = [export.name for export in KNOWN_EXPORTS if export.country == country]
        rows.append(f"| {country or 'any'} | {'; '.join(sorted(names, key=str.casefold))} |")
    return "\n".join(rows)


def test_page_has_the_table() -> None:
    assert _table() in PAGE.read_text(), "print the table again"


if __name__ == "__main__":
    print(_table())
