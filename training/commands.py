"""`riskstream simulate`: live traffic into Kafka, or a file."""

import asyncio
import logging
import os
import secrets
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from contracts.errors import RiskstreamError
from contracts.topics import Topics
from contracts.wording import quantity
from riskstream_client.connection import connection_settings
from riskstream_client.stack_env import client_environment, explained
from training.simulator.files import generate_file
from training.simulator.past import accounts_behind
from training.simulator.publishing import LivePublisher
from training.simulator.stream import live_world, new_run_id
from training.simulator.stream_status import status_on
from training.simulator.system_clock import SystemClock, run_until
from training.simulator.world import DEFAULT_DAYS, DEFAULT_SEED, DEFAULT_START, World, accounts_for

EXIT_FAILED, EXIT_USAGE = 1, 2

_console = Console(stderr=True, highlight=False)


def register(app: typer.Typer) -> None:
    """Add `simulate` to the command line."""
    app.command("simulate")(simulate)


def simulate(
    rate: Annotated[float | None, typer.Option(help="Publish so many transactions a second to Kafka.")] = None,
    duration: Annotated[float | None, typer.Option(min=0.1, help="Stop after so many seconds.")] = None,
    labels: Annotated[bool, typer.Option(help="Publish labels too, some minutes after their payments.")] = True,
    count: Annotated[int | None, typer.Option(min=1, help="Write so many transactions to a file.")] = None,
    out: Annotated[Path | None, typer.Option(help="The file, JSON lines.")] = None,
    labels_out: Annotated[Path | None, typer.Option(help="Their labels, JSON lines.")] = None,
    days: Annotated[float, typer.Option(min=0.01, help="Time that the file covers.")] = DEFAULT_DAYS,
    start: Annotated[datetime | None, typer.Option(help="Its first day (UTC).")] = None,
    accounts: Annotated[
        int | None, typer.Option(min=1, help="Payers, instead of as many as pay 3 times a day.")
    ] = None,
    known_people: Annotated[
        bool,
        typer.Option("--known-people", help="Payers that `riskstream demo-history` has loaded, where they suffice."),
    ] = False,
    seed: Annotated[
        int, typer.Option(help="Who lives in the world; a file is the same for the same seed.")
    ] = DEFAULT_SEED,
    run_id: Annotated[str | None, typer.Option(help="Begins every transaction id.")] = None,
    fraud_share: Annotated[float, typer.Option(min=0, max=0.5, help="Of all transactions.")] = 0.01,
) -> None:
    """Simulated payments with fraud in them: live with --rate, or a file with --count and --out."""
    try:
        if known_people and rate is not None and accounts is None:
            accounts = accounts_behind(rate)
        if rate is not None and count is None and out is None and labels_out is None:
            _live(rate, duration, run_id, seed, fraud_share, accounts, labels=labels)
        elif rate is None and count is not None and out is not None and duration is None:
            first = start.replace(tzinfo=UTC) if start else DEFAULT_START
            world = World(
                seed=seed,
                accounts=accounts or accounts_for(count, days),
                start=first,
                run_id=run_id or f"sim-{seed}",
                fraud_share=fraud_share,
                rate=count / days / 86_400 if accounts else None,
            )
            _file(world, count, out, labels_out)
        else:
            _refuse("give either --rate (and --duration), or --count and --out (and --labels-out)", EXIT_USAGE)
    except ValueError as error:
        _refuse(str(error), EXIT_USAGE)
    except (RiskstreamError, OSError) as error:
        _refuse(explained(error, os.environ), EXIT_FAILED)


def _refuse(sentence: str, code: int) -> None:
    _console.print(f"riskstream simulate: {sentence}", style="red", markup=False)
    raise typer.Exit(code)


def _file(world: World, count: int, out: Path, labels_out: Path | None) -> None:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=_console, transient=True) as bar:
        task = bar.add_task("Simulating", total=count)
        labelled = generate_file(
            out, count, world, labels_path=labels_out, tell=lambda done: bar.update(task, completed=done)
        )
    written = f"{quantity(count, 'transaction')} of {quantity(world.accounts, 'account')}"
    _console.print(f"Wrote {written} to {out}.", markup=False)
    if labels_out:
        _console.print(f"Wrote {quantity(labelled, 'label')} to {labels_out}.", markup=False)


def _live(
    rate: float,
    duration_s: float | None,
    run_id: str | None,
    seed: int,
    fraud_share: float,
    accounts: int | None,
    *,
    labels: bool,
) -> None:
    environment = client_environment(os.environ)
    topics = Topics.with_prefix(environment.get("KAFKA_TOPIC_PREFIX", ""))
    connection = connection_settings(environment)
    name = run_id or new_run_id(datetime.now(UTC), secrets.token_hex(2))

    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # ten lines a second while Kafka is away; we say it once

    async def run() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        clock = SystemClock(stop)
        start_ms = clock.now_ms()
        world = live_world(rate, start_ms, name, seed=seed, fraud_share=fraud_share, accounts=accounts)
        publisher = LivePublisher(topics, connection, clock, labels=labels)
        end_ms = start_ms + int(duration_s * 1000) if duration_s else None
        with status_on(_console, name) as tell:
            await run_until(stop, publisher.run(world, tell, end_ms=end_ms))
        sent = publisher.progress
        published = quantity(sent.transactions, "transaction")
        _console.print(f"Published {published}, {sent.fraud:,} of them fraud ({name}).", markup=False)

    asyncio.run(run())
