"""The bill of materials holds what is locked and what the embedded servers are, and is valid CycloneDX."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from devstack.kafka_jars import locked
from requirements.sbom import bill, faults

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements" / "runtime.lock"


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return bill(LOCK)


def test_it_is_valid(made: dict[str, Any]) -> None:
    assert faults(json.dumps(made)) is None
    assert faults(json.dumps(made | {"components": [{"type": "library"}]})) is not None


def test_every_locked_requirement_is_in_it_with_its_hashes(made: dict[str, Any]) -> None:
    listed = {(part["name"], part["version"]) for part in made["components"]}
    pinned = re.findall(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", LOCK.read_text(), re.MULTILINE)
    assert len(pinned) > 50
    assert [pin for pin in pinned if pin not in listed] == []
    wheel = next(part for part in made["components"] if part["name"] == "asyncpg")
    assert "SHA-256" in json.dumps(wheel)


def test_the_embedded_servers_are_in_it(made: dict[str, Any]) -> None:
    versions = {part["name"]: part["version"] for part in made["components"]}
    for server, major in (("Redis", 8), ("PostgreSQL", 18), ("Java runtime", 25)):
        assert int(versions[server].split(".")[0]) == major
    jars = {(part.get("group"), part["name"], part["version"]): part for part in made["components"]}
    for jar in locked():
        part = jars[jar.group, jar.artifact, jar.version]
        assert part["hashes"] == [{"alg": "SHA-256", "content": jar.sha256}]
    assert any(name == "kafka_2.13" for _, name, _ in jars)


def test_it_names_no_place_of_this_machine(made: dict[str, Any]) -> None:
    assert str(ROOT) not in json.dumps(made)
