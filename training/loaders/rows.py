"""One chunk of a file as columns of transactions, with every row that the stream would refuse marked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as compute

from contracts.country import COUNTRIES
from contracts.currency import MINOR_UNIT_DECIMALS
from contracts.look_alikes import ID_FIELDS, complaint_about_spelling
from contracts.transaction import AMOUNT_MAX, CLIENT_ID_MAX, DEMO_CLIENT_ID, YEAR_MAX, YEAR_MIN, Kind, canonical_ip
from features.columns import KIND_CODE, NONE, Texts, TransactionColumns
from riskstream_client.messages import VERDICTS
from training.columns import Columns, simple_labels
from training.loaders.options import LoadOptions
from training.loaders.parsing import Mask, numbers, strings, texts, times

Complaint = Callable[[str, Mask, str], None]  # field, bad rows, what is wrong with them

_MS = 1000
_FORMAT_HINT = "say how it is written, as in --time-format '%d.%m.%Y %H:%M:%S'"
TIME_MIN_MS = int(datetime(YEAR_MIN, 1, 1, tzinfo=UTC).timestamp()) * _MS
TIME_END_MS = int(datetime(YEAR_MAX + 1, 1, 1, tzinfo=UTC).timestamp()) * _MS
_CONTROL = r"[\x00-\x1f\x7f]"
_LENGTHS = {  # longest text of each field, as in `contracts.transaction`
    "transaction_id": 128, "account_id": 128, "phone_number": 32, "device_id": 128, "ip_address": 45,
    "merchant_id": 128, "beneficiary_id": 128, "location": 128, "channel": 64, "merchant_category": 64,
    "currency": 3, "country": 2, "typology": 64, "kind": 16, "fraud": 16,
}  # fmt: skip


@dataclass
class RowReader:
    """Reads the columns of one chunk; `complain` is told of bad rows."""

    table: pa.Table  # columns by the names of fields
    options: LoadOptions
    complain: Complaint
    bad: Mask = field(init=False)

    def __post_init__(self) -> None:
        self.bad = np.zeros(len(self.table), bool)

    def columns(self) -> Columns:
        """All rows; those that are marked in `bad` hold anything."""
        n = len(self.table)
        account = self._account()
        time_ms = self._time("timestamp")
        fraud = self._verdicts()
        labels, known = simple_labels(time_ms, fraud, self._known(time_ms), self.options.delay_ms)
        latitude, longitude = self._degrees("latitude", 90.0), self._degrees("longitude", 180.0)
        self._mark("latitude", np.isnan(latitude) != np.isnan(longitude), "latitude and longitude come together")
        return Columns(
            transactions=TransactionColumns(
                transaction_id=self._required("transaction_id"),
                client=self._clients(n),
                time_ms=time_ms,
                amount=self._amounts(),
                currency=self._of("currency", lambda code: code in MINOR_UNIT_DECIMALS, "no ISO 4217 currency code"),
                account=account,
                device=self._texts("device_id"),
                ip=self._of("ip_address", lambda text: bool(canonical_ip(text)), "not an IPv4 or IPv6 address"),
                merchant=self._texts("merchant_id"),
                beneficiary=self._texts("beneficiary_id"),
                country=self._of("country", lambda code: code in COUNTRIES, "no ISO 3166 country code"),
                location=self._texts("location"),
                latitude=latitude,
                longitude=longitude,
                kind=self._kinds(n),
            ),
            fraud=fraud,
            labels=labels,
            label_known_ms=known,
            typology=_only(self._texts("typology"), fraud),
            channel=self._texts("channel"),
            category=self._texts("merchant_category"),
        )

    def _mark(self, name: str, bad: Mask, reason: str) -> None:
        fresh = bad & ~self.bad
        if fresh.any():
            self.complain(name, fresh, reason)
            self.bad |= fresh

    def _has(self, name: str) -> bool:
        return name in self.table.column_names

    def _texts(self, name: str) -> Texts:
        if not self._has(name):
            return Texts.nothing(len(self.table))
        found = texts(self.table[name])
        self._mark_values(
            name, found, _odd(found, _LENGTHS[name]), f"longer than {_LENGTHS[name]} characters, or control characters"
        )
        if name in ID_FIELDS:
            self._mark_values(name, found, _look_alike(found), "has another spelling that looks the same")
        return found

    def _mark_values(self, name: str, found: Texts, odd: Mask, reason: str) -> None:
        """Mark the rows with the distinct values that are `odd`."""
        if odd.any():
            self._mark(name, np.append(odd, False)[found.codes], reason)

    def _required(self, name: str) -> Texts:
        found = self._texts(name)
        self._mark(name, found.codes == NONE, "missing")
        return found

    def _of(self, name: str, valid: Callable[[str], bool], reason: str) -> Texts:
        found = self._texts(name)
        self._mark_values(name, found, np.array([not valid(value) for value in found.values()], bool), reason)
        return found

    def _account(self) -> Texts:
        """`account_id`, else `phone_number`."""
        if not self._has("phone_number"):
            return self._required("account_id")
        phone = self._texts("phone_number")
        if not self._has("account_id"):
            self._mark("phone_number", phone.codes == NONE, "missing")
            return phone
        account = self._texts("account_id")
        both = [one or other for one, other in zip(account.texts(), phone.texts(), strict=True)]
        found = Texts.of(both)
        self._mark("account_id", found.codes == NONE, "missing, and phone_number too")
        return found

    def _time(self, name: str) -> npt.NDArray[np.int64]:
        found, unread = times(self.table[name], self.options.time_format, self.options.zone)
        self._mark(name, unread, f"cannot be read as a time; {_FORMAT_HINT}")
        wrong = (found < TIME_MIN_MS) | (found >= TIME_END_MS)
        self._mark(name, wrong, f"lies outside the years {YEAR_MIN} to {YEAR_MAX}")
        return np.where(self.bad, TIME_MIN_MS, found)

    def _known(self, time_ms: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """When each row's verdict was told."""
        after = time_ms + int(self.options.label_after.total_seconds() * _MS)
        if not self._has("known_at"):
            return after
        column = self.table["known_at"]
        given = np.asarray(compute.greater(compute.utf8_length(strings(column)), 0).fill_null(False))
        known, unread = times(column, self.options.time_format, self.options.zone)
        self._mark("known_at", unread & given, f"cannot be read as a time; {_FORMAT_HINT}")
        self._mark("known_at", given & ~unread & (known < time_ms), "lies before the transaction")
        return np.where(given & ~unread, known, after)

    def _verdicts(self) -> npt.NDArray[np.bool_]:
        found = self._texts("fraud")
        said = [VERDICTS.get(value.lower()) for value in found.values()]
        odd = np.array([verdict is None for verdict in said], bool)
        self._mark_values("fraud", found, odd, "neither fraud (1) nor legitimate (0)")
        return np.array([*(bool(verdict) for verdict in said), False])[found.codes]

    def _clients(self, n: int) -> npt.NDArray[np.int32]:
        if not self._has("client_id"):
            return np.full(n, DEMO_CLIENT_ID, np.int32)
        found, unread = numbers(self.table["client_id"])
        found = np.where(np.isnan(found) & ~unread, DEMO_CLIENT_ID, found)
        wrong = unread | ~((found >= 1) & (found <= CLIENT_ID_MAX) & (found == np.floor(found)))
        self._mark("client_id", wrong, "not a client's number")
        return np.where(wrong, DEMO_CLIENT_ID, found).astype(np.int32)

    def _amounts(self) -> npt.NDArray[np.float64]:
        found, unread = numbers(self.table["amount"], comma=self.options.decimal_comma)
        self._mark("amount", unread | np.isnan(found), "not a number; for 1.234,56 see --decimal-comma")
        least = found >= 0 if self.options.keep_zero_amounts else found > 0
        self._mark("amount", ~least, "not above 0: the stream refuses it")
        self._mark("amount", found > AMOUNT_MAX, f"above {AMOUNT_MAX:.0f}")
        return np.where(np.isfinite(found), found, 0.0)

    def _degrees(self, name: str, limit: float) -> npt.NDArray[np.float64]:
        if not self._has(name):
            return np.full(len(self.table), np.nan)
        found, unread = numbers(self.table[name], comma=self.options.decimal_comma)
        self._mark(name, unread | (np.abs(found) > limit), f"not a number between -{limit:g} and {limit:g}")
        return found

    def _kinds(self, n: int) -> npt.NDArray[np.uint8]:
        if not self._has("kind"):
            return np.full(n, KIND_CODE[Kind.PAYMENT], np.uint8)
        known: dict[str, int] = {kind.value: code for kind, code in KIND_CODE.items()}
        found = self._of("kind", lambda value: value in known, f"none of {', '.join(known)}")
        return np.array([*(known.get(value, 0) for value in found.values()), 0], np.uint8)[found.codes]


def _odd(found: Texts, length_max: int) -> Mask:
    """Which distinct values are too long or hold control characters."""
    values = pa.StringArray.from_buffers(
        len(found.offsets) - 1, pa.py_buffer(found.offsets.astype(np.int32)), pa.py_buffer(found.data)
    )
    long = np.asarray(compute.greater(compute.utf8_length(values), length_max))
    odd: Mask = long | np.asarray(compute.match_substring_regex(values, _CONTROL))
    return odd


def _look_alike(found: Texts) -> Mask:
    """Which distinct values are ids that the stream refuses for their spelling."""
    if not ((found.data <= ord(" ")) | (found.data > ord("~"))).any():  # nearly every column
        return np.zeros(len(found.offsets) - 1, bool)
    return np.array([complaint_about_spelling(value) is not None for value in found.values()], bool)


def shown(table: pa.Table, name: str, row: int) -> str:
    """A value as it stands in the file, for a complaint."""
    return repr(str(table[name][row].as_py()))[:60] if name in table.column_names else "nothing"


def constants(table: pa.Table, values: dict[str, Any]) -> pa.Table:
    """With a column for each constant."""
    for name, value in values.items():
        column = pa.array([str(value)] * len(table), pa.string())
        table = table.drop_columns([name]) if name in table.column_names else table
        table = table.append_column(name, column)
    return table


def renamed(table: pa.Table, columns: dict[str, str]) -> pa.Table:
    """By the names of fields: `columns` is field -> the file's name."""
    return pa.table({name: table[column] for name, column in columns.items()})


def _only(found: Texts, rows: Mask) -> Texts:
    return found._replace(codes=np.where(rows, found.codes, np.int32(NONE)).astype(np.int32))
