"""Public linters of API documents find nothing: Redocly and Spectral in OpenAPI, AsyncAPI's parser and Spectral there.

They are programs of Node and come from npm, each in one version; without npm, or without what it fetches, they are
skipped. `make lint-api` runs them alone.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from running_gateway import NOWHERE, settings_for

from api.app import create_app

ROOT = Path(__file__).parents[2]
ASYNCAPI = ROOT / "docs" / "asyncapi.yaml"
LINT = Path(__file__).parent / "lint"
REDOCLY, SPECTRAL, PARSER = "@redocly/cli@2.77.0", "@stoplight/spectral-cli@6.16.3", "@asyncapi/parser@3.6.6"
FETCH_S, LINT_S = 240, 120
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "SCARF_ANALYTICS": "false"}


@pytest.fixture(scope="module")
def linters() -> None:
    """All of them are there, fetched if need be."""
    if shutil.which("npm") is None:
        pytest.skip("the linters of API documents need npm")
    for package in (REDOCLY, SPECTRAL, PARSER):
        try:
            found = run(package, "node", "--version", seconds=FETCH_S)
        except subprocess.TimeoutExpired:
            pytest.skip("the linters of API documents cannot be fetched: npm does not end")
        if found.returncode:
            pytest.skip("the linters of API documents cannot be fetched: npm gives up")


@pytest.fixture(scope="module")
def openapi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lint") / "openapi.json"
    path.write_text(json.dumps(create_app(settings_for(f"postgresql://u:p@{NOWHERE}/d")).openapi()))
    return path


def run(package: str, *command: str, seconds: int = LINT_S) -> subprocess.CompletedProcess[str]:
    asked = ["npm", "exec", "--yes", "--prefer-offline", f"--package={package}", "--", *command]
    return subprocess.run(
        asked, capture_output=True, text=True, timeout=seconds, env={**os.environ, **QUIET}, check=False
    )


def assert_finds_nothing(found: subprocess.CompletedProcess[str], says: str) -> None:
    assert found.returncode == 0, found.stdout + found.stderr
    assert says in found.stdout + found.stderr


@pytest.mark.usefixtures("linters")
def test_redocly_finds_nothing_in_openapi(openapi: Path) -> None:
    found = run(REDOCLY, "redocly", "lint", str(openapi), "--extends=recommended", "--format=summary")
    assert_finds_nothing(found, "Your API description is valid")
    assert "warning" not in found.stdout


@pytest.mark.usefixtures("linters")
@pytest.mark.parametrize("document", ["openapi", "asyncapi"])
def test_spectral_finds_nothing(openapi: Path, document: str) -> None:
    path = openapi if document == "openapi" else ASYNCAPI
    rules = str(LINT / "spectral.yaml")
    found = run(SPECTRAL, "spectral", "lint", str(path), "--ruleset", rules, "--fail-severity=hint", "--format=text")
    assert_finds_nothing(found, "No results")


@pytest.mark.usefixtures("linters")
def test_asyncapis_own_parser_finds_nothing() -> None:
    assert_finds_nothing(run(PARSER, "node", str(LINT / "asyncapi.mjs"), str(ASYNCAPI)), "")


@pytest.mark.usefixtures("linters")
def test_a_linter_finds_what_is_wrong(tmp_path: Path) -> None:
    """Else it may be that it looks at nothing."""
    path = tmp_path / "asyncapi.yaml"
    path.write_text(ASYNCAPI.read_text("utf-8").replace("action: receive", "action: take"), "utf-8")
    assert run(PARSER, "node", str(LINT / "asyncapi.mjs"), str(path)).returncode == 1
