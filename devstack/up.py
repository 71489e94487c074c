"""`riskstream up` and `riskstream stack`: the servers, then our own processes, one clear screen, and a clean end.

Our own processes are started through their commands, so this room knows nothing of what they do.
"""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from contracts.errors import StackError
from devstack import servers
from devstack.home import Home, HomeLock
from devstack.part import Part, PartSpec
from devstack.ports import HOST, choose, require_free
from devstack.servers import Ready
from devstack.supervisor import StopRequested, Supervisor
from settings import Settings

PROBE_TIMEOUT_S = 1.0
ALERT_LOOK_EVERY_S = 0.5
START_DEADLINE_S = 120.0  # of our own processes; compiling the kernel for the first time is the longest part
COMMAND = (sys.executable, "-m", "riskstream")


def run(settings: Settings, *, only_servers: bool = False) -> None:
    """Start everything, stay in front until Ctrl-C or SIGTERM, stop everything. Raises StackError with what to do."""
    _Run(settings, only_servers=only_servers).run()


class _Run:
    def __init__(self, settings: Settings, *, only_servers: bool) -> None:
        self._settings = settings
        self._only_servers = only_servers
        self._home = Home(settings.riskstream_home)
        self._console = Console(highlight=False)
        self._supervisor = Supervisor(lambda line: self._console.print(line, style="yellow", markup=False))
        self._began = time.monotonic()
        self._next_look = 0.0
        self._api_url = self._api_key = ""

    def run(self) -> None:
        self._home.prepare()
        with HomeLock(self._home):
            self._home.withdraw()
            self._supervisor.catch_signals()
            try:
                self._start()
                self._supervisor.watch(self._look_for_alert)
            except StopRequested:
                self._console.print("\nStopping …")
            finally:
                self._home.withdraw()
                self._supervisor.stop()
        self._console.print("Everything is stopped; the data stays for the next start.")

    def _start(self) -> None:
        settings = self._settings
        if not self._only_servers and settings.api_port:
            require_free("API_PORT", settings.api_port, settings.api_host)
        self._step("Kafka, Redis, Postgres")
        stack = servers.prepare(self._home, settings)
        self._supervisor.adopt(*stack.parts)
        for part in stack.parts:
            part.start()
        for part in stack.parts:
            part.wait_ready()
        servers.ensure_database(self._home)
        environment = dict(stack.addresses)
        self._step("database and topics")
        environment |= self._seed(environment)
        link_token = environment.pop("SIGN_IN_TOKEN")
        if self._only_servers:
            self._home.publish(environment)
            self._console.print(self._servers_screen(environment))
            return
        if not (settings.model_path / "champion").exists() and not (settings.model_path / "manifest.json").exists():
            self._step("the first model (about a minute, once)")
            self._command(environment, "train", show=True)
        self._step("scoring worker and gateway")
        environment |= self._start_ours(environment)
        self._home.publish(environment)
        if settings.demo_rate:
            demo = [*COMMAND, "simulate", "--rate", str(settings.demo_rate)]
            self._supervisor.start(self._part("demo", demo, environment, lambda: True))
        self._console.print(self._screen(environment, link_token))
        self._api_url, self._api_key = environment["API_URL"], environment["RISKSTREAM_API_KEY"]
        self._next_look = time.monotonic()

    def _step(self, what: str) -> None:
        self._console.print(f"[{time.monotonic() - self._began:5.1f} s] {what} …", markup=False)

    def _seed(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Migrations, topics, demo client and key; returns what it prints: RISKSTREAM_API_KEY, SIGN_IN_TOKEN."""
        known = self._home.known_secret("RISKSTREAM_API_KEY")
        more = {"RISKSTREAM_API_KEY": known} if known else {}
        answer: dict[str, str] = json.loads(self._command({**environment, **more}, "seed", "--json"))
        self._home.keep_secret("RISKSTREAM_API_KEY", answer["RISKSTREAM_API_KEY"])
        return answer

    def _command(self, environment: Mapping[str, str], *arguments: str, show: bool = False) -> str:
        """Run one of our commands to its end. Raises StackError with its last words."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            env=os.environ | dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=None if show else subprocess.PIPE,
            stderr=None if show else subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            words = (done.stderr or "").strip().splitlines()[-3:]
            raise StackError(f"`riskstream {' '.join(arguments)}` failed. " + " ".join(words))
        return done.stdout or ""

    def _start_ours(self, environment: dict[str, str]) -> dict[str, str]:
        settings = self._settings
        names = {f"worker-{i + 1}": "METRICS_PORT" for i in range(settings.scoring_workers)}
        ports = choose({"api": settings.api_port}, {}, {"api": "API_PORT", **names})
        parts = []
        for name in names:
            own = environment | {"METRICS_PORT": str(ports[name])}
            ready = _answers(f"http://{HOST}:{ports[name]}/readyz")
            parts.append(self._part(name, [*COMMAND, "worker"], own, ready))
        url = f"http://{'127.0.0.1' if settings.api_host == '0.0.0.0' else settings.api_host}:{ports['api']}"
        own = environment | {"API_PORT": str(ports["api"]), "API_URL": url}
        parts.append(self._part("gateway", [*COMMAND, "api"], own, _answers(f"{url}/readyz")))
        for part in parts:
            self._supervisor.start(part)
        for part in parts:
            part.wait_ready()
        return {"API_URL": url}

    def _part(self, name: str, command: list[str], environment: Mapping[str, str], ready: Ready) -> Part:
        spec = PartSpec(
            name=name,
            command=command,
            ready=ready,
            environment=environment,
            start_deadline_s=START_DEADLINE_S,
            stop_deadline_s=self._settings.shutdown_deadline_s + 5,
        )
        return Part(spec, self._home)

    def _look_for_alert(self) -> None:
        """Say once when the first alert is there: that is what a newcomer waits for."""
        if not self._next_look or time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + ALERT_LOOK_EVERY_S
        request = urllib.request.Request(f"{self._api_url}/v1/alerts?limit=1", headers={"X-API-Key": self._api_key})
        try:
            with urllib.request.urlopen(request, timeout=PROBE_TIMEOUT_S) as answer:
                found = json.load(answer).get("items")
        except (OSError, ValueError):
            return
        if found:
            self._next_look = 0.0
            seconds = time.monotonic() - self._began
            self._console.print(f"Alerts are there ({seconds:.0f} s after the start): open the console to see them.")

    def _screen(self, environment: Mapping[str, str], token: str) -> Panel:
        url, home = environment["API_URL"], self._home
        table = Table.grid(padding=(0, 2))
        table.add_row("Console", f"[bold link]{url}/sign-in?token={token}[/]")
        table.add_row("", "(signs this browser in, once; another link: .venv/bin/riskstream sign-in)")
        table.add_row("API docs", f"{url}/docs")
        table.add_row("", "")
        self._add_servers(table, environment)
        table.add_row("Logs, data", f"{home.logs}, {home.root}")
        table.add_row("Addresses", f"{home.stack_env} (with the API key)")
        table.add_row("", "")
        table.add_row("Your own", "echo '" + _EXAMPLE + "' \\\n  | .venv/bin/riskstream publish -")
        table.add_row("Stop", "Ctrl-C")
        return Panel(table, title=f"{self._settings.app_name} is up", border_style="green")

    def _servers_screen(self, environment: Mapping[str, str]) -> Panel:
        table = Table.grid(padding=(0, 2))
        self._add_servers(table, environment)
        table.add_row("Addresses", str(self._home.stack_env))
        table.add_row("Stop", "Ctrl-C")
        return Panel(table, title="Kafka, Redis and Postgres are up", border_style="green")

    def _add_servers(self, table: Table, environment: Mapping[str, str]) -> None:
        for name, setting in (
            ("Kafka", "KAFKA_BOOTSTRAP_SERVERS"),
            ("Redis", "REDIS_URL"),
            ("Postgres", "DATABASE_URL"),
        ):
            table.add_row(name, environment[setting].rpartition("@")[2])


_EXAMPLE = (
    '{"transaction_id": "my-1", "amount": 250, "currency": "EUR", "phone_number": "+254700000001",'
    ' "device_id": "my-phone", "location": "Nairobi", "timestamp": "2026-01-01T12:00:00Z"}'
)


def _answers(url: str) -> Ready:
    def ready() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=PROBE_TIMEOUT_S) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    return ready


def forget(home_path: Path, model_path: Path) -> None:
    """Delete the stack's data, and the models. Raises StackError while a stack runs there."""
    home = Home(home_path)
    if home.root.exists():
        with HomeLock(home):
            shutil.rmtree(home.root)
    shutil.rmtree(model_path, ignore_errors=True)
