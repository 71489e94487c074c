"""Transactions as columns: an array a field, texts as codes into their distinct values."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from contracts.transaction import Kind, Transaction
from features.layout import KIND_DECLINED, KIND_PAYMENT, KIND_REFUND, KIND_REVERSAL

NONE = -1  # the code of a text that is not there
KIND_CODE = {
    Kind.PAYMENT: KIND_PAYMENT,
    Kind.REFUND: KIND_REFUND,
    Kind.REVERSAL: KIND_REVERSAL,
    Kind.DECLINED: KIND_DECLINED,
}

Rows = NDArray[np.intp]


class Texts(NamedTuple):
    """A column of texts. Value `c` is `data[offsets[c]:offsets[c + 1]]` in UTF-8; values are distinct."""

    codes: NDArray[np.int32]  # (n,), NONE where there is no text
    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]  # (values + 1,)

    @classmethod
    def of(cls, texts: Iterable[str | None]) -> Self:
        """Dictionary-encode; an empty text is no text."""
        index: dict[str, int] = {}
        codes = [index.setdefault(text, len(index)) if text else NONE for text in texts]
        return cls.coded(np.array(codes, np.int32), list(index))

    @classmethod
    def coded(cls, codes: NDArray[np.int32], values: Sequence[str]) -> Self:
        """From codes and the distinct values that they stand for."""
        encoded = [value.encode() for value in values]
        offsets = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(value) for value in encoded], out=offsets[1:])
        return cls(codes, np.frombuffer(b"".join(encoded), np.uint8), offsets)

    @classmethod
    def nothing(cls, n: int) -> Self:
        """A column without any text."""
        return cls.coded(np.full(n, NONE, np.int32), [])

    def values(self) -> list[str]:
        """The distinct values, by code."""
        data, edges = self.data.tobytes(), self.offsets.tolist()
        return [data[lo:hi].decode() for lo, hi in pairwise(edges)]

    def text(self, row: int) -> str | None:
        """One row's text."""
        code = int(self.codes[row])
        return None if code == NONE else self.data[self.offsets[code] : self.offsets[code + 1]].tobytes().decode()

    def texts(self) -> list[str | None]:
        """Every row's text."""
        values: list[str | None] = [*self.values(), None]
        return [values[code] for code in self.codes.tolist()]

    def take(self, rows: Rows | slice) -> Self:
        """These rows; the distinct values stay."""
        return self._replace(codes=self.codes[rows])


@dataclass(frozen=True, slots=True)
class TransactionColumns:
    """n transactions in log order, with the fields that features are made of; see `contracts.transaction`."""

    transaction_id: Texts
    client: NDArray[np.int32]
    time_ms: NDArray[np.int64]
    amount: NDArray[np.float64]  # major units of the currency
    currency: Texts  # none: the default currency
    account: Texts  # `account_id`, else `phone_number`; always there
    device: Texts
    ip: Texts  # as given: one address may have several spellings
    merchant: Texts
    beneficiary: Texts
    country: Texts
    location: Texts
    latitude: NDArray[np.float64]  # degrees, NaN where there is none
    longitude: NDArray[np.float64]
    kind: NDArray[np.uint8]  # KIND_CODE

    def __len__(self) -> int:
        return len(self.time_ms)

    def take(self, rows: Rows | slice) -> Self:
        """These rows, in this order."""
        columns: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        taken: dict[str, Any] = {n: c.take(rows) if isinstance(c, Texts) else c[rows] for n, c in columns.items()}
        return type(self)(**taken)


def columns_of(transactions: Sequence[Transaction]) -> TransactionColumns:
    """Columns of validated transactions."""
    n = len(transactions)
    return TransactionColumns(
        transaction_id=Texts.of(t.transaction_id for t in transactions),
        client=np.fromiter((t.client_id for t in transactions), np.int32, n),
        time_ms=np.fromiter((t.event_time_ms for t in transactions), np.int64, n),
        amount=np.fromiter((t.amount for t in transactions), np.float64, n),
        currency=Texts.of(t.currency for t in transactions),
        account=Texts.of(t.account for t in transactions),
        device=Texts.of(t.device_id for t in transactions),
        ip=Texts.of(t.ip_address for t in transactions),
        merchant=Texts.of(t.merchant_id for t in transactions),
        beneficiary=Texts.of(t.beneficiary_id for t in transactions),
        country=Texts.of(t.country for t in transactions),
        location=Texts.of(t.location for t in transactions),
        latitude=np.fromiter((_degrees(t.latitude) for t in transactions), np.float64, n),
        longitude=np.fromiter((_degrees(t.longitude) for t in transactions), np.float64, n),
        kind=np.fromiter((KIND_CODE[t.kind] for t in transactions), np.uint8, n),
    )


def joined_texts(parts: Sequence[Texts]) -> Texts:
    """One column behind the other, with common codes."""
    index: dict[str, int] = {}
    codes = [np.zeros(0, np.int32)]
    for part in parts:
        new = [index.setdefault(value, len(index)) for value in part.values()]
        codes.append(np.array([*new, NONE], np.int32)[part.codes])
    return Texts.coded(np.concatenate(codes), list(index))


def joined_transactions(parts: Sequence[TransactionColumns]) -> TransactionColumns:
    """One set of columns behind the other."""
    made: dict[str, Any] = {}
    for field in fields(TransactionColumns):
        columns = [getattr(part, field.name) for part in parts]
        made[field.name] = joined_texts(columns) if isinstance(columns[0], Texts) else np.concatenate(columns)
    return TransactionColumns(**made)


def _degrees(value: float | None) -> float:
    return np.nan if value is None else value
