"""`riskstream up` and `riskstream stack`: the servers, then our own processes, one clear screen, and a clean end.

Our own processes are started through their commands, so this room knows nothing of what they do.
"""

import errno
import json
import os
import shutil
import socket
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from contracts.errors import StackError
from devstack import compiled, gate, servers
from devstack.command import COMMAND, Command
from devstack.home import Home, HomeLock
from devstack.lost import FILE_NAME as LOST_FILE
from devstack.lost import note_lost
from devstack.part import Part, PartSpec, end_leftovers
from devstack.ports import HOST, choose, hold, is_free, require_free
from devstack.screen import Screen
from devstack.servers import Ready
from devstack.supervisor import StopRequested, Supervisor
from settings import Settings

PROBE_TIMEOUT_S = 1.0
ALERT_LOOK_EVERY_S = 0.5
START_DEADLINE_S = 120.0  # of our own processes, from the moment that nothing holds them back
_STATISTICS = "live-statistics"  # the command, and the part's name
STACK_FILES = (  # all that a stack puts into its home; only these are deleted by `forget`
    *("kafka", "redis", "postgres", "postgres.new", "logs", "run", "uploads", "compiled", "cache"),
    *("stack.env", "secrets.json", "ports.json", "lock", LOST_FILE, ".gitignore"),
)


def run(settings: Settings, *, only_servers: bool = False) -> None:
    """Start everything, stay in front until Ctrl-C or SIGTERM, stop everything. Raises StackError with what to do."""
    try:
        _Run(settings, only_servers=only_servers).run()
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StackError("The disk is full: free some space, then start again; nothing decided is lost.") from error
        raise StackError(f"The machine refused something: {error}.") from error


class _Run:
    def __init__(self, settings: Settings, *, only_servers: bool) -> None:
        self._settings = settings
        self._only_servers = only_servers
        self._home = Home(settings.riskstream_home)
        self._compiled = compiled.environment(self._home)
        self._screen = Screen(settings.app_name, self._home, _command_name())
        self._supervisor = Supervisor(self._screen.warn, on_loss=lambda lost: note_lost(self._home.root, lost))
        self._gate = self._home.run / "gate"
        self._next_look_s = 0.0
        self._alerts: _Alerts | None = None
        self._statistics: Part | None = None
        self._commands: list[Command] = []
        self._held_port: socket.socket | None = None

    def run(self) -> None:
        self._home.prepare()
        with HomeLock(self._home):
            self._home.withdraw()
            note_lost(self._home.root, {})
            self._supervisor.catch_signals()
            try:
                self._start()
                self._supervisor.watch(self._look_for_alert)
            except StopRequested:
                self._screen.say("\nStopping …")
            finally:
                self._home.withdraw()
                note_lost(self._home.root, {})
                self._gate.unlink(missing_ok=True)
                for command in self._commands:
                    command.stop()
                self._supervisor.stop()
                self._screen.close()
        self._screen.say("Everything is stopped.")

    def _start(self) -> None:
        settings = self._settings
        self._gate.unlink(missing_ok=True)
        end_leftovers(self._home.run)
        api_port = None if self._only_servers else self._api_port()
        self._screen.step("Kafka, Redis, Postgres")
        # The longest of a first start, and needs no server: it takes one core while the servers start on the others.
        compiling = None if self._only_servers else self._begin({}, "compile")
        installing = None if self._only_servers or self._has_model() else self._begin({}, "models", "install")
        stack = servers.prepare(self._home, settings)
        environment = dict(stack.addresses)
        self._supervisor.adopt(*stack.parts)
        for part in stack.parts:
            part.start()
        ours = [] if api_port is None else self._start_ours(environment, api_port)
        for part in stack.parts:
            self._screen.waits_for(part.spec.name.capitalize())
            part.wait_ready()
        servers.ensure_database(self._home)
        self._screen.step("database and topics")
        environment |= self._seed(environment)
        link_token, is_empty = environment.pop("SIGN_IN_TOKEN"), environment.pop("IS_EMPTY") == "yes"
        if self._only_servers:
            self._home.publish(environment)
            self._screen.servers_are_up(environment)
            return
        if installing is not None:
            if installing.is_at_work:
                self._screen.step("the first model")
            self._await_first_model(installing, environment)
        if compiling is not None:
            if compiling.is_at_work:
                self._screen.step("the kernel is compiled (the first time: half a minute or more)")
            compiling.finish()
        if is_empty and settings.demo_rate and settings.environment != "production":
            self._screen.step("a simulated history for the demo (once)")
            self._screen.say(self._begin(environment, "demo-history").finish().strip())
        self._screen.step("workers and gateway")
        self._alerts = _Alerts(environment["API_URL"], environment["RISKSTREAM_API_KEY"])
        self._open_gate(ours)
        if self._statistics is not None:  # last, so that no other part's start waits for its imports
            self._supervisor.start(self._statistics)
        self._home.publish(environment)
        self._screen.all_is_up(environment, link_token, {part.spec.name: self._places(part) for part in ours})

    def _api_port(self) -> int:
        """The one that was set; else the usual one, or any free one (0) where another copy has that."""
        settings = self._settings
        if "api_port" in settings.model_fields_set:
            return settings.api_port and require_free("API_PORT", settings.api_port, settings.api_host)
        if is_free(settings.api_port, settings.api_host):
            self._held_port = hold(settings.api_port, settings.api_host)  # a copy that starts now takes another one
            return settings.api_port
        self._screen.warn(f"Port {settings.api_port} is taken by another program: the gateway takes a free one.")
        return 0

    def _ports(self, api_port: int, named: Mapping[str, str]) -> dict[str, int]:
        """A port for every name; the gateway's is not looked at again where this run itself holds it."""
        if self._held_port is None:
            return choose({"api": api_port}, {}, named)
        others = {name: setting for name, setting in named.items() if name != "api"}
        return {"api": api_port, **choose({}, {}, others)}

    def _has_model(self) -> bool:
        return any((self._settings.model_path / name).exists() for name in ("champion", "manifest.json"))

    def _await_first_model(self, installing: Command, environment: Mapping[str, str]) -> None:
        """The one that ships; one that is trained now where the shipped one does not fit, as after a change of code."""
        try:
            installing.finish()
        except StackError as error:
            self._screen.warn(str(error))
            self._screen.step("a first model is trained instead (a few minutes, once)")
            self._begin(environment, "train", "--quick", show=True).finish()

    def _seed(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Migrations, topics, demo client and key; returns what it prints: key, sign-in token, emptiness."""
        known = self._home.known_secret("RISKSTREAM_API_KEY")
        more = {"RISKSTREAM_API_KEY": known} if known else {}
        answer: dict[str, str] = json.loads(self._begin({**environment, **more}, "seed", "--json").finish())
        self._home.keep_secret("RISKSTREAM_API_KEY", answer["RISKSTREAM_API_KEY"])
        return answer

    def _begin(self, environment: Mapping[str, str], *arguments: str, show: bool = False) -> Command:
        """Begin one of our commands, which ends with this run at the latest."""
        command = Command({**self._compiled, **environment}, *arguments, show=show)
        self._commands.append(command)
        return command

    def _start_ours(self, environment: dict[str, str], api_port: int) -> list[Part]:
        """Start workers, gateway and demo, which wait at the gate; adds API_URL to `environment`."""
        settings = self._settings
        workers = {f"worker-{number + 1}": "worker" for number in range(settings.scoring_workers)}
        workers |= {f"analysis-worker-{number + 1}": "analysis-worker" for number in range(settings.analysis_workers)}
        named = {"api": "API_PORT", **dict.fromkeys([*workers, _STATISTICS], "METRICS_PORT")}
        ports = self._ports(api_port, named)
        shown_host = HOST if settings.api_host in ("0.0.0.0", "::") else settings.api_host  # compared, not bound  # nosec B104
        environment["API_URL"] = url = f"http://{shown_host}:{ports['api']}"
        theirs = environment | {servers.OWNERS_ADDRESS: ""}  # what stays up signs in as the login that owns nothing
        gated = self._compiled | theirs | {gate.VARIABLE: str(self._gate)}
        parts = []
        for name, command in workers.items():
            own = gated | {"METRICS_PORT": str(ports[name])}
            parts.append(self._part(name, [command], own, _answers(f"http://{HOST}:{ports[name]}/readyz")))
        own = gated | {"API_PORT": str(ports["api"])}
        parts.append(self._part("gateway", ["api"], own, _answers(f"{url}/readyz")))
        if settings.demo_rate:
            parts.append(
                self._part(
                    "demo", ["simulate", "--rate", str(settings.demo_rate), "--known-people"], gated, lambda: True
                )
            )
        for part in parts:
            self._supervisor.start(part)
        own = self._compiled | theirs | {"METRICS_PORT": str(ports[_STATISTICS])}
        self._statistics = self._part(_STATISTICS, [_STATISTICS], own, lambda: True)
        return parts

    @staticmethod
    def _places(part: Part) -> str:
        """The part's log, and where its metrics are."""
        port = part.spec.environment.get("METRICS_PORT")
        return part.log_path.name + (f", metrics at http://{HOST}:{port}/metrics" if port else "")

    def _open_gate(self, ours: Sequence[Part]) -> None:
        if self._held_port is not None:
            self._held_port.close()
        self._gate.touch()
        for part in ours:
            self._screen.waits_for(f"{part.spec.name} (its log: {part.log_path})")
            part.wait_ready(since_s=time.monotonic())

    def _part(self, name: str, arguments: Sequence[str], environment: Mapping[str, str], ready: Ready) -> Part:
        spec = PartSpec(
            name=name,
            command=[*COMMAND, *arguments],
            ready=ready,
            environment=environment,
            start_deadline_s=START_DEADLINE_S,
            stop_deadline_s=self._settings.shutdown_deadline_s + 5,
        )
        return Part(spec, self._home)

    def _look_for_alert(self) -> None:
        """Say once when the first alert of this run is there: that is what a newcomer waits for."""
        if self._alerts is None or time.monotonic() < self._next_look_s:
            return
        self._next_look_s = time.monotonic() + ALERT_LOOK_EVERY_S
        if self._alerts.is_there_a_new_one():
            self._alerts = None
            self._screen.first_alert()


class _Alerts:
    """Looks through the gateway whether an alert was raised since this object was made."""

    def __init__(self, api_url: str, api_key: str) -> None:
        self._request = urllib.request.Request(f"{api_url}/v1/alerts?limit=1", headers={"X-API-Key": api_key})
        self._since_ms = time.time() * 1000

    def is_there_a_new_one(self) -> bool:
        try:
            with urllib.request.urlopen(self._request, timeout=PROBE_TIMEOUT_S) as answer:  # our own gateway  # nosec B310
                newest = json.load(answer).get("items", [])
        except (OSError, ValueError):
            return False
        return bool(newest) and newest[0]["created_at_ms"] >= self._since_ms


def _command_name() -> str:
    """How a person calls this installation, from here."""
    installed = Path(sys.executable).with_name("riskstream")
    if not installed.exists():
        return f"{sys.executable} -m riskstream"
    return os.path.relpath(installed) if installed.is_relative_to(Path.cwd()) else str(installed)


def _answers(url: str) -> Ready:
    def ready() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=PROBE_TIMEOUT_S) as answer:  # our own gateway  # nosec B310
                return bool(answer.status == 200)
        except OSError:
            return False

    return ready


def forget(home_path: Path) -> None:
    """Delete the stack's data, and nothing else that may lie in the folder. Raises StackError while a stack runs."""
    home = Home(home_path)
    if not home.root.exists():
        return
    with HomeLock(home):
        end_leftovers(home.run)
        for name in STACK_FILES:
            path = home.root / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    if not any(home.root.iterdir()):
        home.root.rmdir()
