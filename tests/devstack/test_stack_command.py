"""`riskstream stack` as a person runs it: real servers, real signals, data that stays."""

import asyncio
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
import redis
from aiokafka.admin import AIOKafkaAdminClient

from riskstream_client.stack_env import environment_file

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
UP_WITHIN_S = 120
DOWN_WITHIN_S = 60
SERVERS = {"kafka", "redis", "postgres"}
OWN_SETTINGS = ("KAFKA_BOOTSTRAP_SERVERS", "REDIS_URL", "DATABASE_URL")


class Run:
    """One `riskstream stack` in `home`."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._began_s = time.time()
        self.process = launch(home)

    def wait_up(self) -> dict[str, str]:
        deadline_s = time.monotonic() + UP_WITHIN_S
        while not self._is_ready():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline_s
            time.sleep(0.05)
        return environment_file(self.home / "stack.env")

    def _is_ready(self) -> bool:
        """A run that was killed leaves its file; only a newer one counts."""
        path = self.home / "stack.env"
        return path.exists() and path.stat().st_mtime > self._began_s

    def parts(self) -> list[psutil.Process]:
        records = [json.loads(path.read_text()) for path in (self.home / "run").glob("*.json")]
        return [psutil.Process(record["pid"]) for record in records]

    def end(self, number: signal.Signals) -> tuple[int, str]:
        self.process.send_signal(number)
        output, _ = self.process.communicate(timeout=DOWN_WITHIN_S)
        return self.process.returncode, output


def launch(home: Path, *command: str) -> "subprocess.Popen[str]":
    inherited = {name: value for name, value in os.environ.items() if name not in OWN_SETTINGS}
    return subprocess.Popen(
        [sys.executable, "-m", "riskstream", *(command or ("stack",))],
        env=inherited | {"RISKSTREAM_HOME": str(home), "PYTHONPATH": os.getcwd()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("stack żółw") / "home"  # names may hold blanks and letters of any language
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def run(home: Path) -> Iterator[Run]:
    started = Run(home)
    yield started
    if started.process.poll() is None:
        started.end(signal.SIGTERM)
    if started.process.stdout:
        started.process.stdout.close()


def leave_traces(found: dict[str, str]) -> None:
    redis.Redis.from_url(found["REDIS_URL"]).set("trace", "kept")
    asyncio.run(execute(found["MIGRATION_DATABASE_URL"], "CREATE TABLE trace AS SELECT 7 AS kept"))


def read_traces(found: dict[str, str]) -> tuple[object, object]:
    kept = redis.Redis.from_url(found["REDIS_URL"]).get("trace")
    return kept, asyncio.run(execute(found["MIGRATION_DATABASE_URL"], "SELECT kept FROM trace"))


async def execute(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def topics(bootstrap_servers: str) -> set[str]:
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await client.start()
    try:
        return set(await client.list_topics())
    finally:
        await client.close()


def test_the_stack_comes_up_refuses_a_second_one_and_leaves_nothing(run: Run) -> None:
    found = run.wait_up()
    assert stat.S_IMODE((run.home / "stack.env").stat().st_mode) == 0o600
    assert {*OWN_SETTINGS, "SECRET_KEY", "RISKSTREAM_API_KEY"} <= found.keys()
    assert "payments.transactions.v1" in asyncio.run(topics(found["KAFKA_BOOTSTRAP_SERVERS"]))
    leave_traces(found)
    parts = run.parts()
    assert len(parts) == len(SERVERS)

    second = launch(run.home)
    output, _ = second.communicate(timeout=UP_WITHIN_S)
    assert second.returncode == 1
    assert f"process {run.process.pid}" in " ".join(output.split())
    assert "Traceback" not in output

    family = [member for part in parts for member in [part, *part.children(recursive=True)]]
    code, output = run.end(signal.SIGINT)
    assert code == 0, output
    assert not psutil.wait_procs(family, timeout=5)[1]
    assert not (run.home / "stack.env").exists()
    assert not list((run.home / "run").glob("*.json"))


def test_after_a_kill_the_next_start_has_the_data_and_no_rival(home: Path) -> None:
    killed = Run(home)
    before = killed.wait_up()
    parts = killed.parts()
    killed.end(signal.SIGKILL)
    assert not psutil.wait_procs(parts, timeout=DOWN_WITHIN_S)[1]
    run = Run(home)
    try:
        found = run.wait_up()
        assert read_traces(found) == (b"kept", 7)
        assert found["RISKSTREAM_API_KEY"] == before["RISKSTREAM_API_KEY"]
    finally:
        code, output = run.end(signal.SIGTERM)
    assert code == 0, output


def test_a_taken_port_is_named_with_its_setting(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        refused = subprocess.run(
            [sys.executable, "-m", "riskstream", "stack"],
            env=os.environ | {"RISKSTREAM_HOME": str(home), "REDIS_URL": f"redis://127.0.0.1:{port}/0"},
            capture_output=True,
            text=True,
            timeout=UP_WITHIN_S,
            check=False,
        )
    assert refused.returncode == 1
    assert f"Port {port} (REDIS_URL) is taken" in " ".join(refused.stderr.split())


def test_reset_deletes_the_data_and_nothing_else(home: Path) -> None:
    (home / "mine.txt").write_text("stays")
    done = launch(home, "reset", "--yes")
    output, _ = done.communicate(timeout=UP_WITHIN_S)
    assert done.returncode == 0, output
    assert [path.name for path in home.iterdir()] == ["mine.txt"]
