"""What can be wrong with a file or with how it is described."""

from typing import NamedTuple

from contracts.errors import RiskstreamError


class BadFile(RiskstreamError):
    """A file cannot be read as what it is said to be; the text is one sentence that says what to do."""


class Refused(NamedTuple):
    """One row that is not sent: where it stands, which of its columns is to blame (if one is), and why."""

    line: int
    column: str | None
    reason: str
    raw: bytes


class UnfitValue(ValueError):
    """One value cannot be read; `column` is the file's own name for it."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
