from pathlib import Path

import pytest

from contracts.errors import DataRefused, StateUnavailable, StoreUnavailable
from riskstream_client.stack_env import client_environment, explained, stack_environment


def test_the_running_stack_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stack.env").write_text(
        '# addresses\nKAFKA_BOOTSTRAP_SERVERS=127.0.0.1:1\nexport API_URL="http://x/?a=b"\n\nX\n'
    )
    assert stack_environment(tmp_path) == {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "API_URL": "http://x/?a=b"}
    assert stack_environment(tmp_path / "nowhere") == {}
    monkeypatch.chdir(tmp_path)
    found = client_environment({"RISKSTREAM_HOME": str(tmp_path), "API_URL": "mine"})
    assert found["KAFKA_BOOTSTRAP_SERVERS"] == "127.0.0.1:1"
    assert found["API_URL"] == "mine"


def test_a_named_broker_is_not_mixed_with_the_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stack.env").write_text("KAFKA_BOOTSTRAP_SERVERS=a\nKAFKA_SECURITY_PROTOCOL=PLAINTEXT\n")
    (tmp_path / ".env").write_text("KAFKA_BOOTSTRAP_SERVERS=b\n")
    monkeypatch.chdir(tmp_path)
    assert client_environment({"RISKSTREAM_HOME": str(tmp_path)}) == {
        "RISKSTREAM_HOME": str(tmp_path),
        "KAFKA_BOOTSTRAP_SERVERS": "b",
    }


@pytest.mark.parametrize("error", [StoreUnavailable("Postgres cannot be reached: refused"), StateUnavailable("gone.")])
def test_where_no_stack_runs_that_is_said(error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    home = {"RISKSTREAM_HOME": str(tmp_path)}
    told = explained(error, home)
    assert told.startswith(str(error).rstrip("."))
    assert "Is `make run` running? (no stack runs here" in told
    (tmp_path / "stack.env").write_text("KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:1\n")
    assert "may have stopped" in explained(error, {**home, "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"})
    assert explained(error, {**home, "KAFKA_BOOTSTRAP_SERVERS": "kafka.bank:9092"}) == str(error)
    assert explained(DataRefused("x is empty"), home) == "x is empty"
