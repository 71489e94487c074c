"""`riskstream models list | show | compare | promote | rollback | shadow`: the registry, and who serves."""

import getpass
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from contracts.errors import ModelRefused, RiskstreamError
from riskstream_client.stack_env import explained
from scoring.manifest import Thresholds
from scoring.promotion import checked, promote_checked, roll_back_checked, shadow_checked
from scoring.registry import champion_version, is_model, set_challenger
from settings import load_settings
from training.kinds import Kind
from training.models_live import live_comparison
from training.models_tables import comparison_table, list_table, live_table, show_table
from training.models_view import Listed, listed, listed_one

EXIT_FAILED, EXIT_USAGE = 1, 2

models = typer.Typer(help="Models: list, show, compare, promote, roll back, run in shadow.", no_args_is_help=True)
_out = Console(highlight=False, markup=False, emoji=False)
_err = Console(stderr=True, highlight=False, markup=False, emoji=False)

Registry = Annotated[Path | None, typer.Option(help="The model registry; MODEL_PATH by default.")]
Dataset = Annotated[Kind, typer.Option("--dataset", help="creditcard: the models of POST /v1/predict.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]


def register(app: typer.Typer) -> None:
    """Add `models` to the command line."""
    app.add_typer(models, name="models")


@models.command("list")
def list_models(registry: Registry = None, dataset: Dataset = Kind.STREAM, as_json: AsJson = False) -> None:
    """Every version with its figures; who is champion, who runs in shadow, who was champion before."""
    with _refusals():
        found = listed(_registry(registry, dataset), dataset.schema)
        if as_json:
            _print_json([one.as_dict() for one in found])
        elif not found:
            _out.print("There is no model yet; make one with: riskstream train")
        else:
            _out.print(list_table(found))


@models.command("show")
def show_model(
    version: Annotated[str | None, typer.Argument(help="The champion by default.")] = None,
    registry: Registry = None,
    dataset: Dataset = Kind.STREAM,
    as_json: AsJson = False,
) -> None:
    """One version: figures, data, thresholds, and whether it could be promoted. Exit code 1 if it could not."""
    with _refusals():
        folder = _registry(registry, dataset)
        one = listed_one(folder, version or _champion(folder), dataset.schema)
        refusal = _refusal(folder, one.version, dataset)
        if as_json:
            _print_json(one.as_dict() | {"refusal": refusal})
        else:
            _out.print(show_table(one))
            _out.print(f"Refused: {refusal}" if refusal else "It can be promoted.", soft_wrap=True)
    if refusal:
        raise typer.Exit(EXIT_FAILED)


@models.command("compare")
def compare_models(
    one: Annotated[str | None, typer.Argument(help="The champion by default.")] = None,
    other: Annotated[str | None, typer.Argument(help="The challenger in shadow by default.")] = None,
    live: Annotated[bool, typer.Option("--live", help="On the same stored transactions, with labels so far.")] = False,
    days: Annotated[float, typer.Option(min=0.001, help="With --live: the newest so many days of event time.")] = 30.0,
    mature: Annotated[
        str, typer.Option(help="With --live: quality is counted for what is at least so old (7d, 12h, 10m).")
    ] = "7d",
    registry: Registry = None,
    dataset: Dataset = Kind.STREAM,
    as_json: AsJson = False,
) -> None:
    """Two versions side by side: their test figures, or with --live what both said about the same transactions."""
    if live and dataset is not Kind.STREAM:
        raise typer.BadParameter("--live compares models of the stream")
    with _refusals():
        folder = _registry(registry, dataset)
        champion = listed_one(folder, one or _champion(folder), dataset.schema)
        challenger = listed_one(folder, other or _challenger(folder), dataset.schema)
        if live:
            sides = _side(champion), _side(challenger)
            result = live_comparison(load_settings(), *sides, days, mature)
            _print_json(result.as_dict()) if as_json else _out.print(live_table(result))
        elif as_json:
            _print_json([champion.as_dict(), challenger.as_dict()])
        else:
            _out.print(comparison_table(champion, challenger))


@models.command("promote")
def promote_model(
    version: str, registry: Registry = None, dataset: Dataset = Kind.STREAM, as_json: AsJson = False
) -> None:
    """Make a version the champion: workers and gateways take it within seconds, without a restart.

    The model is loaded and tried first. One that is damaged, foreign or built for another catalogue is refused with
    the reason, and the champion stays.
    """
    with _refusals():
        folder = _registry(registry, dataset)
        before = champion_version(folder)
        model = promote_checked(folder, version, by=_who("promote"), at=datetime.now(UTC), schema=dataset.schema)
        if _running(folder) == version:  # it has nobody to be compared with any more
            set_challenger(folder, None)
        _tell(as_json, "champion", model.version, before)


@models.command("rollback")
def roll_back_model(registry: Registry = None, dataset: Dataset = Kind.STREAM, as_json: AsJson = False) -> None:
    """Back to the champion before this one; again, to the one before that."""
    with _refusals():
        folder = _registry(registry, dataset)
        before = champion_version(folder)
        model = roll_back_checked(folder, by=_who("rollback"), at=datetime.now(UTC), schema=dataset.schema)
        _tell(as_json, "champion", model.version, before)


@models.command("shadow")
def shadow_model(
    version: Annotated[str | None, typer.Argument()] = None,
    off: Annotated[bool, typer.Option("--off", help="Let nobody run in shadow.")] = False,
    registry: Registry = None,
    as_json: AsJson = False,
) -> None:
    """Let a version score the live stream beside the champion; its scores decide nothing.

    `riskstream models compare --live` shows both. Without a version: say who runs.
    """
    if off and version is not None:
        raise typer.BadParameter("name a version, or --off")
    with _refusals():
        folder = _registry(registry)
        before = _running(folder)
        if version is not None:
            shadow_checked(folder, version)
        elif off:
            set_challenger(folder, None)
        _tell(as_json, "challenger", _running(folder), before)


@contextmanager
def _refusals() -> Iterator[None]:
    """What is refused is one sentence and exit code 1."""
    try:
        yield
    except (RiskstreamError, OSError) as error:
        _err.print(f"riskstream models: {explained(error, os.environ)}", style="red", soft_wrap=True)
        raise typer.Exit(EXIT_FAILED) from error


def _side(one: Listed) -> tuple[str, Thresholds]:
    if one.manifest is None:
        raise ModelRefused(f"the manifest of {one.version} {one.complaint}")
    return one.version, one.manifest.thresholds


def _registry(given: Path | None, dataset: Kind = Kind.STREAM) -> Path:
    folder = dataset.registry(given or load_settings().model_path)
    if is_model(folder):
        raise ModelRefused(f"{folder} is one model, not a registry; name the folder above it with --registry")
    return folder


def _champion(registry: Path) -> str:
    version = champion_version(registry)
    if version is None:
        raise ModelRefused(f"{registry} has no champion yet; name a version, or train one with: riskstream train")
    return version


def _challenger(registry: Path) -> str:
    version = _running(registry)
    if version is None:
        raise ModelRefused(
            "nobody runs in shadow; name a second version, or start one: riskstream models shadow VERSION"
        )
    return version


def _running(registry: Path) -> str | None:
    return next((one.version for one in listed(registry) if one.challenger), None)


def _refusal(registry: Path, version: str, dataset: Kind) -> str:
    try:
        checked(registry, version, dataset.schema)
    except ModelRefused as error:
        return str(error)
    return ""


def _who(action: str) -> str:
    try:
        return f"riskstream models {action} ({getpass.getuser()})"
    except (OSError, KeyError):  # a container's user without a name
        return f"riskstream models {action}"


def _tell(as_json: bool, role: str, version: str | None, before: str | None) -> None:
    if as_json:
        _print_json({role: version, "before": before})
    elif version == before:
        _out.print(f"The {role} is {version}." if version else f"There is no {role}.")
    else:
        _out.print(f"The {role} is now {version or 'nobody'}; before: {before or 'nobody'}.", soft_wrap=True)


def _print_json(document: Any) -> None:
    typer.echo(json.dumps(document, indent=2))
