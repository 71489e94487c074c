"""What `riskstream publish` was asked to do, checked before anything is sent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contracts.errors import SettingsError
from riskstream_client.csv_rows import CsvRows
from riskstream_client.errors import FileError
from riskstream_client.input_file import InputFile, format_of
from riskstream_client.jsonl_rows import JsonRows
from riskstream_client.mapping import HANDBOOK, Mapping, mapping_of
from riskstream_client.messages import MessageBuilder, MessageOptions
from riskstream_client.rows import Row, Rows
from riskstream_client.times import duration_of, time_reader, zone_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishOptions:
    """The command's options as they were typed."""

    file: str
    format: str | None = None
    columns: Sequence[str] = ()
    constants: Sequence[str] = ()
    mapping_file: Path | None = None
    time_format: str = "iso"
    time_zone: str | None = None
    encoding: str = "utf-8"
    delimiter: str | None = None
    decimal: str = "."
    skip_lines: int = 0
    client_id: int | None = None
    id_prefix: str = ""
    rebase: str | None = None
    speed: float | None = None
    labels: bool = False
    label_after: str = "0s"
    validate: bool = True
    dry_run: bool = False
    skip: int = 0
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How to read the file, and what to do with its rows. `anchor` is the instant that `--rebase` put a row to."""

    options: PublishOptions
    format: str
    mapping: Mapping
    messages: MessageOptions
    anchor: datetime | None = None

    def rows(self, source: InputFile) -> Rows:
        """The file's reader. Raises FileError."""
        if self.format != "jsonl":
            rows = CsvRows(
                source.stream,
                source.name,
                self.mapping,
                encoding=self.options.encoding,
                delimiter=self.options.delimiter,
                decimal=self.options.decimal,
                skip_lines=self.options.skip_lines,
            )
            if self.messages.labels and "fraud" not in rows.columns:
                raise FileError(f"{source.name} has no labels; name their column with --map fraud=COLUMN")
            return rows
        return JsonRows(source.stream, source.name, self.mapping, as_is=self._as_is)

    @property
    def _as_is(self) -> bool:
        times_as_they_are = self.options.time_format == "iso" and self.options.time_zone is None
        return self.messages.changes_nothing and not self.mapping.columns and times_as_they_are


def plan_of(options: PublishOptions, now: datetime) -> Plan:
    """Check the options and, for `--rebase`, read the file's times once. Raises SettingsError or FileError."""
    file_format = format_of(options.file, options.format)
    given = mapping_of(options.columns, options.constants, options.mapping_file)
    mapping = given
    if file_format == "handbook":
        mapping = Mapping({**HANDBOOK.columns, **given.columns}, {**HANDBOOK.constants, **given.constants})
    messages = MessageOptions(
        constants=mapping.constants,
        client_id=options.client_id,
        id_prefix=options.id_prefix,
        read_time=time_reader(options.time_format, zone_of(options.time_zone or "UTC")),
        validate=options.validate,
        labels=options.labels,
        label_after=duration_of(options.label_after),
    )
    plan = Plan(options, file_format, mapping, messages)
    return plan if options.rebase is None else _rebased(plan, options.rebase, now)


def _rebased(plan: Plan, target: str, now: datetime) -> Plan:
    if plan.options.file == "-":
        raise SettingsError("--rebase reads the times first, which standard input does not allow; use a file")
    anchor = now if target == "now" else _instant(target)
    moment = _anchor_row(plan)
    shift = anchor - moment
    return replace(plan, messages=replace(plan.messages, shift=shift), anchor=anchor)


def _instant(text: str) -> datetime:
    try:
        return time_reader("iso", UTC)(text)
    except ValueError as error:
        raise SettingsError(f"--rebase takes now or a time like 2026-01-31T12:00:00Z: {error}") from error


def _anchor_row(plan: Plan) -> datetime:
    """The time that becomes the anchor: the first row's at the rhythm of the times, else the newest one's.

    Skipped rows count, so that a run that goes on with --skip shifts as the first one did.
    """
    # Any shift makes a JSON line's fields be read, which the real one needs too.
    reading = replace(plan, messages=replace(plan.messages, shift=timedelta(microseconds=1)))
    builder = MessageBuilder(plan.messages, {})
    newest: datetime | None = None
    stop = None if plan.options.limit is None else plan.options.skip + plan.options.limit
    with InputFile(plan.options.file) as source:
        for number, row in enumerate(reading.rows(source)):
            if number == stop:
                break
            moment = builder.moment_of(row) if isinstance(row, Row) else None
            if moment is not None and (newest is None or moment > newest):
                newest = moment
                if plan.options.speed is not None:
                    break
    if newest is None:
        raise FileError(
            f"no row of {plan.options.file} has a time that can be read; name its format with --time-format"
        )
    return newest
