"""`riskstream publish FILE`."""

import asyncio
import logging
import os
import shlex
import signal
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from contracts.errors import RiskstreamError
from contracts.field_names import unknown_field
from contracts.topics import Topics
from contracts.wording import quantity
from riskstream_client.connection import connection_settings
from riskstream_client.file_dialect import decimal_sign, lines_above_header, time_style
from riskstream_client.input_file import InputFile
from riskstream_client.mapping import TRANSACTION_FIELDS
from riskstream_client.messages import MessageBuilder
from riskstream_client.pace import Pace
from riskstream_client.progress import Bar, Display, Lines
from riskstream_client.publish_plan import Plan, PublishOptions, plan_of
from riskstream_client.publisher import MESSAGE_BYTES_MAX, Publisher
from riskstream_client.publishing import Nowhere, PublishJob, Report, Sink, publish_rows
from riskstream_client.rejects import Rejects
from riskstream_client.stack_env import client_environment, explained

EXIT_REFUSED = 1  # rows were refused, or Kafka failed on the way
EXIT_USAGE = 2  # the file or an option is wrong
EXIT_STOPPED = 130  # Ctrl-C, as shells have it

_console = Console(stderr=True, highlight=False)


def register(app: typer.Typer) -> None:
    """Add `publish` to the command line."""
    app.command("publish")(publish)


def publish(
    file: Annotated[str, typer.Argument(help="JSON lines or CSV, .gz too; - for standard input.")],
    format: Annotated[str | None, typer.Option(help="jsonl, csv or handbook; else by the file's name.")] = None,  # noqa: A002
    columns: Annotated[list[str] | None, typer.Option("--map", help="field=COLUMN, as often as needed.")] = None,
    constants: Annotated[list[str] | None, typer.Option("--set", help="field=value for every row.")] = None,
    mapping: Annotated[Path | None, typer.Option(help="A YAML, TOML or JSON file with columns and constants.")] = None,
    time_format: Annotated[str, typer.Option(help="iso, epoch, epoch-ms, epoch-us or '%d.%m.%Y %H:%M'.")] = "iso",
    time_zone: Annotated[str | None, typer.Option(help="Of times without an offset (default UTC).")] = None,
    encoding: Annotated[str, typer.Option(help="Of a CSV.")] = "utf-8",
    delimiter: Annotated[str | None, typer.Option(help="Of a CSV; else by its header.")] = None,
    decimal: Annotated[str, typer.Option(help="The decimal sign of a CSV's numbers: . or ,")] = ".",
    date_order: Annotated[str | None, typer.Option(help="Of the times' dates: ymd, dmy or mdy.")] = None,
    skip_lines: Annotated[int, typer.Option(min=0, help="Lines of a CSV above its header.")] = 0,
    header_line: Annotated[int | None, typer.Option(min=1, help="The line of a CSV that holds its header.")] = None,
    speed: Annotated[
        float | None, typer.Option(min=0.001, help="At the rhythm of the times: 3600 plays an hour in a second.")
    ] = None,
    rebase: Annotated[
        str | None, typer.Option(help="Shift all times: the newest (with --speed: the first) becomes now, or a time.")
    ] = None,
    labels: Annotated[
        bool, typer.Option("--labels", help="Publish the rows' labels to the labels' topic too.")
    ] = False,
    label_after: Annotated[str, typer.Option(help="Labels become known this long after the payment: 7d.")] = "0s",
    client_id: Annotated[int | None, typer.Option(min=1, help="Publish for this client.")] = None,
    id_prefix: Annotated[
        str, typer.Option(help="Before every transaction id, so that a second run is no repeat.")
    ] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many rows.")] = None,
    skip: Annotated[int, typer.Option(min=0, help="Leave out the first rows, to go on after a stop.")] = 0,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first row that is refused.")] = False,
    no_validate: Annotated[bool, typer.Option("--no-validate", help="Send rows as they are, bad ones too.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read and check the rows; send nothing, and need no Kafka.")
    ] = False,
    rejects: Annotated[Path | None, typer.Option(help="Write refused rows to this file.")] = None,
) -> None:
    """Publish a file's transactions to Kafka. Rows that are not valid are refused, counted and shown."""
    options = PublishOptions(
        file=file,
        format=format,
        columns=columns or (),
        constants=constants or (),
        mapping_file=mapping,
        time_format=time_style(time_format, date_order),
        time_zone=time_zone,
        encoding=encoding,
        delimiter=delimiter,
        decimal=decimal_sign(decimal),
        skip_lines=lines_above_header(skip_lines, header_line),
        client_id=client_id,
        id_prefix=id_prefix,
        rebase=rebase,
        speed=speed,
        labels=labels,
        label_after=label_after,
        validate=not no_validate,
        dry_run=dry_run,
        skip=skip,
        limit=limit,
    )
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what fails in the end is said once, in our words
    kept = Rejects(rejects)
    try:
        plan = plan_of(options, datetime.now(UTC))
        report = asyncio.run(_run(plan, kept, strict=strict))
    except RiskstreamError as error:
        _console.print(f"riskstream publish: {explained(error, os.environ)}", style="red", markup=False)
        raise typer.Exit(EXIT_USAGE) from error
    finally:
        kept.close()
    _tell(report, kept, plan, rejects)
    if report.stopped:
        raise typer.Exit(EXIT_STOPPED)
    if report.refused or report.failure:
        raise typer.Exit(EXIT_REFUSED)


async def _run(plan: Plan, rejects: Rejects, *, strict: bool) -> Report:
    environment = client_environment(os.environ)
    topics = Topics.with_prefix(environment.get("KAFKA_TOPIC_PREFIX", ""))
    connection = connection_settings(environment)
    bytes_max = int(environment.get("KAFKA_MESSAGE_BYTES_MAX") or MESSAGE_BYTES_MAX)

    def publisher_of(topic: str) -> Publisher:
        return Publisher(topic=topic, message_bytes_max=bytes_max, **connection)

    stop = asyncio.Event()
    with InputFile(plan.options.file) as source:
        rows = plan.rows(source)
        options = plan.options
        job = PublishJob(
            rows=rows,
            builder=MessageBuilder(plan.messages, rows.columns),
            rejects=rejects,
            pace=Pace(options.speed, time.monotonic) if options.speed is not None else None,
            skip=options.skip,
            limit=options.limit,
            strict=strict,
            notes_unknown=options.dry_run,
        )
        async with AsyncExitStack() as stack:
            transactions: Sink = Nowhere()
            labels: Sink | None = Nowhere() if options.labels else None
            if not options.dry_run:
                transactions = await stack.enter_async_context(publisher_of(topics.transactions))
                labels = await stack.enter_async_context(publisher_of(topics.labels)) if options.labels else None
            _stop_on_signals(stop)
            display = stack.enter_context(_display(source, options))
            return await publish_rows(job, transactions, labels, stop, display.show)


def _display(source: InputFile, options: PublishOptions) -> Display:
    if _console.is_terminal:
        return Bar(_console, source, options.skip + options.limit if options.limit else None)
    return Lines(_console)


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def first_time() -> None:
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)  # a second Ctrl-C does not wait for the flush

    loop.add_signal_handler(signal.SIGINT, first_time)
    loop.add_signal_handler(signal.SIGTERM, stop.set)


def _tell(report: Report, rejects: Rejects, plan: Plan, file: Path | None) -> None:
    """The report at the end, on standard error: standard output may be a pipe."""
    did = "Checked" if plan.options.dry_run else "Published"
    lines = [f"{did} {quantity(report.published, 'transaction')} in {report.seconds:.1f} s ({report.rate:,.0f}/s)."]
    lines += [f"  {unknown_field(name, TRANSACTION_FIELDS)}" for name in sorted(report.unknown)]
    if plan.options.labels:
        lines.append(f"{did} {quantity(report.labels, 'label')}.")
    for refused in rejects.shown:
        where = f"line {refused.line}" + (f", column {refused.column}" if refused.column else "")
        lines.append(f"  refused {where}: {refused.reason}")
    if report.refused:
        kept = f"; see {file}" if file else "; --rejects FILE keeps such rows"
        lines.append(f"Refused {quantity(report.refused, 'row')}{kept}.")
    if report.failure:
        lines.append(report.failure)
    if report.stopped or report.failure:
        lines.append(_how_to_go_on(report, plan))
    for line in lines:
        _console.print(line, markup=False, soft_wrap=True)


def _how_to_go_on(report: Report, plan: Plan) -> str:
    options = plan.options
    if options.file == "-":
        return f"Confirmed up to row {report.confirmed_rows:,} of standard input; repeating rows does no harm."
    add = f"--skip {report.confirmed_rows}"
    if options.limit is not None:
        add += f" --limit {options.skip + options.limit - report.confirmed_rows}"
    if plan.anchor is not None:
        add += f" --rebase {plan.anchor.isoformat()}"
    command = f"riskstream publish {shlex.quote(options.file)} {add}"
    return f"Confirmed up to row {report.confirmed_rows:,}. Go on with: {command} (and the other options)"
