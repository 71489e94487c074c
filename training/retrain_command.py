"""`riskstream retrain`: from decisions and labels in Postgres to a promoted model, if it passes the gate."""

import asyncio
import json
import os
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from analysis.library_warnings import told_by
from contracts.errors import DataRefused, ModelRefused, RiskstreamError
from features.money import Money
from features.plan import DAY
from riskstream_client.stack_env import explained
from riskstream_client.times import duration_of
from scoring.registry import is_model
from settings import Settings, load_settings
from storage.backtest_rows import StoredPeriod, newest_from_ms, stored_bounds_ms
from storage.clients import ClientRepository
from storage.database import connect
from storage.roles import PIPELINE
from training.bars import Bars, bars, tell_warning
from training.gate import Limits
from training.history import Description, History
from training.options import Options
from training.periods import Wanted
from training.retrain import Retrained, retrain
from training.stored_history import FOREVER_MS, stored_history
from training.stored_period import stored_chunks

EXIT_FAILED, EXIT_NOT_PASSED = 1, 3
DAYS = 180.0
ROWS_MAX = 1_000_000  # of vectors in memory: 0.9 GB

_out = Console(highlight=False, markup=False, emoji=False)
_err = Console(stderr=True, highlight=False, markup=False, emoji=False)
_LIMITS = Limits()


def register(app: typer.Typer) -> None:
    """Add `retrain` to the command line."""
    app.command("retrain")(retrain_command)


def retrain_command(
    days: Annotated[float, typer.Option(min=1.0, help="Learn from the newest so many days of event time.")] = DAYS,
    rows_max: Annotated[int, typer.Option(min=1_000, help="And from so many transactions at most.")] = ROWS_MAX,
    mature: Annotated[str, typer.Option(help="Leave out what is younger: its labels are not there yet.")] = "7d",
    test_days: Annotated[float | None, typer.Option(min=0.1, help="Length of the test; a fifth of the period.")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 7,
    ap_drop: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Gate: average precision may be so much lower, at worst.")
    ] = _LIMITS.average_precision_drop_max,
    calibration: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Gate: calibration error, at most.")
    ] = _LIMITS.calibration_error_max,
    segment_drop: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Gate: recall of a segment may be so much lower.")
    ] = _LIMITS.segment_recall_drop_max,
    frauds_min: Annotated[int, typer.Option(min=1, help="Gate: frauds in the test period.")] = _LIMITS.frauds_min,
    alerts_factor: Annotated[
        float, typer.Option(min=0.1, help="Gate: alerts, at most so many times the champion's.")
    ] = _LIMITS.alerts_factor_max,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Train and judge; keep and promote nothing.")] = False,
    registry: Annotated[Path | None, typer.Option(help="The model registry; MODEL_PATH by default.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Train on what the stream stored, compare with the champion on the newest labelled period, promote if it passes.

    Decisions made without the state are left out. Exit code 3 if the gate is not passed: the model is kept with its
    report, and not promoted.
    """
    limits = Limits(
        frauds_min=frauds_min,
        average_precision_drop_max=ap_drop,
        calibration_error_max=calibration,
        segment_recall_drop_max=segment_drop,
        alerts_factor_max=alerts_factor,
    )
    try:
        settings = load_settings()
        folder = registry or settings.model_path
        if is_model(folder):
            raise ModelRefused(f"{folder} is one model, not a registry; name the folder above it with --registry")
        mature_ms = int(duration_of(mature).total_seconds() * 1000)
        with bars(_err) as progress, told_by(partial(tell_warning, _err)):
            history, newest = asyncio.run(_history(settings, int(days * DAY), rows_max, mature_ms, progress))
            wanted = Wanted(test_from_ms=None if test_days is None else newest - int(test_days * DAY))
            found = retrain(
                history, folder, seed=seed, now=datetime.now(UTC), options=Options(wanted=wanted), limits=limits,
                dry_run=dry_run, progress=progress,
            )  # fmt: skip
    except (RiskstreamError, OSError) as error:
        _err.print(f"riskstream retrain: {explained(error, os.environ)}", style="red", soft_wrap=True)
        raise typer.Exit(EXIT_FAILED) from error
    if as_json:
        typer.echo(json.dumps(_document(found, limits), indent=2))
    else:
        _show(found, dry_run=dry_run)
    if not found.passed:
        raise typer.Exit(EXIT_NOT_PASSED)


async def _history(
    settings: Settings, length_ms: int, rows_max: int, mature_ms: int, progress: Bars
) -> tuple[History, int]:
    money = Money(settings.currency_base, settings.currency_default, settings.currency_rates)
    async with await connect(settings.postgres_dsn, size_max=2, role=PIPELINE) as pool:
        bounds = await stored_bounds_ms(pool)
        if bounds is None:
            raise DataRefused("nothing is stored yet; a model learns from decisions and labels")
        stop_ms = bounds[1] - mature_ms + 1
        start_ms = max(bounds[0], stop_ms - length_ms, await newest_from_ms(pool, stop_ms, rows_max))
        clients = await ClientRepository(pool).all()
        labels = await StoredPeriod(pool, 0, FOREVER_MS).labels()
        described: Description = {
            "source": "decisions and labels in Postgres",
            "mature_days": round(mature_ms / DAY, 3),
        }
        with progress.stage("read", await StoredPeriod(pool, start_ms, stop_ms).count()) as advance:
            chunks = stored_chunks(
                pool, start_ms, stop_ms, money,
                zone_of=lambda client: clients[client].time_zone if client in clients else "UTC",
            )  # fmt: skip
            return await stored_history(chunks, labels, described, money, advance), stop_ms


def _show(found: Retrained, *, dry_run: bool) -> None:
    table = Table("gate", "", "figures", title=f"Model {found.version}", title_justify="left")
    for check in found.checks:
        table.add_row(check.name, "passed" if check.passed else "NOT PASSED", check.told)
    _out.print(table)
    if found.promoted:
        told = f"Promoted; before: {found.champion or 'nobody'}. Back with: riskstream models rollback"
    elif dry_run:
        told = "A dry run: nothing was kept." + ("" if found.passed else " It would not be promoted.")
    else:
        told = f"Not promoted. Kept in {found.folder}; run it in shadow with: riskstream models shadow {found.version}"
    _out.print(told, soft_wrap=True)


def _document(found: Retrained, limits: Limits) -> dict[str, Any]:
    return {
        "version": found.version,
        "champion": found.champion,
        "passed": found.passed,
        "promoted": found.promoted,
        "limits": asdict(limits),
        "checks": [check._asdict() for check in found.checks],
        "test": {
            "rows": found.evaluation.rows,
            "frauds": found.evaluation.frauds,
            "from": found.evaluation.time_from,
            "to": found.evaluation.time_to,
        },
        "average_precision": {
            one.name: msgspec.to_builtins(one.figures["average_precision"]) for one in found.evaluation.compared
        },
    }
