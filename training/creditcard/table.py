"""The rows of a file in the format of the public creditcard.csv: Time, V1…V28, Amount, Class."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

from contracts.errors import DataRefused
from scoring.model import Vectors
from scoring.schema import CREDIT_CARD

TIME, CLASS = "Time", "Class"
SECONDS_A_ROW = 1.0  # where the file does not tell
BLOCK_BYTES = 16 * 1024 * 1024  # read at once


class CardRows(NamedTuple):
    """n rows in the file's order. `kind` is empty where it is not known; only made-up rows know it."""

    vectors: Vectors  # (n, 29), the columns of `CREDIT_CARD`
    seconds: npt.NDArray[np.float64]  # since the first row
    fraud: npt.NDArray[np.bool_]
    kind: npt.NDArray[np.str_]
    has_time: bool = True  # else `seconds` only tell the order of the rows


def read_card_rows(path: Path) -> CardRows:
    """Read a CSV, also gzipped; without a column Time in the order of its rows.

    Raises DataRefused for a missing column, a value that is no number, unsorted times.
    """
    try:
        with csv.open_csv(path, csv.ReadOptions(block_size=BLOCK_BYTES)) as file:
            has_time = TIME in file.schema.names
    except (OSError, pa.ArrowException) as error:
        raise DataRefused(f"{path} cannot be read: {error}") from error
    wanted = (*((TIME,) if has_time else ()), *CREDIT_CARD.features, CLASS)
    types = dict.fromkeys(wanted, pa.float64())
    try:
        table = csv.read_csv(
            path,
            csv.ReadOptions(block_size=BLOCK_BYTES),
            convert_options=csv.ConvertOptions(
                column_types=types, include_columns=list(wanted), strings_can_be_null=False
            ),
        )
    except KeyError as error:
        name = str(error).partition("'")[2].partition("'")[0]
        raise DataRefused(f"{path} lacks a column: {name}; needed are V1 to V28, Amount and Class") from error
    except (OSError, pa.ArrowException) as error:
        raise DataRefused(f"{path} cannot be read: {error}") from error
    if not len(table):
        raise DataRefused(f"{path} holds no rows")
    columns = {name: table[name].to_numpy() for name in wanted}
    if not has_time:
        columns[TIME] = np.arange(len(table), dtype=np.float64) * SECONDS_A_ROW
    return _checked(path, columns)._replace(has_time=has_time)


def _checked(path: Path, columns: dict[str, npt.NDArray[np.float64]]) -> CardRows:
    for name, values in columns.items():
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            raise DataRefused(f"{path}, line {bad[0] + 2}, column {name}: not a finite number")
    labels, seconds = columns[CLASS], columns[TIME]
    bad = np.flatnonzero((labels != 0) & (labels != 1))
    if len(bad):
        raise DataRefused(f"{path}, line {bad[0] + 2}, column {CLASS}, value {labels[bad[0]]:g}: must be 0 or 1")
    bad = np.flatnonzero(columns["Amount"] < 0)
    if len(bad):
        raise DataRefused(f"{path}, line {bad[0] + 2}, column Amount: below 0")
    bad = np.flatnonzero(np.diff(seconds) < 0)
    if len(bad):
        raise DataRefused(f"{path}, line {bad[0] + 3}, column {TIME}: earlier than the row before it; sort the file")
    vectors = np.stack([columns[name] for name in CREDIT_CARD.features], axis=1).astype(np.float32)
    return CardRows(vectors, seconds, labels == 1, np.full(len(labels), "", dtype="<U1"))
