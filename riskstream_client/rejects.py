"""Keeping the rows that were refused, so that they can be corrected and published again."""

from pathlib import Path
from typing import IO

from riskstream_client.errors import FileError
from riskstream_client.rows import Refused, Rows

SHOWN_MAX = 20


class Rejects:
    """Counts refused rows and keeps the first few; with a path it writes all of them, as they stood in the file.

    Their reasons go beside it, into `<path>.reasons`, one line a row: line, column, reason, separated by tabs.
    """

    def __init__(self, path: Path | None) -> None:
        self.count = 0
        self.shown: list[Refused] = []
        self._path = path
        self._rows: IO[bytes] | None = None
        self._reasons: IO[str] | None = None

    def add(self, refused: Refused, rows: Rows) -> None:
        """Raises FileError when the file cannot be written."""
        self.count += 1
        if len(self.shown) < SHOWN_MAX:
            self.shown.append(refused._replace(source=None))
        if self._path is None:
            return
        try:
            if self._rows is None or self._reasons is None:
                self._rows = self._path.open("wb")
                self._reasons = self._path.with_name(f"{self._path.name}.reasons").open("w", encoding="utf-8")
                self._rows.write(rows.raw_header)
            self._rows.write(rows.raw_of(refused.source))
            self._reasons.write(f"{refused.line}\t{refused.column or ''}\t{refused.reason}\n")
        except OSError as error:
            raise FileError(f"the refused rows cannot be written to {self._path}: {error}") from error

    def close(self) -> None:
        for file in (self._rows, self._reasons):
            if file is not None:
                file.close()
