"""`riskstream backtest`: any stored period once more, with any model, thresholds or policy."""

import asyncio
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from analysis.library_warnings import told_by
from contracts.errors import DataRefused, RiskstreamError
from features.catalogue import CATALOGUE_HASH
from features.money import Money
from riskstream_client.stack_env import explained
from riskstream_client.times import duration_of
from scoring.model import Model, load
from scoring.policy import Policy
from scoring.registry import is_model, resolve
from settings import Settings, load_settings
from storage.backtest_rows import StoredPeriod, stored_bounds_ms
from storage.clients import ClientRepository
from storage.database import Pool, connect
from storage.roles import PIPELINE
from training.backtest import Backtest, Volume, changes, outcome_of, scored
from training.backtest_tables import as_markdown, backtest_tables
from training.bars import Bars, bars, tell_warning
from training.evaluation.moments import moment_text
from training.policies import policies_of, policy_from_file, policy_from_text
from training.stored_period import stored_chunks

EXIT_FAILED = 1
ALL_CLIENTS = "all clients"

_out = Console(highlight=False, markup=False, emoji=False)
_err = Console(stderr=True, highlight=False, markup=False, emoji=False)


def register(app: typer.Typer) -> None:
    """Add `backtest` to the command line."""
    app.command("backtest")(backtest)


def backtest(
    model: Annotated[str | None, typer.Option(help="A version or a model's folder; the champion by default.")] = None,
    start: Annotated[datetime | None, typer.Option("--from", help="First event time (UTC); the oldest.")] = None,
    stop: Annotated[datetime | None, typer.Option("--to", help="Event time behind the last (UTC); the newest.")] = None,
    thresholds: Annotated[str | None, typer.Option(help="REVIEW,FLAG,DECLINE for all, for instance 50,75,90.")] = None,
    policy: Annotated[Path | None, typer.Option(help="The same from a JSON or TOML file.")] = None,
    client: Annotated[int | None, typer.Option(min=1, help="Only this client's.")] = None,
    mature: Annotated[str, typer.Option(help="Count as legitimate what has no label and is so old.")] = "7d",
    refold: Annotated[bool, typer.Option("--refold", help="Compute the vectors anew from the messages.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Markdown.")] = False,
) -> None:
    """Re-score what is stored: what would have been caught, blocked, reviewed, lost, beside what was decided.

    Stored vectors are taken as they are; where another feature catalogue was served, they are computed anew.
    """
    if thresholds is not None and policy is not None:
        raise typer.BadParameter("give --thresholds or --policy")
    try:
        settings = load_settings()
        fixed = policy_from_text(thresholds) if thresholds else policy_from_file(policy) if policy else None
        loaded = load(_folder(settings.model_path, model))
        mature_ms = int(duration_of(mature).total_seconds() * 1000)
        period = (None if start is None else _ms(start), None if stop is None else _ms(stop))
        with bars(_err) as progress, told_by(partial(tell_warning, _err)):
            found = asyncio.run(
                _backtest(settings, loaded, fixed, period, client, mature_ms, progress, refold=True if refold else None)
            )
    except (RiskstreamError, OSError) as error:
        _err.print(f"riskstream backtest: {explained(error, os.environ)}", style="red", soft_wrap=True)
        raise typer.Exit(EXIT_FAILED) from error
    if as_json:
        typer.echo(json.dumps(found.as_dict(), indent=2))
    elif markdown:
        typer.echo(as_markdown(found))
    else:
        for table in backtest_tables(found):
            _out.print(table)


async def _backtest(
    settings: Settings,
    model: Model,
    fixed: Policy | None,
    period: tuple[int | None, int | None],
    client_id: int | None,
    mature_ms: int,
    progress: Bars,
    *,
    refold: bool | None,
) -> Backtest:
    money = Money(settings.currency_base, settings.currency_default, settings.currency_rates)
    async with await connect(settings.postgres_dsn, size_max=2, role=PIPELINE) as pool:
        oldest, newest = await _bounds(pool)
        start_ms, stop_ms = period[0] or oldest, period[1] or newest + 1
        clients = await ClientRepository(pool).all()
        policies = policies_of(model.manifest.thresholds, settings.risk_threshold_high, clients)
        chosen: Callable[[int], Policy] = (lambda _client: fixed) if fixed else policies
        stored = StoredPeriod(pool, start_ms, stop_ms, client_id)
        refolded = refold or await stored.holds_other_catalogues(CATALOGUE_HASH)
        with progress.stage("score", await stored.count()) as advance:
            chunks = stored_chunks(
                pool, start_ms, stop_ms, money, client_id=client_id, refold=refolded,
                zone_of=lambda client: clients[client].time_zone if client in clients else "UTC",
            )  # fmt: skip
            rows, left_out = await scored(chunks, model, chosen, advance)
    if not len(rows):
        raise DataRefused("nothing is stored of this period and client that could be scored")
    is_mature = rows.time_ms <= newest - mature_ms
    known = {ALL_CLIENTS: fixed} if fixed else {f"client {one}": policies(one) for one in sorted(clients)}
    frauds = is_mature & rows.fraud
    return Backtest(
        model=model.version,
        policies={who: {"review": p.review, "flag": p.flag, "decline": p.decline} for who, p in known.items()},
        time_from=moment_text(int(rows.time_ms.min())),
        time_to=moment_text(int(rows.time_ms.max())),
        rows=len(rows),
        left_out=left_out,
        mature=int(is_mature.sum()),
        labels=int(rows.labelled.sum()),
        frauds=Volume(transactions=int(frauds.sum()), amount=round(float(rows.amount[frauds].sum()), 2)),
        refolded=bool(refolded),
        changed=changes(rows),
        decided=outcome_of("decided", rows, rows.decided_score, rows.decided_level, is_mature),
        backtest=outcome_of("backtest", rows, rows.score, rows.level, is_mature),
    )


async def _bounds(pool: Pool) -> tuple[int, int]:
    bounds = await stored_bounds_ms(pool)
    if bounds is None:
        raise DataRefused("nothing is stored yet; a backtest needs decisions")
    return bounds


def _folder(registry: Path, model: str | None) -> Path:
    """A version of the registry, or a folder; None: the champion."""
    if model is None:
        return resolve(registry)
    given = Path(model)
    return given if is_model(given) else registry / model


def _ms(time: datetime) -> int:
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)
