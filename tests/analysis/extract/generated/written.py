"""From lines of cells to the bytes of a file, and on which lines each payment came to stand."""

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

import xlsxwriter

from tests.analysis.extract.generated.columns import Cell
from tests.analysis.extract.generated.style import Style


@dataclass(frozen=True, slots=True)
class Record:
    """A line of cells; `payment` is the place of the payment that it is, None for other lines. `raw`: an empty line."""

    cells: list[Cell]
    payment: int | None
    raw: bool


# Bytes; payment → first and last line; number of lines; characters of the whole text; encoding.
Written = tuple[bytes, dict[int, tuple[int, int]], int, frozenset[str], str]


def csv_bytes(style: Style, records: list[Record]) -> Written:
    texts, spans, line = [], {}, 1
    for record in records:
        text = "" if record.raw else style.delimiter.join(_quoted(style, str(cell)) for cell in record.cells)
        last = line + text.count("\n")
        if record.payment is not None:
            spans[record.payment] = (line, last)
        texts.append(text.replace("\n", style.line_end))
        line = last + 1
    whole = style.line_end.join(texts) + style.line_end
    encoding = style.encoding
    try:
        data = whole.encode(encoding)
    except UnicodeEncodeError:
        encoding = "utf-8"
        data = whole.encode(encoding)
    return data, spans, line - 1, frozenset(whole), encoding


def _quoted(style: Style, cell: str) -> str:
    must = any(sign in cell for sign in (style.delimiter, '"', "\n"))
    wordy = style.quoting == "text" and any(sign.isalpha() for sign in cell)
    if must or wordy or style.quoting == "all":
        return '"' + cell.replace('"', '""') + '"'
    return cell


def xlsx_bytes(style: Style, records: list[Record]) -> Written:
    buffer, spans = BytesIO(), {}
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_numbers": False, "strings_to_formulas": False})
    sheet = book.add_worksheet("Statement")
    day = book.add_format({"num_format": "dd.mm.yyyy"})
    for place, record in enumerate(records):
        if record.payment is not None:
            spans[record.payment] = (place + 1, place + 1)
        for column, cell in enumerate(record.cells):
            if isinstance(cell, datetime):
                sheet.write_datetime(place, column, cell, day)
            elif isinstance(cell, float):
                sheet.write_number(place, column, cell)
            elif cell:
                sheet.write_string(place, column, cell)
    book.close()
    lines = max(place for place, record in enumerate(records, 1) if any(record.cells))
    characters = frozenset("".join(str(cell) for record in records for cell in record.cells))
    return buffer.getvalue(), spans, lines, characters, "xlsx"
