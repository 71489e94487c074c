"""Vectors with their transactions as a Parquet file, a row group a chunk."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as parquet

from contracts.errors import DataRefused
from features.catalogue import CATALOGUE_HASH, FEATURE_NAMES
from features.columns import KIND_CODE, Texts, TransactionColumns
from scoring.model import Vectors
from training.columns import LABEL, Columns
from training.loaders.parsing import texts

_HASH = b"riskstream.catalogue_hash"
_CODECS = "zstd"
_KIND_NAME = {code: kind.value for kind, code in KIND_CODE.items()}
_TEXTS = ("transaction_id", "account", "currency", "device", "ip", "merchant", "beneficiary", "country", "location")


def write_vectors(
    path: Path, chunks: Iterable[tuple[Columns, Vectors]], names: tuple[str, ...] = FEATURE_NAMES
) -> Iterator[tuple[Columns, Vectors]]:
    """Write chunks as they pass through; the file is whole when the iterator has ended, else there is none."""
    partial = path.with_name(f".{path.name}.partial")
    writer = None
    try:
        for columns, vectors in chunks:
            table = _table(columns, vectors, names)
            if writer is None:
                writer = parquet.ParquetWriter(
                    partial, table.schema, compression=_CODECS, compression_level=1, use_dictionary=False
                )
            writer.write_table(table, row_group_size=len(columns))
            yield columns, vectors
        if writer is not None:
            writer.close()
            partial.replace(path)
    finally:
        if writer is not None:
            writer.close()
        partial.unlink(missing_ok=True)


def is_vector_file(path: Path) -> bool:
    """Whether a run wrote it with its vectors; whether of this catalogue, `read_vectors` says."""
    try:
        return _HASH in (parquet.read_schema(path).metadata or {})
    except (OSError, pa.ArrowException):
        return False  # another kind of file


def vector_rows(path: Path) -> int:
    """How many rows a vector file holds."""
    rows: int = parquet.read_metadata(path).num_rows
    return rows


def read_vectors(path: Path) -> Iterator[tuple[Columns, Vectors]]:
    """The chunks of a file of this catalogue, without the changes of labels. Raises DataRefused for another file."""
    try:
        with parquet.ParquetFile(path) as file:
            if (file.schema_arrow.metadata or {}).get(_HASH) != CATALOGUE_HASH.encode():
                raise DataRefused(f"{path} holds vectors of another catalogue; compute them anew")
            for group in range(file.num_row_groups):
                table = file.read_row_group(group)
                yield _columns(table), _matrix(table)
    except (OSError, pa.ArrowException) as error:
        raise DataRefused(f"{path} cannot be read: {error}") from error


def _table(columns: Columns, vectors: Vectors, names: tuple[str, ...]) -> pa.Table:
    one = columns.transactions
    arrays: dict[str, Any] = {name: _encoded(getattr(one, name)) for name in _TEXTS}
    arrays["client_id"] = one.client
    arrays["time"] = pa.array(one.time_ms, pa.timestamp("ms", "UTC"))
    arrays["amount"] = one.amount
    arrays["latitude"], arrays["longitude"] = one.latitude, one.longitude
    arrays["kind"] = pa.array(np.array([_KIND_NAME[code] for code in sorted(_KIND_NAME)])[one.kind])
    arrays["fraud"] = columns.fraud
    arrays["left_out"] = np.zeros(len(columns), bool) if columns.left_out is None else columns.left_out
    arrays["label_known"] = pa.array(columns.label_known_ms, pa.timestamp("ms", "UTC"))
    for name in ("typology", "channel", "category"):
        arrays[name] = _encoded(getattr(columns, name))
    arrays |= dict(zip(names, np.ascontiguousarray(vectors.T), strict=True))
    return pa.table(arrays).replace_schema_metadata({_HASH: CATALOGUE_HASH.encode()})


def _encoded(column: Texts) -> pa.Array:
    offsets = pa.py_buffer(column.offsets.astype(np.int32))
    values = pa.StringArray.from_buffers(len(column.offsets) - 1, offsets, pa.py_buffer(column.data))
    return values.take(pa.array(column.codes, mask=column.codes < 0))


def _columns(table: pa.Table) -> Columns:
    def numbers(name: str, kind: npt.DTypeLike) -> npt.NDArray[Any]:
        column = table[name]
        plain = column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
        return np.asarray(plain.to_numpy(), kind)

    kinds = texts(table["kind"])
    codes = {name: code for code, name in _KIND_NAME.items()}
    return Columns(
        transactions=TransactionColumns(
            **{name: texts(table[name]) for name in _TEXTS},
            client=numbers("client_id", np.int32),
            time_ms=numbers("time", np.int64),
            amount=numbers("amount", np.float64),
            latitude=numbers("latitude", np.float64),
            longitude=numbers("longitude", np.float64),
            kind=np.array([codes[name] for name in kinds.values()], np.uint8)[kinds.codes],
        ),
        fraud=numbers("fraud", np.bool_),
        labels=np.zeros(0, LABEL),
        label_known_ms=numbers("label_known", np.int64),
        typology=texts(table["typology"]),
        channel=texts(table["channel"]),
        category=texts(table["category"]),
        left_out=numbers("left_out", np.bool_),
    )


def _matrix(table: pa.Table) -> Vectors:
    matrix = np.empty((len(table), len(FEATURE_NAMES)), np.float32)
    for column, name in enumerate(FEATURE_NAMES):
        matrix[:, column] = table[name].to_numpy()
    return matrix
