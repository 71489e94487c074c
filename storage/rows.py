"""Rows of a list, one by one: a row that cannot be read stands in its place and hides no other."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

import asyncpg

T = TypeVar("T")


class Unreadable:
    """A stored row of which no value can be made. Its columns are its attributes, for the place of the next page.

    `others` are attributes that are no columns.
    """

    def __init__(self, record: asyncpg.Record, why: str, others: dict[str, Callable[[Any], Any]]) -> None:
        self._record = record
        self._others = others
        self.why = why

    def __getattr__(self, name: str) -> Any:
        if name in self._others:
            return self._others[name](self)
        try:
            return self._record[name]
        except KeyError as error:
            raise AttributeError(name) from error


def rows_of(
    records: Iterable[asyncpg.Record], make: Callable[[asyncpg.Record], T], **others: Callable[[Any], Any]
) -> list[T]:
    """What `make` makes of each record; an `Unreadable` (which the type does not tell) where it fails.

    What one row holds must not keep its client from all the others: whoever lists them has to tell one from the other
    (`api.listing`).
    """
    found: list[T] = []
    for record in records:
        try:
            found.append(make(record))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it
            found.append(cast(T, Unreadable(record, f"{type(error).__name__}: {error}", others)))
    return found


def readable(rows: Iterable[T]) -> list[T]:
    """The rows without those that cannot be read."""
    return [row for row in rows if not isinstance(row, Unreadable)]
