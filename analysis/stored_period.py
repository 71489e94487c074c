"""A stored period as rows to analyse: payments streamed from Postgres into a file of `analysis.rows.SCHEMA`."""

from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import msgspec

from analysis.progress import Progress, unless
from analysis.rows import MINOR, RowWriter
from storage.period_rows import PeriodRepository, PeriodRow

ROWS_MAX = 20_000_000  # of one run: a few gigabytes of working files
STAGE = "extract"


class TooManyRows(Exception):
    """The period holds more payments than may be taken."""


class _Named(msgspec.Struct, frozen=True, gc=False):
    """What detectors use of a message and no column holds; it was checked when it came."""

    merchant_category: str | None = None
    channel: str | None = None
    country: str | None = None


_named = msgspec.json.Decoder(_Named).decode


def extract(
    repository: PeriodRepository,
    client_id: int,
    period_ms: tuple[int, int],
    path: Path,
    currency_default: str,
    *,
    wait: Callable[[Coroutine[Any, Any, Any]], Any],
    progress: Progress,
    cancelled: Callable[[], bool],
    rows_max: int = ROWS_MAX,
) -> None:
    """Write the payments with event times in [from, to) to `path`, in order of time, a chunk in memory at once.

    `wait` runs what asks Postgres. Raises TooManyRows, Cancelled, StoreUnavailable.
    """
    from_ms, to_ms = period_ms
    total: int = wait(repository.count(client_id, from_ms, to_ms))
    if total > rows_max:
        raise TooManyRows
    after = (from_ms, "")  # no transaction has this id
    progress(STAGE, 0, total)
    with RowWriter(path) as writer:
        while rows := wait(repository.chunk(client_id, after, to_ms)):
            unless(cancelled)
            writer.write(_columns(rows, writer.count, currency_default))
            after = (rows[-1].event_time_ms, rows[-1].transaction_id)
            progress(STAGE, writer.count, total)


def _columns(rows: Sequence[PeriodRow], start: int, currency_default: str) -> dict[str, list[Any]]:
    named = [_named(row.body) for row in rows]
    return {
        "row": list(range(start + 1, start + 1 + len(rows))),
        "transaction_id": [row.transaction_id for row in rows],
        "account": [row.account for row in rows],
        "time_ms": [row.event_time_ms for row in rows],
        "amount_minor": [round(row.amount * MINOR) for row in rows],
        "currency": [row.currency or currency_default for row in rows],
        "counterparty": [row.beneficiary_id or row.merchant_id for row in rows],
        "merchant": [row.merchant_id for row in rows],
        "category": [each.merchant_category for each in named],
        "channel": [each.channel for each in named],
        "country": [each.country for each in named],
        "device": [row.device_id for row in rows],
        "ip": [row.ip_address for row in rows],
    }
