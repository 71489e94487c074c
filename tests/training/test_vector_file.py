"""Vectors written as Parquet come back as they were; another catalogue's file, or half a file, is refused."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from contracts.errors import DataRefused
from scoring.model import Vectors
from tests.training.small_world import small_world
from training import vector_file
from training.column_fold import fold_columns
from training.columns import Columns, columns_with_labels
from training.vector_file import read_vectors, write_vectors


def made_chunks() -> list[tuple[Columns, Vectors]]:
    data = small_world(900)
    parts = [slice(0, 400), slice(400, 900)]
    ids = [{one.transaction_id for one in data.transactions[part]} for part in parts]
    chunks = [
        columns_with_labels(
            data.transactions[part],
            [label for label in data.labels if label.transaction_id in own],
            data.typology[part],
        )
        for part, own in zip(parts, ids, strict=True)
    ]
    return list(fold_columns(chunks))


def test_what_is_written_is_read_in_the_same_chunks(tmp_path: Path) -> None:
    chunks = made_chunks()
    passed = list(write_vectors(tmp_path / "vectors.parquet", chunks))
    read = list(read_vectors(tmp_path / "vectors.parquet"))
    assert len(passed) == len(read) == 2
    for (columns, vectors), (columns_again, vectors_again) in zip(chunks, read, strict=True):
        assert vectors_again.tobytes() == vectors.tobytes()
        assert columns_again.fraud.tolist() == columns.fraud.tolist()
        assert columns_again.label_known_ms.tolist() == columns.label_known_ms.tolist()
        assert columns_again.time_ms.tolist() == columns.time_ms.tolist()
        for name in ("account", "transaction_id", "merchant", "currency"):
            one, other = getattr(columns_again.transactions, name), getattr(columns.transactions, name)
            assert one.texts() == other.texts()
        assert columns_again.transactions.kind.tolist() == columns.transactions.kind.tolist()
        assert columns_again.typology.texts() == columns.typology.texts()


def test_a_run_that_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    def breaking() -> Iterator[tuple[Columns, Vectors]]:
        yield made_chunks()[0]
        raise DataRefused("line 7")

    with pytest.raises(DataRefused, match="line 7"):
        list(write_vectors(tmp_path / "vectors.parquet", breaking()))
    assert list(tmp_path.iterdir()) == []


def test_another_catalogue_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "vectors.parquet"
    list(write_vectors(path, made_chunks()))
    monkeypatch.setattr(vector_file, "CATALOGUE_HASH", "0" * 16)
    with pytest.raises(DataRefused, match="another catalogue"):
        list(read_vectors(path))


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vectors.parquet"
    list(write_vectors(path, made_chunks()))
    assert parquet.read_metadata(path).num_rows == 900
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataRefused, match="cannot be read"):
        list(read_vectors(path))
