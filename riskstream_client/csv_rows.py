"""Rows of a CSV file as fields of a transaction."""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from typing import IO, Any

from contracts.errors import RiskstreamError
from contracts.field_names import REPEATED_HEADER, is_header
from riskstream_client.errors import FileError
from riskstream_client.mapping import INTEGERS, LABEL_FIELDS, NUMBERS, TRANSACTION_FIELDS, Mapping
from riskstream_client.rows import Refused, Row

_DELIMITERS = ",;\t|"
_FIELD_CHARACTERS_MAX = 1_048_576  # a longer one is an unclosed quotation mark, not a value


class CsvRows:
    """Reads a CSV. Raises FileError for what concerns the whole file; a bad row comes as Refused."""

    def __init__(
        self,
        stream: IO[bytes],
        name: str,
        mapping: Mapping,
        *,
        encoding: str = "utf-8",
        delimiter: str | None = None,
        decimal: str = ".",
        skip_lines: int = 0,
    ) -> None:
        self._name, self._encoding, self._skipped = name, known_encoding(encoding), skip_lines
        self._number = _number if decimal == "." else _number_with_comma
        csv.field_size_limit(_FIELD_CHARACTERS_MAX)
        text = io.TextIOWrapper(stream, encoding=self._encoding, newline="")
        for _ in range(skip_lines):
            self._first_line(text, may_be_blank=True)
        first = self._first_line(text)
        self.delimiter = delimiter or max(_DELIMITERS, key=first.count)
        self.header = next(csv.reader([first], delimiter=self.delimiter), [])
        self._rows = csv.reader(text, delimiter=self.delimiter)
        self._plan = self._planned(mapping)
        self.columns = {field: self.header[index] for field, index, _ in self._plan}
        self._plan += self._unmapped()

    def __iter__(self) -> Iterator[Row | Refused]:
        width = len(self.header)
        while True:
            values = self._next()
            if values is None:
                return
            line = self._rows.line_num + 1 + self._skipped
            if len(values) == width and is_header(values, self.header):
                yield Refused(line, None, REPEATED_HEADER, values)
            elif len(values) == width:
                yield Row(line, {f: convert(v) for f, i, convert in self._plan if (v := values[i])}, values)
            elif values:
                yield Refused(line, None, f"has {len(values)} columns; the header has {width}", values)

    def raw_of(self, source: Any) -> bytes:
        """A row as a line of CSV, in the file's own delimiter and encoding."""
        out = io.StringIO()
        csv.writer(out, delimiter=self.delimiter, lineterminator="\n").writerow(source)
        return out.getvalue().encode(self._encoding)

    @property
    def raw_header(self) -> bytes:
        return self.raw_of(self.header)

    def _next(self) -> list[str] | None:
        lines_before = self._rows.line_num + 1
        try:
            return next(self._rows, None)
        except UnicodeDecodeError as error:
            raise self._wrong_encoding(lines_before) from error
        except csv.Error as error:
            raise FileError(f"{self._name}, line {lines_before + 1}: not CSV ({error})") from error
        except (EOFError, OSError) as error:
            raise FileError(f"{self._name} breaks off: {error}") from error

    def _first_line(self, text: io.TextIOWrapper, *, may_be_blank: bool = False) -> str:
        try:
            first = text.readline(_FIELD_CHARACTERS_MAX)
        except UnicodeDecodeError as error:
            raise self._wrong_encoding(0) from error
        except (EOFError, OSError) as error:
            raise FileError(f"{self._name} cannot be read: {error}") from error
        if not first.strip() and not may_be_blank:
            reason = f"has no header after {self._skipped} lines" if self._skipped else "is empty"
            raise FileError(f"{self._name} {reason}")
        return first.removeprefix("\ufeff")

    def _wrong_encoding(self, line: int) -> FileError:
        return FileError(
            f"{self._name} is not {self._encoding} (near line {line + 1});"
            " name its encoding, for instance --encoding latin-1"
        )

    def _planned(self, mapping: Mapping) -> list[tuple[str, int, Callable[[str], Any]]]:
        names = [name.strip() for name in self.header]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise FileError(f"{self._name} has more than one column named {', '.join(doubled)}")
        columns = {name: name for name in names if name in TRANSACTION_FIELDS or name in LABEL_FIELDS}
        columns = {**columns, **mapping.columns}
        if columns.get("typology") not in names:
            columns.pop("typology", None)  # never sent, so a file may lack it
        missing = sorted({column for column in columns.values() if column not in names})
        missing += [
            f for f in ("transaction_id", "amount", "timestamp") if f not in columns and f not in mapping.constants
        ]
        if not {"account_id", "phone_number"} & {*columns, *mapping.constants}:
            missing.append("account_id (or phone_number)")
        if missing:
            raise FileError(
                f"{self._name} has no column {', '.join(missing)}; it has: {', '.join(names)}."
                " Say which column is which field with --map, for instance --map amount=VALUE"
            )
        return [(field, names.index(column), self._converter(field)) for field, column in columns.items()]

    def _converter(self, field: str) -> Callable[[str], Any]:
        if field in NUMBERS:
            return self._number
        if field in INTEGERS:
            return _integer
        return str.strip

    def _unmapped(self) -> list[tuple[str, int, Callable[[str], Any]]]:
        """Columns that are no field of a transaction: they go out under their own names, as text, and are kept.

        One that is called like a field which another column fills, or like a label, must not be taken for it.
        """
        used = {index for _, index, _ in self._plan}
        left = [(name.strip(), index) for index, name in enumerate(self.header) if index not in used and name.strip()]
        reserved = {*TRANSACTION_FIELDS, *LABEL_FIELDS}
        return [(f"{name}_column" if name in reserved else name, index, str.strip) for name, index in left]


def known_encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError as error:
        raise RiskstreamError(f"{name!r} is not an encoding; write for instance utf-8, latin-1 or cp1252") from error


_GROUPED = re.compile(r"[+-]?(?:[0-9]{1,3}(?:[. '\u00a0\u202f][0-9]{3})+|[0-9]+)(?:,[0-9]+)?")


def _number_with_comma(text: str) -> Any:
    """A number written 1.234,56; what is written otherwise stays text: 5.25 must not become 525."""
    if not _GROUPED.fullmatch(text.strip()):
        return text
    return _number(re.sub(r"[. '\u00a0\u202f]", "", text.strip()).replace(",", "."))


def _number(text: str) -> Any:
    """The number, or the text as it is where it is none: validation then names it."""
    try:
        number = float(text)
    except ValueError:
        return text
    return number if number - number == 0 else text  # nan and inf have no JSON


def _integer(text: str) -> Any:
    return int(text) if text.strip().isdigit() else text
