"""`riskstream rebuild-state`: the whole velocity state anew, from what Postgres has."""

import asyncio

import typer
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from contracts.errors import StoreUnavailable
from contracts.journal import CALLS
from scoring_worker.parts import connected
from settings import load_settings

_console = Console(stderr=True, highlight=False)


def register(app: typer.Typer) -> None:
    """Add `rebuild-state` to the command line."""
    app.command("rebuild-state")(rebuild_state)


def rebuild_state() -> None:
    """Build the velocity state anew from the stored transactions, under a fresh prefix, then switch to it.

    Workers may go on running: they wait while it is built, and score on with the new state.
    """
    generation = asyncio.run(_rebuild())
    _console.print(f"The state is rebuilt (generation {generation}); workers go on with it.")


async def _rebuild() -> int:
    try:
        with Progress(TextColumn("{task.description}"), TimeElapsedColumn(), console=_console) as bars:
            bar = bars.add_task("reading Postgres")

            def show(source: int, events: int) -> None:
                name = "calls" if source == CALLS else f"partition {source}"
                bars.update(bar, description=f"{name}: {events:,} events folded")

            async with connected(load_settings(), progress=show) as parts:
                parts.book.replace(await parts.clients.all())
                return (await parts.repairer.rebuild()).generation
    except KafkaError as error:
        raise StoreUnavailable(f"Kafka cannot be reached: {error}") from error
