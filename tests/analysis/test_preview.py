"""What a change of a strategy would flag, and the sample that it is tried on."""

from pathlib import Path
from typing import Any

import pytest

from analysis.preview import ITEMS_MAX, PreviewFound, previewed
from analysis.rows import ParquetRows
from analysis.sample_rows import sample
from analysis.strategy import Strategy
from tests.analysis.rows_of import DAY_MS, MONDAY_MS, habits, written

LARGE = {"account": "a1", "time_ms": MONDAY_MS + 30 * DAY_MS + 1, "amount": 5_000, "transaction_id": "large"}
AGAIN = [
    {
        "account": "a2",
        "counterparty": "c1",
        "amount": 77.7,
        "time_ms": MONDAY_MS + 40 * DAY_MS + i,
        "transaction_id": f"p{i}",
    }
    for i in range(2)
]


def strategy(*names: str, **changes: Any) -> Strategy:
    return Strategy.model_validate({"name": "n", "detectors": [{"detector": name} for name in names], **changes})


def compared(rows: ParquetRows, wanted: Strategy, current: Strategy, folder: Path) -> PreviewFound:
    return previewed(
        rows, rows.count, wanted, current, folder=folder, progress=lambda *_: None, cancelled=lambda: False
    )


def test_what_is_gained_and_lost(tmp_path: Path) -> None:
    rows = written(tmp_path / "rows.parquet", [*habits(), LARGE, *AGAIN])
    found = compared(rows, strategy("duplicate", threshold=40), strategy("z_score", threshold=50), tmp_path)
    gained = {item.transaction_id: item for item in found.gained}  # and what repeats by chance
    assert "p1" in gained
    assert "large" not in gained
    assert found.lost[0].transaction_id == "large"
    assert "standard deviations" in found.lost[0].reasons["z_score"]
    assert (found.lost[0].score, gained["p1"].score_current < 50) == (0.0, True)
    assert found.flagged - found.gained_rows == found.flagged_current - found.lost_rows
    assert (found.rows, found.rows_total) == (403, 403)
    assert [path.name for path in tmp_path.iterdir()] == ["rows.parquet"]


def test_the_same_differs_in_nothing(tmp_path: Path) -> None:
    rows = written(tmp_path / "rows.parquet", [*habits(), LARGE])
    found = compared(rows, strategy("z_score"), strategy("z_score"), tmp_path)
    assert (found.gained, found.lost, found.flagged) == ([], [], found.flagged_current)
    assert all(item.score == item.score_current for item in found.top)


def test_lists_are_short_and_counts_are_whole(tmp_path: Path) -> None:
    rows = written(tmp_path / "rows.parquet", habits(1_000))
    low, high = strategy("z_score", threshold=1), strategy("z_score", threshold=100)
    found = compared(rows, low, high, tmp_path)
    assert len(found.top) == len(found.gained) == ITEMS_MAX
    assert found.gained_rows == found.flagged - found.flagged_current


@pytest.mark.parametrize("rows_max", [50, 150, 399])
def test_a_sample_is_of_whole_accounts_and_the_same_again(rows_max: int, tmp_path: Path) -> None:
    whole = written(tmp_path / "rows.parquet", habits(accounts=20))
    taken = sample(whole.path, tmp_path / "sample.parquet", rows_max)
    accounts = [record["account"] for record in whole.records(range(whole.count))]
    kept = [record["account"] for record in taken.records(range(taken.count))]
    assert 0.5 * rows_max <= len(kept) <= rows_max
    for account in set(kept):
        assert kept.count(account) == accounts.count(account)
    again = sample(whole.path, tmp_path / "again.parquet", rows_max)
    assert again.records(range(again.count)) == taken.records(range(taken.count))


def test_where_no_account_fits_the_newest_rows_are_taken(tmp_path: Path) -> None:
    whole = written(tmp_path / "rows.parquet", habits(accounts=1))
    taken = sample(whole.path, tmp_path / "sample.parquet", 30)
    assert taken.records(range(30)) == whole.records(range(370, 400))


def test_one_large_account_is_not_left_out_for_a_small_one(tmp_path: Path) -> None:
    whole = written(tmp_path / "rows.parquet", [*habits(accounts=1), LARGE | {"account": "other"}])
    taken = sample(whole.path, tmp_path / "sample.parquet", 100)
    assert taken.records(range(100)) == whole.records(range(301, 401))


def test_a_small_file_is_taken_whole(tmp_path: Path) -> None:
    whole = written(tmp_path / "rows.parquet", habits())
    assert sample(whole.path, tmp_path / "sample.parquet", 400).path == whole.path
