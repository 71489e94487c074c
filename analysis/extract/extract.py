"""One file to rows: what it is, how it is read, every row landed or listed; in bounded memory, whatever its size."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from analysis.extract.csv_reader import CsvReader
from analysis.extract.detect import detect
from analysis.extract.encoding import known_encoding
from analysis.extract.excel_reader import ExcelReader
from analysis.extract.json_reader import JsonReader
from analysis.extract.mapping import guess_mapping, layout_of
from analysis.extract.parts import Batch, FileRefused, Reader, Unusable
from analysis.extract.reading import Format, FoundColumn, Layout, Mapping, Reading, Wanted
from analysis.extract.rejects import RejectWriter
from analysis.extract.sie_reader import SieReader
from analysis.extract.text_codecs import one_byte
from analysis.extract.transform import Transform
from analysis.extract.xml_reader import XmlReader
from analysis.progress import Progress, unless
from analysis.rows import RowWriter

EXAMPLE_ROWS = 500  # that a mapping is guessed from
SHOWN_EXAMPLES = 5  # of each column, for whoever corrects the mapping
SHOWN_MAX = 80  # characters of one
ROWS_MAX = 20_000_000  # of one file; 100 MB of five bytes a row


@dataclass(frozen=True, slots=True)
class Extracted:
    """What became of a file."""

    reading: Reading
    rows: int
    rejected: int


class NotReadable(FileRefused):
    """The file can be taken apart, but no mapping makes rows of it; `reading` is what was tried."""

    def __init__(self, message: str, reading: Reading) -> None:
        super().__init__(message)
        self.reading = reading


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where a file says nothing. `kept`: layout id → the client's own mapping for such files."""

    time_zone: str = "UTC"
    currency: str | None = None
    kept: Callable[[str], Mapping | None] = lambda _: None


def extract(
    path: Path,
    file_name: str,
    rows_path: Path,
    rejects_path: Path,
    *,
    wanted: Wanted | None = None,
    defaults: Defaults = Defaults(),
    progress: Progress = lambda _stage, _done, _total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Extracted:
    """Read a file into rows and rejects. Progress is in bytes of the file, then in rows if they have to be sorted.

    Raises FileRefused, NotReadable, Cancelled, and OSError where there is no room; then neither file is there.
    """
    reader, reading = understand(path, file_name, wanted, defaults)
    problem = reading.mapping.problem(reader.names)
    if problem is not None:
        raise NotReadable(problem, reading)
    with RejectWriter(rejects_path) as rejects, RowWriter(rows_path, progress) as rows:
        transform = Transform(reading.mapping, rejects.add)
        for found in reader.batches():
            unless(cancelled)
            if isinstance(found, Unusable):
                rejects.add(found.line, found.column, found.reason, found.excerpt)
                continue
            rows.write(transform.apply(found))
            if rows.count > ROWS_MAX:
                raise FileRefused(f"the file has more than {ROWS_MAX} rows")
            progress("parse", found.done, reader.size)
        if rows.count + rejects.count == 0:
            raise NotReadable("the file has no rows", reading)
        progress("parse", reader.size, reader.size)
    return Extracted(reading, rows.count, rejects.count)


def understand(path: Path, file_name: str, wanted: Wanted | None, defaults: Defaults) -> tuple[Reader, Reading]:
    """Open the file and find out how to read it. Raises FileRefused."""
    file_format = detect(path, file_name)
    reader, layout = _opened(path, file_format, wanted.layout if wanted else Layout())
    examples = _examples(reader)
    layout_id = layout_of(file_format, reader.names)
    # Who asks for a reading without a mapping wants another guess, not what is kept.
    mapping, origin = (wanted.mapping, "given") if wanted else (defaults.kept(layout_id), "kept")
    if mapping is None or (origin == "kept" and mapping.problem(reader.names) is not None):
        mapping, origin = _guessed(reader, examples, defaults), "guessed"
    columns = [
        FoundColumn(name=name, examples=[_shown(value) for value in values if value.strip()][:SHOWN_EXAMPLES])
        for name, values in examples.items()
    ]
    reading = Reading(
        format=file_format, layout=layout, layout_id=layout_id, columns=columns, mapping=mapping, origin=origin
    )
    return reader, reading


def _opened(path: Path, file_format: Format, layout: Layout) -> tuple[Reader, Layout]:
    """A reader, and the layout with all that it found out."""
    encoding = known_encoding(layout.encoding) if layout.encoding else None
    try:
        _ = layout.delimiter and one_byte(layout.delimiter)
    except ValueError as error:
        raise FileRefused(f"layout.delimiter: {error}") from error
    match file_format:
        case "csv":
            csv_reader = _opened_csv(path, encoding, layout)
            found = {"encoding": csv_reader.encoding, **csv_reader.dialect.model_dump()}
            return csv_reader, Layout(**found)
        case "json" | "jsonl":
            json_reader = JsonReader(path, encoding, by_line=file_format == "jsonl")
            return json_reader, Layout(encoding=json_reader.encoding)
        case "xlsx" | "xls":
            excel_reader = ExcelReader(path, file_format, layout.sheet, layout.skip, layout.header)
            return excel_reader, Layout(sheet=excel_reader.sheet, skip=excel_reader.skip, header=excel_reader.header)
        case "sie":
            sie_reader = SieReader(path, encoding)
            return sie_reader, Layout(encoding=sie_reader.encoding)
        case "xml":
            xml_reader = XmlReader(path, layout.record)
            return xml_reader, Layout(record=xml_reader.record)


def _opened_csv(path: Path, encoding: str | None, layout: Layout) -> CsvReader:
    guessed = CsvReader(path, encoding)
    given = layout.model_dump(include={"delimiter", "quote", "skip", "header"}, exclude_none=True)
    return CsvReader(path, guessed.encoding, guessed.dialect.model_copy(update=given)) if given else guessed


def _examples(reader: Reader) -> dict[str, list[str]]:
    """The first values of every column."""
    found: dict[str, list[str]] = {name: [] for name in reader.names}
    rows = 0
    for batch in _of_batches(reader.batches()):
        for name, column in batch.columns.items():
            if name in found:
                found[name] += column.slice(0, EXAMPLE_ROWS - rows).to_pylist()
        rows += len(batch.lines)
        if rows >= EXAMPLE_ROWS:
            break
    return found


def _of_batches(found: Iterator[Batch | Unusable]) -> Iterator[Batch]:
    return (each for each in found if isinstance(each, Batch))


def _guessed(reader: Reader, examples: dict[str, list[str]], defaults: Defaults) -> Mapping:
    known = getattr(reader, "mapping", None)
    if isinstance(known, Mapping):  # of a format that says what its fields mean
        return known.model_copy(update={"time_zone": defaults.time_zone})
    return guess_mapping(reader.names, examples, time_zone=defaults.time_zone, currency=defaults.currency)


def _shown(value: str) -> str:
    cut = value if len(value) <= SHOWN_MAX else value[: SHOWN_MAX - 1] + "…"
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in cut)
