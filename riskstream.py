"""The command line. It only composes: every room registers its own commands, loaded when they are asked for."""

import asyncio
import os
import sys
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from contracts.errors import RiskstreamError, SettingsError
from contracts.wording import quantity
from devstack.gate import is_closed
from devstack.gate import wait as wait_at_gate
from riskstream_client.stack_env import client_environment, explained

if TYPE_CHECKING:
    from settings import Settings

EXIT_FAILED = 1
# command -> the room's module whose `register(app)` adds it; loaded only when it is run
_ROOMS = {
    "publish": ("riskstream_client.commands", "Publish a file's transactions to Kafka."),
    "simulate": ("training.commands", "Simulated payments with fraud in them, live or to a file."),
    "train": ("training.train_command", "Train a model from simulated or given data."),
    "evaluate": ("training.evaluate_command", "Measure any model on any period of labelled data."),
    "models": ("training.models_command", "Models: list, show, compare, promote, roll back, run in shadow."),
    "backtest": ("training.backtest_command", "Any stored period again, with any model, thresholds or policy."),
    "retrain": ("training.retrain_command", "A new model from what is stored; promoted only if it passes a gate."),
    "skew": ("scoring_worker.skew_command", "Stored vectors against a replay of the stored messages."),
    "analyse": ("analysis.analyse_command", "A file through a detection strategy to ranked anomalies; needs no stack."),
    "dlq": ("scoring_worker.commands", "Messages that could not be used: list, show, replay."),
    "create-user": ("api.account_commands", "Make a user who signs in by email address and password."),
    "reset-password": ("api.account_commands", "A one-time token with which a user sets a new password."),
    "invite-client": ("api.account_commands", "A one-time token with which somebody registers a client."),
    "link-user": ("api.oidc.commands", "Give a user to an identity of the OpenID Connect provider."),
    "set-tier": ("api.account_commands", "Grant a client a subscription tier."),
    "rebuild-state": ("scoring_worker.rebuild_command", "Build the velocity state anew from Postgres."),
}


class _Rooms(TyperGroup):
    """Knows the rooms' commands by name, so that `--help` and `up` do not pay for importing what they do not use."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted({*super().list_commands(ctx), *_ROOMS})

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in _ROOMS:
            return super().get_command(ctx, cmd_name)
        module, summary = _ROOMS[cmd_name]
        if cmd_name not in sys.argv[1:]:
            return TyperCommand(cmd_name, help=summary)
        room = typer.Typer()
        room.callback()(lambda: None)  # without it a room with a single command would be that command
        import_module(module).register(room)
        wait_at_gate()
        return typer.main.get_group(room).commands[cmd_name]


app = typer.Typer(
    cls=_Rooms,
    no_args_is_help=True,
    add_completion=False,
    help="Riskstream scores payments for fraud while they happen.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"riskstream {version('riskstream')}")
        raise typer.Exit


@app.callback()
def _settings_of_the_stack(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Commands find a running stack by itself: its addresses count where the environment names none."""
    if len(sys.argv) > 1 and sys.argv[1] not in ("up", "stack", "reset"):
        for name, value in client_environment(os.environ).items():
            os.environ.setdefault(name, value)


@app.command()
def up() -> None:
    """Everything on this machine: Kafka, Redis, Postgres, first model, workers, gateway, demo traffic. Ctrl-C stops."""
    from devstack import up as stack

    stack.run(_settings())


@app.command("stack")
def only_stack() -> None:
    """Only Kafka, Redis and Postgres, migrated and with topics. Ctrl-C stops."""
    from devstack import up as stack

    stack.run(_settings(), only_servers=True)


@app.command()
def worker() -> None:
    """One stream worker. SIGTERM drains it."""
    from scoring_worker.main import prepare, run

    prepare()
    wait_at_gate()
    run()


@app.command("live-statistics")
def live_statistics() -> None:
    """Live rates over the decisions, by Faust; what it misses harms nothing. SIGTERM stops it."""
    from scoring_worker.live_statistics.main import run

    run()


@app.command("analysis-worker")
def analysis_worker() -> None:
    """Parses uploads and runs detection strategies; several share the work. SIGTERM gives back what is at work."""
    from analysis.worker import run

    wait_at_gate()
    run()


@app.command()
def api() -> None:
    """The gateway: API, feed and console page."""
    from api.main import prepare, run

    prepare(scoring=is_closed())  # where nothing holds it back, the gateway answers first
    wait_at_gate()
    run()


@app.command("compile", hidden=True)
def compile_kernel() -> None:
    """Compile the kernel into numba's cache, so that no process has to do it when payments wait; `up` calls it."""
    from features.fold import compact
    from features.plan import Entity

    compact(Entity.ACCOUNT, b"")


@app.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    from storage.migrations import current

    settings = _settings()
    _migrate(settings)
    typer.echo(f"The schema is at {current(settings.owner_dsn)}.")


@app.command()
def seed(
    as_json: Annotated[bool, typer.Option("--json", help="Print the API key and a sign-in token as JSON.")] = False,
) -> None:
    """Schema, topics, the demo client and an API key for it: RISKSTREAM_API_KEY, else a new one at each call."""
    from api.seed import seed_demo
    from scoring_worker.kafka_rights import ensure_rights
    from scoring_worker.topics import ensure_topics

    settings = _settings()
    _migrate(settings)
    asyncio.run(ensure_topics(settings))
    asyncio.run(ensure_rights(settings))
    seeded = seed_demo(settings)
    typer.echo(seeded.as_json() if as_json else f"API key of the demo client: {seeded.api_key}")


@app.command("demo-history")
def demo_history() -> None:
    """Some weeks of simulated payments with decided cases, for an empty demo; a worker must not run meanwhile."""
    typer.echo(asyncio.run(_demo_history(_settings())))


async def _demo_history(settings: "Settings") -> str:
    from storage.backdate import backdate, is_empty
    from storage.logins import connected_as_owner

    if settings.environment == "production":
        return "ENVIRONMENT is production: no simulated history."
    async with connected_as_owner(settings.owner_dsn) as owner:
        if not await is_empty(owner):
            return "There is a history already."
        from api.demo_cases import DemoAnalyst  # late: a second start does not wait for what it does not use
        from contracts.transaction import DEMO_CLIENT_ID
        from scoring_worker.past_loader import past_loader
        from training.simulator.past import DAYS, RUN_ID, past_of

        past = past_of(int(datetime.now(UTC).timestamp() * 1000))
        analyst = DemoAnalyst(settings, past.fraud)
        try:
            async with past_loader(settings) as loader:
                for part in past.slices:
                    await loader.transactions(part.transactions)
                    await analyst.decide_until(datetime.fromtimestamp(part.end_ms / 1000, UTC))
                    await loader.labels(part.labels)
                    await loader.labels_given()
                await loader.fold_counts()
        finally:
            await analyst.close()
        await backdate(owner, DEMO_CLIENT_ID, RUN_ID)
    return (
        f"{loader.done.decided:,} simulated payments of the last {DAYS} days with {past.labels:,} labels,"
        f" {loader.done.alerts:,} alerts and {analyst.decided:,} decided cases (ids begin with {RUN_ID})"
    )


@app.command("sign-in")
def sign_in() -> None:
    """Print a fresh one-time link that signs a browser in to the console."""
    from api.seed import sign_in_link

    typer.echo(sign_in_link(_settings()))


@app.command()
def erase(
    account: Annotated[str, typer.Argument(help="As transactions name it.")],
    client: Annotated[int, typer.Option(help="Whose account it is.")] = 1,
    keep_topics: Annotated[bool, typer.Option(help="Leave Kafka's records to the next retain.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a person for good: rows lose what is theirs, the state forgets them, files and topics are cleaned.

    DeleteRecords takes everybody's records up to this moment: consumers of decisions and alerts must have read them.
    """
    from redis.asyncio import Redis

    from api.erasing import UploadInUse, erase_account
    from scoring_worker.erasures import finish_erasures
    from storage.database import ClientPool, connect
    from storage.logins import connected_as_owner
    from storage.roles import GATEWAY

    settings = _settings()
    if not yes:
        typer.confirm(f"Erase this account of client {client} for good?", abort=True)

    async def work() -> None:
        redis = Redis.from_url(settings.redis_url)
        async with (
            await connect(settings.postgres_dsn, size_max=1, role=GATEWAY) as gateway,
            connected_as_owner(settings.owner_dsn) as pool,
        ):
            try:
                found = await erase_account(
                    ClientPool(gateway, client), redis, settings, account, (client, "operator", "")
                )
            except UploadInUse:
                typer.echo("A run reads an upload that holds this account; wait for its end.", err=True)
                raise typer.Exit(1) from None
            finally:
                await redis.aclose()
            if found is None:
                typer.echo("Nothing is stored about this account.")
            else:
                rows = ", ".join(f"{count} {name}" for name, count in found.counts.items())
                typer.echo(f"Erased ({found.erasure_id}): {rows}.")
            left = await finish_erasures(settings, pool, topics=not keep_topics)
            typer.echo("Kafka's records are deleted." if not left else "Kafka still holds records: run retain later.")

    asyncio.run(work())


@app.command()
def retain() -> None:
    """Delete what is older than the RETENTION_ settings, and finish erasures in Kafka; for a daily timer.

    Nothing that the state is made of within 40 days of the newest event.
    """
    import time

    from analysis.upload_sweep import sweep_uploads
    from scoring_worker.erasures import finish_erasures
    from storage.logins import connected_as_owner
    from storage.retention import retain as retain_stored

    settings = _settings()

    async def work() -> None:
        async with connected_as_owner(settings.owner_dsn) as pool:
            left = await finish_erasures(settings, pool)
            if left:
                typer.echo(f"Records of {quantity(left, 'erasure')} stay in Kafka until they are decided.")
            report = await retain_stored(
                pool, settings.retention_days, int(time.time() * 1000), settings.retention_by_kind
            )
            uploads, stray = await sweep_uploads(
                pool, settings.upload_dir, settings.retention_by_kind["uploads"], datetime.now(UTC)
            )
        typer.echo(f"Deleted {quantity(uploads, 'upload')}, and {quantity(stray, 'folder')} without an upload.")
        if report is None:
            typer.echo("Nothing is stored, or another process deletes already.")
            return
        until = datetime.fromtimestamp(report.cutoff_ms / 1000, UTC).date()
        rows = ", ".join(f"{count} {table}" for table, count in report.deleted.items())
        months = len(report.partitions)
        typer.echo(f"Deleted what is older than {until}: {rows}; {quantity(months, 'monthly partition')} dropped.")

    asyncio.run(work())


@app.command()
def reset(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Delete the embedded stack's data: messages, state, decisions, keys. Models stay."""
    from devstack.up import forget

    home = _settings().riskstream_home
    if not yes:
        typer.confirm(f"Delete the stack's data in {home}, with all decisions?", abort=True)
    forget(home)
    typer.echo("Deleted; the next start begins anew.")


def _migrate(settings: "Settings") -> None:
    """Bring schema and logins up to date. Raises SettingsError where production has no login of its own for that."""
    from storage.logins import ensure_login, require_two_logins
    from storage.migrations import upgrade

    require_two_logins(settings.owner_dsn, settings.postgres_dsn, needed=settings.environment == "production")
    upgrade(settings.owner_dsn)
    ensure_login(settings.owner_dsn, settings.postgres_dsn)


def _settings() -> "Settings":
    from settings import load_settings

    return load_settings()


def main() -> None:
    """Entry point: errors of ours are one sentence, without a traceback (DEBUG=true shows it)."""
    try:
        app()
    except RiskstreamError as error:
        shows_traceback = os.environ.get("DEBUG", "").lower() in ("1", "true")
        if shows_traceback and not isinstance(error, SettingsError):  # whose frames hold the settings
            raise
        typer.echo(f"riskstream: {explained(error, os.environ)}", err=True)
        raise SystemExit(EXIT_FAILED) from None


if __name__ == "__main__":
    main()
