"""Arrow columns to numbers, times and texts; what cannot be read is marked, not raised."""

from datetime import UTC, timedelta, tzinfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as compute

from contracts.transaction import EPOCH
from features.columns import NONE, Texts
from riskstream_client.times import time_reader

Mask = npt.NDArray[np.bool_]
_MS, _US = 1000, 1_000_000
_UNREAD = -(2**62)
_COMMA = r"^-?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?$"
_MILLISECOND = timedelta(milliseconds=1)


def strings(column: pa.ChunkedArray) -> pa.Array:
    """Texts without the spaces around them; null stays null."""
    whole = column.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks)
    if pa.types.is_dictionary(whole.type):
        whole = whole.dictionary_decode()
    return compute.utf8_trim_whitespace(whole.cast(pa.string()))


def texts(column: pa.ChunkedArray) -> Texts:
    """Dictionary-encoded; empty is none."""
    encoded = strings(column).dictionary_encode()
    values = encoded.dictionary
    offsets = np.frombuffer(values.buffers()[1], np.int32)[values.offset : values.offset + len(values) + 1].astype(
        np.int64
    )
    data = np.frombuffer(values.buffers()[2] or b"", np.uint8)
    codes = encoded.indices.fill_null(NONE).to_numpy(zero_copy_only=False).astype(np.int32)
    empty = np.append(np.diff(offsets) == 0, False)
    codes[empty[codes]] = NONE
    return Texts(codes, data, offsets)


def numbers(column: pa.ChunkedArray, *, comma: bool = False) -> tuple[npt.NDArray[np.float64], Mask]:
    """(values, unreadable); NaN where there is nothing. `comma`: texts are written 1.234,56."""
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type) or pa.types.is_decimal(column.type):
        return column.cast(pa.float64()).to_numpy().astype(np.float64), np.zeros(len(column), bool)
    text = strings(column)
    if comma:
        fits = compute.or_(compute.match_substring_regex(text, _COMMA), compute.equal(text, ""))
        plain = compute.replace_substring(compute.replace_substring(text, ".", ""), ",", ".")
        text = compute.if_else(fits, plain, "not so")  # 5.25 is no number here, least of all 525
    filled = compute.if_else(compute.equal(text, ""), None, text)
    try:
        values = filled.cast(pa.float64()).to_numpy(zero_copy_only=False)
        return values, ~np.isfinite(values) & np.asarray(filled.is_valid())
    except pa.ArrowInvalid:
        found = [_number(value) for value in filled.to_pylist()]
        values = np.array([np.nan if value is None else value for value in found], np.float64)
        return values, ~np.isfinite(values) & np.asarray(filled.is_valid())


def times(column: pa.ChunkedArray, style: str, zone: tzinfo) -> tuple[npt.NDArray[np.int64], Mask]:
    """(milliseconds since 1970 UTC, rounded down; unreadable or missing)."""
    if pa.types.is_timestamp(column.type):
        return _of_timestamps(column.combine_chunks(), zone)
    text = strings(column)
    if style == "iso" and zone is UTC:
        for kind in (pa.timestamp("us"), pa.timestamp("us", "UTC")):
            try:
                return _of_timestamps(text.cast(kind), zone)
            except pa.ArrowInvalid:
                continue
    read = time_reader(style, zone)
    found = np.empty(len(text), np.int64)
    for row, value in enumerate(text.to_pylist()):
        try:
            found[row] = (read(value or "") - EPOCH) // _MILLISECOND
        except (ValueError, OverflowError):
            found[row] = _UNREAD
    return found, found == _UNREAD


def _of_timestamps(column: pa.Array, zone: tzinfo) -> tuple[npt.NDArray[np.int64], Mask]:
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks)
    if column.type.tz is None and zone is not UTC:
        column = compute.assume_timezone(column, str(zone), ambiguous="earliest", nonexistent="earliest")
    micros = column.cast(pa.timestamp("us", column.type.tz), safe=False).cast(pa.int64())
    missing = ~np.asarray(micros.is_valid())
    return micros.fill_null(0).to_numpy() // (_US // _MS), missing


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return np.inf
