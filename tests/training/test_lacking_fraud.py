"""Training that lacks fraud, or anything else but fraud, in one part says which part and which dates."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from contracts.errors import DataRefused
from training.creditcard.history import credit_card_history
from training.periods import split

CASES = Path(os.environ.get("JUDGES", Path(__file__).parents[3] / "shared")) / "cases"
START_MS = 1_767_225_600_000  # 1 January 2026
MINUTE_MS = 60_000
ROWS = 2_000  # 43 minutes apart: 59.7 days

times = START_MS + np.arange(ROWS, dtype=np.int64) * 43 * MINUTE_MS
some = np.arange(ROWS) % 10 == 0
first, last = np.arange(ROWS) < ROWS // 2, np.arange(ROWS) >= ROWS * 7 // 10


@pytest.mark.parametrize(
    ("fraud", "part", "what", "dates"),
    [
        (np.zeros(ROWS, bool), "train", "0 of them fraud", "2026-01-01 to 2026-01-2"),
        (some & ~first, "train", "0 of them fraud", "2026-01-01 to 2026-01-2"),
        (some & ~last, "test", "0 of them fraud", "2026-02-17 to 2026-03-01"),
        (some | ~first, "validation", "0 of them legitimate", "2026-01-3"),
        (np.ones(ROWS, bool), "train", "0 of them legitimate", "2026-01-01 to 2026-01-2"),
        (some | last, "test", "0 of them legitimate", "2026-02-17 to 2026-03-01"),
    ],
)
def test_the_part_and_its_dates_are_named(fraud: np.ndarray, part: str, what: str, dates: str) -> None:
    with pytest.raises(DataRefused) as refused:
        split(times, fraud)
    sentence = str(refused.value)
    assert sentence.startswith(f"the {part} period has ")
    assert what in sentence
    assert dates in sentence


def card_file(folder: Path, header: Callable[[list[str]], list[str]]) -> Path:
    """Rows in the card format, of which every tenth is fraud."""
    names = ["Time", *(f"V{i}" for i in range(1, 29)), "Amount", "Class"]
    lines = [",".join(header(names))]
    for row in range(300):
        values = dict.fromkeys(names, "0.5") | {"Time": str(row * 60), "Class": str(int(row % 10 == 0))}
        lines.append(",".join(values[name] for name in header(names)))
    path = folder / "cards.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_cards_without_times_are_taken_in_the_order_of_the_file(tmp_path: Path) -> None:
    history = credit_card_history(card_file(tmp_path, lambda names: names[1:]), 0)
    assert len(history) == 300
    assert np.all(np.diff(history.time_ms) > 0)
    assert "no column Time" in str(history.description["order"])
    assert list(history.outcomes(np.arange(300)).segments) == ["amount"]


def test_cards_with_times_keep_them(tmp_path: Path) -> None:
    history = credit_card_history(card_file(tmp_path, lambda names: names), 0)
    assert history.time_ms[1] == 60_000
    assert "order" not in history.description


def test_another_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match="lacks a column: V7; needed are"):
        credit_card_history(card_file(tmp_path, lambda names: [name for name in names if name != "V7"]), 0)


@pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not here")
def test_the_public_file_without_times() -> None:
    assert len(credit_card_history(CASES / "42-creditcard-no-time.csv", 0)) == 400
