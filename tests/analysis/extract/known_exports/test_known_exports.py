"""Each known export is recognised by its header, and its invented rows come out with the right money."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from analysis.extract.extract import Defaults
from analysis.extract.known_exports import KNOWN_EXPORTS, KnownExport, folded, recognised, recognised_by_cells
from tests.analysis.extract.known_exports.samples import SAMPLES
from tests.analysis.extract.samples import read

EXPORTS = {export.name: export for export in KNOWN_EXPORTS}
each_export = pytest.mark.parametrize("export", KNOWN_EXPORTS, ids=lambda export: export.name)
WITH_HEADER = [export for export in KNOWN_EXPORTS if not export.cells]
WITHOUT_HEADER = [export for export in KNOWN_EXPORTS if export.cells]


def _file(export: KnownExport, name: str) -> str:
    sample = SAMPLES[name]
    given = sample.columns.split("|")
    lines = [] if export.cells else [list(export.header)]
    for row in sample.rows:
        cells = dict(zip(given, row.split("|"), strict=True))
        assert set(cells) <= set(export.header)
        lines.append([cells.get(column, "") for column in export.header])
    above = f"{sample.above}\n" if sample.above else ""
    return above + "\n".join(sample.delimiter.join(f'"{cell}"' for cell in line) for line in lines) + "\n"


@pytest.mark.parametrize("name", SAMPLES)
def test_rows_land_with_the_right_money(name: str, tmp_path: Path) -> None:
    sample = SAMPLES[name]
    result, rows, rejects = read(tmp_path, "export.csv", _file(EXPORTS[name], name), defaults=Defaults(time_zone="UTC"))
    assert result.reading.known_export == name
    found = [
        (
            Decimal(row["amount_minor"]).scaleb(-4),
            datetime.fromtimestamp(row["time_ms"] / 1000, UTC).date().isoformat(),
            row.get("account"),
            row.get("currency"),
            row.get("counterparty"),
        )
        for row in sorted(rows, key=lambda row: int(row["row"]))
    ]
    assert found == [(Decimal(amount), *rest) for amount, *rest in sample.expected]
    assert [each["reason"] for each in rejects] == [
        "the row is in a state that does not count as booked"
    ] * sample.states


@pytest.mark.parametrize("export", WITH_HEADER, ids=lambda export: export.name)
def test_recognition_tolerates_how_names_are_written(export: KnownExport) -> None:
    written = [f' "{name.upper()}"  ' for name in export.header]
    written[0] = "\ufeff" + written[0]
    assert recognised(export.header) is export
    assert recognised(written) is export
    assert recognised([*export.header, "column 99"]) is export
    assert recognised([name for name in export.header if name not in export.optional]) is export


@each_export
def test_entry_is_whole(export: KnownExport) -> None:
    assert export.source
    named = {*export.columns.values(), *export.optional, *export.booked, *([export.fee] if export.fee else [])}
    assert named <= set(export.header)
    assert "time" in export.columns
    assert ("amount" in export.columns) != bool({"money_in", "money_out"} & set(export.columns))


def test_every_export_has_a_sample() -> None:
    assert SAMPLES.keys() == EXPORTS.keys()


def test_no_header_is_of_two_exports() -> None:
    for export in WITH_HEADER:
        for names in (export.header, [name for name in export.header if name not in export.optional]):
            found = [folded(name) for name in names]
            assert [each.name for each in KNOWN_EXPORTS if each.fits(found, 0)] == [export.name]


def _cells(name: str) -> list[list[str]]:
    """The columns of an export without a header, as its sample has them."""
    sample, header = SAMPLES[name], EXPORTS[name].header
    rows = [dict(zip(sample.columns.split("|"), row.split("|"), strict=True)) for row in sample.rows]
    return [[row.get(column, "") for row in rows] for column in header]


@pytest.mark.parametrize("export", WITHOUT_HEADER, ids=lambda export: export.name)
def test_cells_without_a_header_are_of_one_export(export: KnownExport) -> None:
    cells = _cells(export.name)
    assert [each.name for each in WITHOUT_HEADER if each.fits_cells(cells)] == [export.name]
    assert recognised_by_cells(cells) is export
    assert recognised_by_cells([*cells, ["", ""]]) is export  # a delimiter at the rows' end
    assert recognised_by_cells([*cells, ["", "7"]]) is None
    assert recognised_by_cells([["?", *column] for column in cells]) is None
    assert len(export.cells) == len(export.header)


def test_columns_without_cells_are_of_no_export() -> None:
    assert recognised_by_cells([]) is None
    assert recognised_by_cells([[], [], [], [], []]) is None


def test_another_header_is_of_none() -> None:
    assert recognised(["Date", "Description", "Amount"]) is None
    assert recognised([*EXPORTS["Discover card, CSV"].header, "Fee"]) is None  # short: nothing may be added
    assert recognised([]) is None
