"""Thresholds for a backtest: given as numbers or in a file, else those that hold for each client today."""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from contracts.errors import DataRefused
from contracts.json_text import decode_json_file
from scoring.manifest import Thresholds
from scoring.policy import Policy, policy_of
from storage.clients import Client

POLICY_BYTES_MAX = 65_536


class PolicyFile(msgspec.Struct, frozen=True):
    """What a policy file holds; other fields are ignored, so that what `GET /v1/policy` gives can be taken."""

    review: float
    flag: float
    decline: float


def policy_from_text(text: str) -> Policy:
    """`50,75,90`. Raises DataRefused."""
    try:
        review, flag, decline = (float(part) for part in text.split(","))
        return Policy(review, flag, decline)
    except ValueError as error:
        raise DataRefused(f"{text!r} are no thresholds: write REVIEW,FLAG,DECLINE, for instance 50,75,90") from error


def policy_from_file(path: Path) -> Policy:
    """A JSON or TOML file with `review`, `flag` and `decline`, at its top or under `thresholds`. Raises DataRefused."""
    try:
        with path.open("rb") as file:
            raw = file.read(POLICY_BYTES_MAX)
        document = tomllib.loads(raw.decode()) if path.suffix == ".toml" else decode_json_file(raw)
        inner = document.get("thresholds", document) if isinstance(document, dict) else document
        limits = msgspec.convert(inner, PolicyFile)
        return Policy(limits.review, limits.flag, limits.decline)
    except OSError as error:
        raise DataRefused(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:  # broken JSON, TOML or UTF-8, a missing number, thresholds that fall
        raise DataRefused(f"{path} is not a policy: {error}") from error


def policies_of(
    thresholds: Thresholds, flag_setting: float | None, clients: Mapping[int, Client]
) -> Callable[[int], Policy]:
    """Each client's own thresholds, else the environment's, else the model manifest's."""
    default = policy_of(thresholds, flag_setting)

    def policy(client_id: int) -> Policy:
        client = clients.get(client_id)
        if client is None:
            return default
        try:
            return Policy(
                _given(client.threshold_review, default.review),
                _given(client.threshold_flag, default.flag),
                _given(client.threshold_decline, default.decline),
            )
        except ValueError:  # they do not rise together with this model's
            return default

    return policy


def _given(own: float | None, default: float) -> float:
    return default if own is None else own
