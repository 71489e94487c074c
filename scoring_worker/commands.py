"""`riskstream dlq list | show | replay`: what could not be used, why, and putting it in once more."""

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import typer
from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.table import Table

from contracts.errors import RiskstreamError, StoreUnavailable
from pipeline.kafka_producer import broker_arguments
from riskstream_client.stack_env import explained
from riskstream_client.times import duration_of
from scoring_worker.dead_letter_replay import DeadLetterReader, printable, replay, shown
from scoring_worker.dead_letters import original_headers
from scoring_worker.kafka import dead_letter_producer_arguments
from settings import Settings, load_settings
from storage.database import connect
from storage.dead_letters import DeadLetter, DeadLetterRepository
from storage.roles import PIPELINE

BODY_BYTES_SHOWN = 4_096  # a screen or two; --all shows the rest
LIMIT_MAX = 100_000
WIDE_COLUMNS = 140  # of a terminal; topic, offset and detail stand beside each other there
_PAGE = 500

dlq = typer.Typer(help="Messages that could not be used: list, show, replay.", no_args_is_help=True)
_out = Console(highlight=False, markup=False, emoji=False)
_err = Console(stderr=True, highlight=False, markup=False, emoji=False)

Reason = Annotated[str | None, typer.Option(help="Only this reason's code, for instance invalid_field.")]
Since = Annotated[str | None, typer.Option(help="Only what came in the last 15m, 12h, 7d …")]
T = TypeVar("T")


def register(app: typer.Typer) -> None:
    """Add `dlq` to the command line."""
    app.add_typer(dlq, name="dlq")


@dlq.command("list")
def list_letters(
    reason: Reason = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(min=1, max=LIMIT_MAX, help="At most so many, newest first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """What could not be used, newest first."""
    letters, total = _run(_listed(reason, since, limit))
    if as_json:
        for letter in letters:
            typer.echo(json.dumps(msgspec.to_builtins(letter)))
        return
    _out.print(_table(letters, is_wide=_out.width >= WIDE_COLUMNS))
    _out.print(f"{len(letters):,} shown of {total:,} registered. `riskstream dlq show ID` shows one.", soft_wrap=True)


def _table(letters: list[DeadLetter], *, is_wide: bool) -> Table:
    """A row a letter. A narrow screen leaves out what `dlq show` says, so that a reason stays readable."""
    table = Table(box=None, pad_edge=False)
    table.add_column("id", justify="right", no_wrap=True)
    table.add_column("received (UTC)", no_wrap=True)
    for heading in ("from", "bytes", "replayed") if is_wide else ():
        table.add_column(heading, no_wrap=heading != "from", overflow="fold")
    table.add_column("reason", no_wrap=True)
    table.add_column("detail", overflow="fold", ratio=1)
    for letter in letters:
        received = letter.received_at.astimezone(UTC)
        replayed = letter.replayed_at.strftime("%m-%d %H:%M") if letter.replayed_at else ""
        place = f"{letter.source_topic}/{letter.source_partition}@{letter.source_offset}"
        more = (place, f"{letter.size_bytes:,}", replayed) if is_wide else ()
        when = received.strftime("%Y-%m-%d %H:%M:%S" if is_wide else "%m-%d %H:%M")
        table.add_row(str(letter.dead_letter_id), when, *more, letter.reason, printable(letter.detail))
    return table


@dlq.command("show")
def show_letter(
    dead_letter_id: Annotated[int, typer.Argument(metavar="ID")],
    everything: Annotated[bool, typer.Option("--all", help="The whole body, however long.")] = False,
    raw: Annotated[bool, typer.Option("--raw", help="Only the body, byte for byte, to a file or pipe.")] = False,
) -> None:
    """One dead letter: reason, place, headers, body (control characters escaped, or as a hex dump)."""
    letter, record = _run(_found(dead_letter_id))
    if raw:
        typer.get_binary_stream("stdout").write(record.value or b"")
        return
    key = "(none)" if letter.key is None else " ".join(shown(letter.key, BODY_BYTES_SHOWN))
    for name, text in (
        ("reason", f"{letter.reason}: {printable(letter.detail)}"),
        ("from", f"{letter.source_topic}, partition {letter.source_partition}, offset {letter.source_offset}"),
        ("kept in", f"{record.topic}, partition {record.partition}, offset {record.offset}"),
        ("received", letter.received_at.isoformat()),
        ("replayed", letter.replayed_at.isoformat() if letter.replayed_at else "no"),
        ("key", key),
        ("bytes", f"{letter.size_bytes:,}"),
    ):
        _out.print(f"{name:>9}  {text}", soft_wrap=True)
    for name, value in original_headers(record.headers):
        _out.print(f"   header  {printable(name)}: {' '.join(shown(value, BODY_BYTES_SHOWN))}", soft_wrap=True)
    for line in shown(record.value, len(record.value or b"") if everything else BODY_BYTES_SHOWN):
        _out.print(line, soft_wrap=True)


@dlq.command("replay")
def replay_letters(
    dead_letter_id: Annotated[int | None, typer.Argument(metavar="[ID]")] = None,
    reason: Reason = None,
    since: Since = None,
    everything: Annotated[bool, typer.Option("--all", help="All that were not replayed yet.")] = False,
    edit: Annotated[Path | None, typer.Option(help="With one ID: send this file's bytes in place of the body.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Also what was replayed before.")] = False,
) -> None:
    """Put dead letters into the topic they came from once more, with their key and headers.

    A crash in between can send one twice. That does no harm: a transaction id is decided once, and what still
    cannot be used becomes a dead letter again.
    """
    if sum((dead_letter_id is not None, everything, reason is not None)) != 1:
        raise typer.BadParameter("name one ID, or --reason CODE, or --all")
    if edit is not None and dead_letter_id is None:
        raise typer.BadParameter("--edit replaces the body of one dead letter; name its ID")
    try:
        body = edit.read_bytes() if edit is not None else None
    except OSError as error:
        raise typer.BadParameter(f"{edit} cannot be read: {error.strerror}") from error
    sent, lost = _run(_replayed(dead_letter_id, reason, since, body, again=again))
    _out.print(f"Replayed {sent:,}.")
    if lost:
        _err.print(f"{lost:,} could not be read back; see above.")
        raise typer.Exit(1)


def _run(work: Coroutine[Any, Any, T]) -> T:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what fails in the end is said once, in our words
    try:
        return asyncio.run(work)
    except RiskstreamError as error:
        _err.print(f"riskstream dlq: {explained(error, os.environ)}", style="red", soft_wrap=True)
        raise typer.Exit(1) from error


@asynccontextmanager
async def _repository(settings: Settings) -> AsyncIterator[DeadLetterRepository]:
    pool = await connect(settings.postgres_dsn, size_max=2, role=PIPELINE)
    try:
        yield DeadLetterRepository(pool)
    finally:
        await pool.close()


async def _listed(reason: str | None, since: str | None, limit: int) -> tuple[list[DeadLetter], int]:
    async with _repository(load_settings()) as repository:
        return [letter async for letter in _letters(repository, reason, since, limit)], await repository.count()


async def _letters(
    repository: DeadLetterRepository, reason: str | None, since: str | None, limit: int
) -> AsyncIterator[DeadLetter]:
    """Newest first, a page at a time; `since` goes by the time at which the source's topic took the message."""
    earliest = datetime.now(UTC) - duration_of(since) if since else None
    before: int | None = None
    found = 0
    while page := await repository.page(before_id=before, reason=reason, limit=_PAGE):
        before = page[-1].dead_letter_id
        for letter in page:
            if earliest is None or letter.received_at >= earliest:
                yield letter
                found += 1
                if found == limit:
                    return


async def _found(dead_letter_id: int) -> tuple[DeadLetter, ConsumerRecord]:
    settings = load_settings()
    async with _repository(settings) as repository:
        letter = await repository.get(dead_letter_id)
    if letter is None:
        raise RiskstreamError(f"there is no dead letter {dead_letter_id}; `riskstream dlq list` shows them")
    async with DeadLetterReader(settings.topics.dead_letters, broker_arguments(settings)) as reader:
        return letter, await reader.read(letter.dlq_partition, letter.dlq_offset)


async def _replayed(
    dead_letter_id: int | None, reason: str | None, since: str | None, body: bytes | None, *, again: bool
) -> tuple[int, int]:
    settings = load_settings()
    sent = lost = 0
    async with _repository(settings) as repository:
        if dead_letter_id is None:
            letters = [letter async for letter in _letters(repository, reason, since, LIMIT_MAX)]
        else:
            letters = [(await _found(dead_letter_id))[0]]
        chosen = [letter for letter in letters if again or letter.replayed_at is None]
        if letters and not chosen:
            raise RiskstreamError("replayed before; --again sends it once more")
        async with _replaying(settings) as (reader, producer):
            # In the order in which they came, so that an account's messages keep theirs.
            for letter in reversed(chosen):
                try:
                    record = await reader.read(letter.dlq_partition, letter.dlq_offset)
                except StoreUnavailable:
                    raise
                except RiskstreamError as error:
                    _err.print(f"{letter.dead_letter_id}: {error}")
                    lost += 1
                    continue
                content = record.value if body is None else body
                await replay(producer, letter.source_topic, letter.source_partition, record, content, settings.signer)
                await repository.mark_replayed(letter.dead_letter_id)
                sent += 1
    return sent, lost


@asynccontextmanager
async def _replaying(settings: Settings) -> AsyncIterator[tuple[DeadLetterReader, Any]]:
    producer = AIOKafkaProducer(**dead_letter_producer_arguments(settings))
    try:
        await producer.start()
    except KafkaError as error:
        await producer.stop()
        raise StoreUnavailable(f"Kafka cannot be reached: {error}") from error
    try:
        async with DeadLetterReader(settings.topics.dead_letters, broker_arguments(settings)) as reader:
            yield reader, producer
    finally:
        await producer.stop()
