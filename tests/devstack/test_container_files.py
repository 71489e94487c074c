"""The container files agree with the settings; no engine is needed for this."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from settings import Settings

ROOT = Path(__file__).parents[2]
OWN_SERVICES = {"migrate", "worker", "live-statistics", "gateway", "demo"}
ONCE = {"migrate"}
NOT_OF_SETTINGS = {"API_URL", "RISKSTREAM_API_KEY", "HEALTH_PORT"}  # of commands and image
SECRETS = ("SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "KAFKA_PASSWORD", "RISKSTREAM_API_KEY")


@pytest.fixture(scope="module")
def text() -> str:
    return (ROOT / "docker-compose.yml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def services(text: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(text)["services"]
    return found


def setting_names() -> set[str]:
    fields = Settings.model_fields.items()
    return {str(field.validation_alias or name).upper() for name, field in fields}


def test_every_variable_of_our_services_is_a_setting(services: dict[str, dict[str, Any]]) -> None:
    assert services.keys() >= OWN_SERVICES
    for name in OWN_SERVICES:
        assert set(services[name]["environment"]) - NOT_OF_SETTINGS <= setting_names()


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_has_a_default(text: str, secret: str) -> None:
    uses = re.findall(rf"\$\{{{secret}\b(.?.?)", text)
    assert uses
    assert set(uses) == {":?"}


def test_services_start_in_order_when_the_others_are_ready(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if needed in ONCE else "service_healthy"
            assert how == {"condition": expected}, (name, needed)
            assert needed in ONCE | OWN_SERVICES or "test" in services[needed]["healthcheck"]  # ours: the image's own


def test_published_ports_stay_on_this_machine(services: dict[str, dict[str, Any]]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert len(ports) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_image_runs_unprivileged_from_locked_requirements() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    last_stage = dockerfile.rpartition("\nFROM ")[2]
    assert re.search(r"^USER riskstream$", last_stage, re.MULTILINE)
    assert "HEALTHCHECK" in last_stage
    assert "COPY ." not in last_stage
    installs = re.findall(r"pip install[^&]*-r [^&\n]*", dockerfile)  # the third one is our own code alone
    assert len(installs) == 2
    assert all("--require-hashes" in install for install in installs)


def test_every_room_of_the_image_is_let_through() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    rooms = re.findall(r'"(\w+)\*"', project)
    modules = re.search(r"^py-modules = \[(.*)\]$", project, re.MULTILINE)
    assert modules is not None
    assert {f"!{room}" for room in rooms} <= set(ignored)
    assert {f"!{name}.py" for name in re.findall(r'"(\w+)"', modules[1])} <= set(ignored)


def test_kafka_lets_nobody_in_who_does_not_sign_in(services: dict[str, dict[str, Any]]) -> None:
    broker = services["kafka"]["environment"]
    listeners = [part.partition("://")[0] for part in broker["KAFKA_LISTENERS"].split(",")]
    protocols = dict(part.split(":") for part in broker["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(","))
    assert set(protocols) == set(listeners)
    for listener in listeners:
        assert protocols[listener].startswith("SASL_")
        assert "PlainLoginModule required" in broker[f"KAFKA_LISTENER_NAME_{listener}_PLAIN_SASL_JAAS_CONFIG"]
    assert "${KAFKA_PRODUCER_USERS" not in broker["KAFKA_LISTENER_NAME_CONTROLLER_PLAIN_SASL_JAAS_CONFIG"]
    assert broker["KAFKA_AUTHORIZER_CLASS_NAME"].endswith("StandardAuthorizer")
    assert broker["KAFKA_ALLOW_EVERYONE_IF_NO_ACL_FOUND"] == "false"
    for name in OWN_SERVICES:
        ours = services[name]["environment"]
        assert (ours["KAFKA_SECURITY_PROTOCOL"], ours["KAFKA_SASL_USERNAME"]) == ("SASL_PLAINTEXT", "riskstream")
