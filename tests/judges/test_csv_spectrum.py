"""csv-spectrum: the cells of every CSV reader are those of the suite's JSON file of the same name."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.extract.csv_reader import CsvReader
from analysis.extract.parts import Batch
from riskstream_client.csv_rows import CsvRows
from riskstream_client.mapping import Mapping
from riskstream_client.rows import Row
from tests.judges.suites import Verdicts, folder
from training.loaders.options import LoadOptions
from training.loaders.tables import Source

Rows = list[dict[str, str]]
GIVEN = Mapping({}, {"transaction_id": "t", "amount": 1, "timestamp": "2026-01-05T10:00:00Z", "account_id": "a"})


def uploaded(path: Path) -> Rows:
    reader = CsvReader(path)
    found: Rows = []
    for batch in reader.batches():
        assert isinstance(batch, Batch), batch
        columns = [batch.columns[name].to_pylist() for name in reader.names]
        found += [dict(zip(reader.names, cells, strict=True)) for cells in zip(*columns, strict=True)]
    return found


def published(path: Path) -> Rows:
    reader = CsvRows(io.BytesIO(path.read_bytes()), path.name, GIVEN)
    rows = list(reader)
    assert all(isinstance(row, Row) for row in rows), rows
    return [dict(zip(reader.header, row.source, strict=True)) for row in rows]


def trained(path: Path) -> Rows:
    source = Source(path, LoadOptions())
    assert source.names is not None
    tables = [chunk.table for chunk in source.chunks(source.names)]
    assert not source.broken, source.broken
    rows: Rows = [row for table in tables for row in table.select(source.names).to_pylist()]
    return [{name: value or "" for name, value in row.items()} for row in rows]


READERS = {"upload": uploaded, "`publish`": published, "`train`": trained}
EACH = pytest.mark.parametrize("place", READERS)
OWN = {  # small cases that run without the suite
    "quoted": ('a,b\n"1,2","say ""no"""\n', [{"a": "1,2", "b": 'say "no"'}]),
    "lines": ('a,b\r\n"x\r\ny",2\r\n3,"z\n"\r\n', [{"a": "x\r\ny", "b": "2"}, {"a": "3", "b": "z\n"}]),
    "empty": ('a,b,c\n1,"",""\n,2,3\n', [{"a": "1", "b": "", "c": ""}, {"a": "", "b": "2", "c": "3"}]),
    "no line end": ("a,b\n1,ü", [{"a": "1", "b": "ü"}]),
}


def cells(read: Callable[[Path], Rows], path: Path) -> Rows | str:
    try:
        return read(path)
    except Exception as error:  # noqa: BLE001 - whatever it is, it stands among what differs
        return repr(error)


@EACH
@pytest.mark.parametrize("case", OWN)
def test_cells_are_as_written(tmp_path: Path, place: str, case: str) -> None:
    text, rows = OWN[case]
    path = tmp_path / "own.csv"
    path.write_bytes(text.encode())
    assert READERS[place](path) == rows


@EACH
def test_the_suite(place: str) -> None:
    verdicts = Verdicts("csv-spectrum", place)
    for path in sorted(folder("csv").glob("csvs/*.csv")):
        expected = json.loads((path.parents[1] / "json" / f"{path.stem}.json").read_text("utf-8"))
        found = cells(READERS[place], path)
        verdicts.judge(path.stem, found == expected, found)
    verdicts.check()
