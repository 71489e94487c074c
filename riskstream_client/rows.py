"""What a file's reader hands on: rows, and rows that cannot be read."""

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol


class Row(NamedTuple):
    """One row: its line in the file, its fields by the transaction's names, and the reader's own form of it.

    `fields` is None where the row goes out exactly as it stands.
    """

    line: int
    fields: dict[str, Any] | None
    source: Any


class Refused(NamedTuple):
    """One row that is not sent: where it stands, which of its columns is to blame (if one is), and why."""

    line: int
    column: str | None
    reason: str
    source: Any


class Rows(Protocol):
    """A file's reader."""

    columns: dict[str, str]  # field -> the file's name of it

    def __iter__(self) -> Iterator[Row | Refused]: ...

    def raw_of(self, source: Any) -> bytes:
        """A row's source as a line of the file."""

    @property
    def raw_header(self) -> bytes:
        """The lines that come before the first row."""
