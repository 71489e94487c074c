"""Publishing a file: read, build, pace, send; stop cleanly and know how far it came."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from contracts.errors import StoreUnavailable
from riskstream_client.mapping import TRANSACTION_FIELDS
from riskstream_client.messages import Message, MessageBuilder
from riskstream_client.pace import Pace
from riskstream_client.publisher import MessageTooLargeError
from riskstream_client.rejects import Rejects
from riskstream_client.rows import Refused, Row, Rows

UNKNOWN_MAX = 50  # names of fields that a dry run lists
CONFIRM_EVERY_ROWS = 20_000  # after a failure at most this many rows are published a second time (which does no harm)
_LOOK_EVERY_ROWS = 256  # at the progress
_PROGRESS_EVERY_S = 0.5  # while a paced run waits


@dataclass(slots=True)
class Report:
    """How far a run came. Rows are counted from the file's first, skipped ones included."""

    rows: int = 0
    confirmed_rows: int = 0
    published: int = 0
    labels: int = 0
    refused: int = 0
    stopped: bool = False
    failure: str = ""
    unknown: set[str] = field(default_factory=set)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        return self.published / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class PublishJob:
    """One run over one file."""

    rows: Rows
    builder: MessageBuilder
    rejects: Rejects
    pace: Pace | None = None
    skip: int = 0
    limit: int | None = None
    strict: bool = False
    notes_unknown: bool = False


class Sink(Protocol):
    """Where messages go."""

    async def publish_raw(self, key: bytes | None, value: bytes) -> None: ...

    async def flush(self) -> None: ...


class Nowhere:
    """The sink of a dry run."""

    async def publish_raw(self, key: bytes | None, value: bytes) -> None:
        """Drop the message."""

    async def flush(self) -> None:
        """Nothing is on its way."""


async def publish_rows(
    job: PublishJob,
    transactions: Sink,
    labels: Sink | None,
    stop: asyncio.Event,
    on_progress: Callable[[Report], None],
) -> Report:
    """Publish until the end, the limit, `stop`, or the first refused row of a strict run; then flush.

    Kafka's failure ends the run and stands in the report; FileError is raised.
    """
    report = Report()
    started = time.monotonic()

    def progress() -> None:
        report.seconds = time.monotonic() - started
        on_progress(report)

    run = _Run(job, transactions, labels, stop, report, progress)
    try:
        for item in job.rows:
            report.rows += 1
            if report.rows <= job.skip:
                continue
            if report.rows % _LOOK_EVERY_ROWS == 0:
                progress()
            if not await run.take(item):
                break
        await run.confirm()
    except StoreUnavailable as error:
        report.failure = str(error)
    report.stopped = stop.is_set()
    progress()
    return report


@dataclass(slots=True)
class _Run:
    job: PublishJob
    transactions: Sink
    labels: Sink | None
    stop: asyncio.Event
    report: Report
    progress: Callable[[], None]

    async def take(self, item: Row | Refused) -> bool:
        """Send one row or refuse it; says whether to go on."""
        message = self.job.builder.build(item) if isinstance(item, Row) else item
        if isinstance(message, Message):
            if self.job.notes_unknown and len(self.report.unknown) < UNKNOWN_MAX:
                self.report.unknown |= set(msgspec.json.decode(message.value)).difference(TRANSACTION_FIELDS)
            if self.job.pace is not None and not await self._due(self.job.pace, message.time_ms):
                self.report.rows -= 1  # stopped while waiting: this row is not sent
                return False
            refusal = await self._send(message, item)
        else:
            refusal = message
        if refusal is not None:
            self.report.refused += 1
            self.job.rejects.add(refusal, self.job.rows)
            if self.job.strict:
                return False
        if self.report.rows - self.report.confirmed_rows >= CONFIRM_EVERY_ROWS:
            await self.confirm()
        limit = self.job.limit
        return not self.stop.is_set() and (limit is None or self.report.rows - self.job.skip < limit)

    async def confirm(self) -> None:
        """Wait until Kafka has every row so far."""
        await self.transactions.flush()
        if self.labels is not None:
            await self.labels.flush()
        self.report.confirmed_rows = self.report.rows

    async def _send(self, message: Message, item: Row | Refused) -> Refused | None:
        try:
            await self.transactions.publish_raw(message.key, message.value)
        except MessageTooLargeError as error:
            return Refused(message.line, None, str(error), item.source)
        self.report.published += 1
        if self.labels is not None and message.label is not None:
            await self.labels.publish_raw(message.label_key, message.label)
            self.report.labels += 1
        return None

    async def _due(self, pace: Pace, time_ms: int | None) -> bool:
        """Wait until the row is due, everything before it delivered; False if the run was stopped meanwhile."""
        if pace.wait_s(time_ms) <= 0:
            return True
        await self.transactions.flush()
        if self.labels is not None:
            await self.labels.flush()
        while (wait_s := pace.wait_s(time_ms)) > 0:
            self.progress()
            try:
                await asyncio.wait_for(self.stop.wait(), min(wait_s, _PROGRESS_EVERY_S))
            except TimeoutError:
                continue
            return False
        return True
