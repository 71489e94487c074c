"""The catalogue: every family of the design is there, every row says what it is, the hash follows the definition."""

import os
import re
import subprocess
import sys
from dataclasses import fields, replace
from itertools import product
from pathlib import Path

import pytest

from features.catalogue import CATALOGUE_HASH, FEATURE_INDEX, FEATURE_NAMES, FEATURES, Statistic, catalogue_hash
from features.plan import PLAN, Entity

ROOT = Path(__file__).resolve().parents[2]
SPANS = ("5m", "1h", "6h", "24h", "7d", "30d")
ENTITIES = ("account", "device", "ip", "merchant", "beneficiary")

PER_EVENT = {
    "amount", "amount_log", "amount_zscore_30d", "amount_to_mean_30d", "amount_to_max_30d", "amount_round",
    "distance_km", "speed_kmh", "new_country", "new_device", "new_merchant", "new_beneficiary",
    "hour", "night", "weekend",
}  # fmt: skip
AGGREGATES = {
    f"{who}_{what}_{span}" for who, what, span in product(ENTITIES, ("count", "sum", "mean", "std", "max"), SPANS)
}
SINCE_LAST = {f"{who}_since_last_s" for who in ENTITIES}
DISTINCT_OF_ACCOUNT = {
    f"account_distinct_{what}_{span}" for what, span in product(("devices", "merchants", "countries"), SPANS)
}
DISTINCT_ACCOUNTS = {f"{who}_distinct_accounts_{span}" for who, span in product(("device", "ip", "beneficiary"), SPANS)}
RISK = {f"{who}_fraud_share_{span}" for who, span in product(("account", "merchant"), ("1d", "7d", "30d"))}
FRAUD_RUN = {"merchant_fraud_run", "merchant_fraud_run_days", "merchant_fraud_run_mean"}


@pytest.mark.parametrize(
    "family", [PER_EVENT, AGGREGATES, SINCE_LAST, DISTINCT_OF_ACCOUNT, DISTINCT_ACCOUNTS, RISK, FRAUD_RUN]
)
def test_every_family_of_the_design_is_there(family: set[str]) -> None:
    assert family <= set(FEATURE_NAMES)


def test_names_are_unique_and_indexed() -> None:
    assert len(set(FEATURE_NAMES)) == len(FEATURES)
    assert all(FEATURE_NAMES[index] == name for name, index in FEATURE_INDEX.items())
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in FEATURE_NAMES)


def test_every_row_says_unit_default_and_meaning() -> None:
    for feature in FEATURES:
        assert feature.unit.strip(), feature.name
        assert feature.meaning.strip(), feature.name
        assert feature.default == 0.0 or feature.default != feature.default, feature.name
        assert "\n" not in feature.meaning
    assert len({feature.meaning for feature in FEATURES}) == len(FEATURES)


def test_a_name_says_its_entity_and_window() -> None:
    for feature in FEATURES:
        if feature.entity is not None:
            assert feature.name.startswith(feature.entity.name.lower() + "_")
        if feature.statistic is not Statistic.EVENT:
            assert str(feature.statistic) in feature.name


def test_no_feature_reads_an_earlier_decision() -> None:
    for feature in FEATURES:
        text = f"{feature.name} {feature.unit} {feature.meaning}"
        assert not re.search(r"decision|score\b|alert|model|flagged|approved", text), feature.name


def test_the_definition_in_words_names_every_statistic() -> None:
    text = (ROOT / "docs" / "FEATURES.md").read_text()
    for statistic in set(Statistic) - {Statistic.EVENT}:
        assert f"`{statistic}`" in text or (statistic.startswith("distinct_") and "`distinct_*`" in text), statistic
    for name in PER_EVENT:
        assert f"`{name}`" in text, name


def hash_in_a_new_process(seed: str) -> str:
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", "from features.catalogue import CATALOGUE_HASH; print(CATALOGUE_HASH)"]
    return subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True, timeout=60
    ).stdout.strip()


def test_the_hash_is_the_same_in_every_process() -> None:
    assert {hash_in_a_new_process(seed) for seed in ("0", "1", "4711")} == {CATALOGUE_HASH}


@pytest.mark.parametrize("field", ["name", "statistic", "entity", "window", "unit", "default", "meaning"])
def test_the_hash_follows_every_field_of_every_row(field: str) -> None:
    other = {"statistic": Statistic.EVENT, "entity": Entity.IP, "window": 1, "default": 5.0}.get(field, "other")
    for index in (15, len(FEATURES) - 1):
        changed = list(FEATURES)
        changed[index] = replace(FEATURES[index], **{field: other})  # type: ignore[arg-type]
        assert catalogue_hash(tuple(changed), PLAN) != CATALOGUE_HASH


@pytest.mark.parametrize("field", [field.name for field in fields(PLAN)])
def test_the_hash_follows_the_plan(field: str) -> None:
    value = getattr(PLAN, field)
    changed = replace(PLAN, **{field: value[:-1] if isinstance(value, tuple) else value + 1})  # type: ignore[arg-type]
    assert catalogue_hash(FEATURES, changed) != CATALOGUE_HASH


def test_the_hash_follows_the_order() -> None:
    assert catalogue_hash(FEATURES[::-1], PLAN) != CATALOGUE_HASH
