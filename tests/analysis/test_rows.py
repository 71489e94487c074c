"""Rows: written in any order, read in order of time, the same in every pass."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.rows import MISSING, NO_TIME, SCHEMA, ParquetRows, RowWriter
from tests.analysis.rows_of import MONDAY_MS, written

TIMES = st.lists(st.none() | st.integers(0, 10**13), min_size=1, max_size=60)


@given(TIMES)
def test_rows_come_in_order_of_time_and_place(
    tmp_path_factory: pytest.TempPathFactory, times: list[int | None]
) -> None:
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    source = written(path, [{"amount": i, "time_ms": time} for i, time in enumerate(times)])
    (rows,) = source.chunks()
    expected = sorted((NO_TIME if time is None else time, i + 2) for i, time in enumerate(times))
    assert list(zip(rows.time_ms.tolist(), rows.row.tolist(), strict=True)) == expected
    assert rows.amount.tolist() == [float(place - 2) for _, place in expected]


def test_sorting_says_how_far_it_is(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    with RowWriter(tmp_path / "rows.parquet", lambda *step: told.append(step)) as writer:
        for first in (100_000, 0):
            numbers = np.arange(first, first + 100_000)
            writer.write({"row": numbers, "time_ms": numbers, "amount_minor": numbers * 10_000})
    assert told[0] == ("sort", 0, 200_000)
    assert told[-1] == ("sort", 200_000, 200_000)
    assert told == sorted(told)
    assert len(told) > 2


def test_words_have_one_number_in_every_pass(tmp_path: Path) -> None:
    accounts = ["b", None, "a", "b", "ü", None]
    source = written(tmp_path / "rows.parquet", [{"amount": 1, "account": name} for name in accounts])
    for _ in range(2):
        (rows,) = source.chunks()
        numbers = rows.words["account"]
        assert [source.word("account", n) if n != MISSING else None for n in numbers.tolist()] == accounts
        assert rows.words["merchant"].tolist() == [MISSING] * 6


def test_chunks_are_numbered_across_row_groups(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    with RowWriter(path) as writer:
        for first in range(0, 200_000, 50_000):
            numbers = np.arange(first, first + 50_000)
            writer.write({"row": numbers, "time_ms": numbers, "amount_minor": numbers * 10_000})
    assert writer.count == 200_000
    place = 0
    for rows in ParquetRows(path).chunks():
        assert rows.start == place
        assert rows.row[0] == place
        place += len(rows)
    assert place == 200_000


def test_whole_records_are_found_by_place(tmp_path: Path) -> None:
    given_rows = [{"amount": i, "time_ms": MONDAY_MS + i, "text": f"row {i}"} for i in range(10)]
    source = written(tmp_path / "rows.parquet", given_rows)
    records = source.records([7, 2])
    assert [record["text"] for record in records] == ["row 2", "row 7"]
    assert set(records[0]) == set(SCHEMA.names)


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(pa.ArrowInvalid), RowWriter(tmp_path / "rows.parquet") as writer:
        writer.write({"row": ["no number"]})
    assert list(tmp_path.iterdir()) == []
