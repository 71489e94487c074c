"""`riskstream skew`: vectors of a stored period against a replay of the stored messages, on demand."""

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from contracts.errors import RiskstreamError
from contracts.journal import CALLS
from features.catalogue import CATALOGUE_HASH
from features.events import EventBuilder, Record
from features.gazetteer import preload
from features.money import Money
from riskstream_client.stack_env import explained
from scoring.skew import PARTS, Mismatch, Replay, Served
from scoring_worker.skew import page_limit, read_page
from settings import Settings, load_settings
from storage.clients import ClientRepository
from storage.database import Pool, connect, session
from storage.decision_store import PostgresDecisionStore
from storage.replay_rows import ReplayRows
from storage.roles import PIPELINE

EXIT_DIFFERENT, EXIT_FAILED = 3, 1
SHOWN_MAX = 20  # mismatches on the screen; all of them with --json
TIME_MIN, TIME_MAX = -(2**62), 2**62

_out = Console(highlight=False, markup=False, emoji=False)
_err = Console(stderr=True, highlight=False, markup=False, emoji=False)


@dataclass(slots=True)
class Checked:
    """What a replay found. `compared` and `incomparable` count vectors by part (entity)."""

    transactions: int = 0
    compared: Counter[str] = field(default_factory=Counter)
    incomparable: Counter[str] = field(default_factory=Counter)
    mismatches: list[Mismatch] = field(default_factory=list)


def register(app: typer.Typer) -> None:
    """Add `skew` to the command line."""
    app.command("skew")(check_skew)


def check_skew(
    start: Annotated[datetime | None, typer.Option("--from", help="Compare event times from here on (UTC).")] = None,
    stop: Annotated[datetime | None, typer.Option("--to", help="And before this (UTC).")] = None,
    share: Annotated[float, typer.Option(min=0.001, max=1.0, help="Of the accounts, always the same ones.")] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Compute stored vectors once more from the stored messages and compare them bit by bit.

    Everything stored is replayed, source by source, so that the compared period has its whole history; the states of
    the sampled accounts are held in memory. Exit code 3 if a vector differs.
    """
    period = (TIME_MIN if start is None else _ms(start), TIME_MAX if stop is None else _ms(stop))
    try:
        found = asyncio.run(_checked(load_settings(), period, share))
    except RiskstreamError as error:
        _err.print(f"riskstream skew: {explained(error, os.environ)}", style="red", soft_wrap=True)
        raise typer.Exit(EXIT_FAILED) from error
    if as_json:
        typer.echo(json.dumps(_document(found), indent=2))
    else:
        _show(found)
    if found.mismatches:
        raise typer.Exit(EXIT_DIFFERENT)


async def _checked(settings: Settings, period: tuple[int, int], share: float) -> Checked:
    money = Money(settings.currency_base, settings.currency_default, settings.currency_rates)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    async with await connect(settings.postgres_dsn, size_max=2, role=PIPELINE) as pool:
        clients = await ClientRepository(pool).all()
        builder = EventBuilder(money, lambda client: clients[client].time_zone if client in clients else "UTC")
        await asyncio.to_thread(preload)
        store = PostgresDecisionStore(pool, settings.topics.transactions)
        found = Checked()
        with Progress(*columns, console=_err, transient=True) as bar:
            for source in await store.sources():
                name = "calls" if source == CALLS else f"partition {source}" if source >= 0 else f"source {source}"
                end = await store.next_offset(source) if source >= 0 else None
                task = bar.add_task(f"Replay {name}", total=end)
                async for offset in _replayed(pool, builder, source, period, share, found):
                    bar.update(task, completed=offset)
    return found


async def _replayed(
    pool: Pool, builder: EventBuilder, source: int, period: tuple[int, int], share: float, found: Checked
) -> AsyncIterator[int]:
    rows, limit, replay, offset = ReplayRows(pool, CATALOGUE_HASH, share), page_limit(share), Replay(builder), 0
    while True:
        async with session(pool) as connection:
            page = await read_page(rows, connection, source, offset, limit)
        if page is None:
            return
        if page.records:
            served = [_inside(record, one, period) for record, one in zip(page.records, page.served, strict=True)]
            compared = await asyncio.to_thread(replay.compare, page.records, served)
            found.transactions += sum(one is not None for one in served)
            found.compared.update(compared.parts)
            found.incomparable.update(compared.incomparable)
            found.mismatches += compared.mismatches
        offset = page.stop
        yield offset


def _inside(record: Record, served: Served | None, period: tuple[int, int]) -> Served | None:
    return served if period[0] <= record.event_time_ms < period[1] else None


def _show(found: Checked) -> None:
    table = Table("part of the vector", "compared", "not comparable", title_justify="left")
    for part in PARTS:
        table.add_row(part, f"{found.compared[part]:,}", f"{found.incomparable[part]:,}")
    _out.print(table)
    _out.print(
        f"{len(found.mismatches):,} of {found.transactions:,} vectors differ. Not comparable: the entity's events come"
        " from several sources, whose order is free."
    )
    for mismatch in found.mismatches[:SHOWN_MAX]:
        differing = ", ".join(f"{name} {a!r} -> {b!r}" for name, (a, b) in mismatch.features.items())
        _out.print(f"{mismatch.transaction.transaction_id}: {differing}", soft_wrap=True)


def _document(found: Checked) -> dict[str, object]:
    return {
        "transactions": found.transactions,
        "compared": {part: found.compared[part] for part in PARTS},
        "incomparable": {part: found.incomparable[part] for part in PARTS},
        "mismatches": [
            {
                "client_id": mismatch.transaction.client_id,
                "transaction_id": mismatch.transaction.transaction_id,
                # As text: JSON has no NaN.
                "features": {name: [repr(a), repr(b)] for name, (a, b) in mismatch.features.items()},
            }
            for mismatch in found.mismatches
        ],
    }


def _ms(time: datetime) -> int:
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)
