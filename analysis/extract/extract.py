"""One file to rows: what it is, how it is read, every row landed or listed; in bounded memory, whatever its size."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_bytes
from typing import Self

from analysis.extract.card_data import CardFilter
from analysis.extract.csv_reader import CsvReader
from analysis.extract.detect import detect
from analysis.extract.encoding import known_encoding
from analysis.extract.excel_reader import ExcelReader
from analysis.extract.json_reader import JsonReader
from analysis.extract.mapping import layout_of
from analysis.extract.parts import Batch, FileRefused, LineCounts, Reader, Unusable
from analysis.extract.reading import (
    Accounting,
    BalanceCheck,
    Finding,
    Format,
    FoundColumn,
    Layout,
    Mapping,
    Reading,
    Wanted,
)
from analysis.extract.rejects import RejectWriter
from analysis.extract.sample import Sample
from analysis.extract.sie_reader import SieReader
from analysis.extract.text_codecs import one_byte
from analysis.extract.transform import Transform
from analysis.extract.understanding import Understanding, decided, questions_of, say_layout, understood
from analysis.extract.xml_reader import XmlReader
from analysis.progress import Progress, unless
from analysis.rows import RowWriter
from contracts.card_numbers import Replace, tokens

EXAMPLE_ROWS = 500  # that a mapping is guessed from
SHOWN_EXAMPLES = 5  # of each column, for whoever corrects the mapping
SHOWN_MAX = 80  # characters of one
ROWS_MAX = 20_000_000  # of one file; 100 MB of five bytes a row


@dataclass(frozen=True, slots=True)
class Extracted:
    """What became of a file. `balance` is None where no balance could be checked."""

    reading: Reading
    rows: int
    rejected: int
    accounting: Accounting
    balance: BalanceCheck | None = None


class NotReadable(FileRefused):
    """The file can be taken apart, but no mapping makes rows of it; `reading` is what was tried."""

    def __init__(self, message: str, reading: Reading) -> None:
        super().__init__(message)
        self.reading = reading

    def __reduce__(self) -> tuple[type[Self], tuple[str, Reading]]:
        """As it comes from a child."""
        return type(self), (str(self), self.reading)


class NeedsConfirmation(NotReadable):
    """Two readings are possible that differ in money, and nothing decides; `reading` has the questions."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where a file says nothing. `kept`: layout id → the client's own mapping for such files.

    `card_tokens` makes what stands in rows for card numbers.
    """

    time_zone: str = "UTC"
    currency: str | None = None
    kept: Callable[[str], Mapping | None] = lambda _: None
    card_tokens: Replace = field(default_factory=lambda: tokens(token_bytes()))  # of this file alone, unless given


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
    if reading.questions:
        raise NeedsConfirmation(_asked(reading), reading)
    if reading.problem is not None:
        raise NotReadable(reading.problem, reading)
    cards = CardFilter(defaults.card_tokens)
    with RejectWriter(rejects_path) as rejects, RowWriter(rows_path, progress) as rows:
        # A format that says what its fields mean has its own places for balances and sums.
        has_totals = getattr(reader, "mapping", None) is None
        transform = Transform(reading.mapping, rejects.add, has_totals=has_totals)
        for found in reader.batches():
            unless(cancelled)
            if isinstance(found, Unusable):
                transform.unusable(found)
                continue
            rows.write(cards.cleaned(transform.apply(found)))
            if rows.count > ROWS_MAX:
                raise FileRefused(f"the file has more than {ROWS_MAX} rows")
            progress("parse", found.done, reader.size)
        if rows.count + rejects.count == 0:
            raise NotReadable("the file has no rows", reading)
        progress("parse", reader.size, reader.size)
    accounting = _accounting(reader, transform.passed, rows.count, rejects.count)
    outcome: list[Finding] = getattr(reader, "outcome", list)()
    reading = reading.model_copy(update={"findings": reading.findings + outcome + cards.findings})
    running = transform.check.result()
    if running is not None and not running.confirmed:
        running, reading = None, _without_running_balance(reading)
    check = running or getattr(reader, "check", None)
    return Extracted(reading, rows.count, rejects.count, accounting, check)


def _without_running_balance(reading: Reading) -> Reading:
    """What is said of a balance that moves by no amount: it confirms nothing."""
    evidence = "it is called so, but moves by no amount: it is no running balance"
    findings = [
        finding.model_copy(update={"certainty": "assumed", "evidence": evidence})
        if finding.subject == "balance"
        else finding
        for finding in reading.findings
    ]
    return reading.model_copy(update={"findings": findings})


def _asked(reading: Reading) -> str:
    """The questions with their readings, as one sentence each."""
    said = []
    for question in reading.questions:
        readings = "; ".join(
            f"{each.label}: {each.rows} rows, {', '.join(f'{sum_} {code}'.strip() for code, sum_ in each.sums.items())}"
            f" ({each.option})"
            for each in question.alternatives
        )
        said.append(f"{question.question} {readings}")
    return " ".join(said)


def _accounting(reader: Reader, passed: LineCounts, landed: int, listed: int) -> Accounting:
    """What became of every line; of a reader that counts none, every row is a record."""
    counts: LineCounts | None = getattr(reader, "counts", None)
    if counts is None:
        counts = LineCounts(lines=landed + listed + passed.header + passed.total + passed.blank)
    return Accounting(
        lines=counts.lines,
        landed=landed,
        listed=listed,
        header=counts.header + passed.header,
        preamble=counts.preamble,
        continuation=counts.continuation,
        total=counts.total + passed.total,
        blank=counts.blank + passed.blank,
    )


def understand(path: Path, file_name: str, wanted: Wanted | None, defaults: Defaults) -> tuple[Reader, Reading]:
    """Open the file and find out how to read it. Raises FileRefused."""
    file_format = detect(path, file_name)
    given = wanted.layout if wanted else Layout()
    reader, layout = _opened(path, file_format, given)
    examples = _examples(reader)
    layout_id = layout_of(file_format, reader.names)
    found = _understood(reader, file_format, examples, layout_id, wanted, defaults)
    found.findings += getattr(reader, "findings", [])
    say_layout(found, file_format, layout, given)
    reading = Reading(
        format=file_format,
        layout=layout,
        layout_id=layout_id,
        columns=[
            FoundColumn(name=name, examples=[_shown(value) for value in values if value.strip()][:SHOWN_EXAMPLES])
            for name, values in examples.items()
        ],
        mapping=found.mapping,
        origin=found.origin,
        findings=found.findings,
        known_export=found.known_export,
        problem=found.problem or found.mapping.problem(reader.names),
    )
    return reader, reading.model_copy(update={"questions": questions_of(found, reader)}) if found.open else reading


def _understood(
    reader: Reader,
    file_format: Format,
    examples: dict[str, list[str]],
    layout_id: str,
    wanted: Wanted | None,
    defaults: Defaults,
) -> Understanding:
    """The mapping that was given, or kept, or that the format says; else a guess."""
    if wanted is not None and wanted.mapping is not None:
        return decided(wanted.mapping, "given")
    # A reading that is asked for without a mapping is another guess, not what is kept.
    kept = defaults.kept(layout_id) if wanted is None else None
    if kept is not None and kept.problem(reader.names) is None:
        return decided(kept, "kept")
    said = getattr(reader, "mapping", None)
    if isinstance(said, Mapping):
        found = decided(said.model_copy(update={"time_zone": defaults.time_zone}), "format")
        found.origin = "guessed"
        return found
    columns = {name: [value.strip() for value in values] for name, values in examples.items()}
    # Cells of a workbook and values of JSON are numbers already.
    sample = Sample(reader.names, columns, getattr(reader, "above", ()), asks=file_format == "csv")
    return understood(sample, time_zone=defaults.time_zone, currency=defaults.currency)


def _opened(path: Path, file_format: Format, layout: Layout) -> tuple[Reader, Layout]:
    """A reader, and the layout with all that it found out."""
    layout = layout.by_lines_above()
    encoding = known_encoding(layout.encoding) if layout.encoding else None
    try:
        _ = layout.delimiter and one_byte(layout.delimiter)
    except ValueError as error:
        raise FileRefused(f"layout.delimiter: {error}") from error
    match file_format:
        case "csv":
            csv_reader = CsvReader(path, encoding, layout)
            found = {"encoding": csv_reader.encoding, **csv_reader.dialect.model_dump()}
            return csv_reader, Layout(**found)
        case "json" | "jsonl":
            json_reader = JsonReader(path, encoding, by_line=file_format == "jsonl", record=layout.record)
            return json_reader, Layout(encoding=json_reader.encoding, record=json_reader.record)
        case "xlsx" | "xls":
            excel_reader = ExcelReader(path, file_format, layout.sheet, layout.skip, layout.header)
            return excel_reader, Layout(sheet=excel_reader.sheet, skip=excel_reader.skip, header=excel_reader.header)
        case "sie":
            sie_reader = SieReader(path, encoding)
            return sie_reader, Layout(encoding=sie_reader.encoding)
        case "xml":
            xml_reader = XmlReader(path, layout.record)
            return xml_reader, Layout(record=xml_reader.record)


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


def _shown(value: str) -> str:
    cut = value if len(value) <= SHOWN_MAX else value[: SHOWN_MAX - 1] + "…"
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in cut)
