"""One process of the stack: start it tied to this one, tell whether it is ready, stop it, end its leftovers."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from contracts.errors import StackError
from devstack.home import Home, write_private

LAUNCHER = Path(__file__).with_name("launch.py")
LOG_BYTES_MAX = 20_000_000  # a longer log is set aside at the next start; one older one is kept
TAIL_LINES = 12
TAIL_BYTES = 8_192
START_TIME_TOLERANCE_S = 2.0  # the kernel's start times move a little when the clock is set
POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class PartSpec:
    """What to run and how to know that it is ready."""

    name: str
    command: Sequence[str]  # the program's absolute path first
    ready: Callable[[], bool]  # connects for real; quick; False while not ready
    environment: Mapping[str, str] = field(default_factory=dict)  # added to ours
    start_deadline_s: float = 60.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_deadline_s: float = 20.0
    user: str | None = None  # the account to run as, where this process is root
    restarts: bool = True
    umask: int = -1  # rights that its files do not get; -1: as ours


class Part:
    """A running (or stopped) process made from a PartSpec."""

    def __init__(self, spec: PartSpec, home: Home) -> None:
        self.spec = spec
        self.log_path = home.log(spec.name)
        self.started_at_s = 0.0
        self._pid_path = home.run / f"{spec.name}.json"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process. Call it on the main thread: the kernel ties a child to the thread that made it."""
        end_leftover(self._pid_path)
        _set_long_log_aside(self.log_path)
        spec = self.spec
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                tied(spec.command, death_signal=spec.stop_signal, user=spec.user),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | dict(spec.environment),
                umask=spec.umask,
            )
        self.started_at_s = time.monotonic()
        record = {"pid": self._process.pid, "started": _start_time_s(self._process.pid), "program": spec.command[0]}
        write_private(self._pid_path, json.dumps(record))

    def exit_code(self) -> int | None:
        return self._process.poll() if self._process else None

    def wait_ready(self, since_s: float = 0.0) -> None:
        """Raises StackError, with the log's last lines, if the part ends or its deadline passes before it is ready.

        The deadline counts from its start, or from `since_s` (monotonic) where it could not go on before.
        """
        deadline_s = max(self.started_at_s, since_s) + self.spec.start_deadline_s
        while not self.spec.ready():
            code = self.exit_code()
            if code is not None:
                raise StackError(f"{self.spec.name} ended while it started (exit code {code}). {self.last_words()}")
            if time.monotonic() > deadline_s:
                raise StackError(
                    f"{self.spec.name} was not ready after {self.spec.start_deadline_s:.0f} s. {self.last_words()}"
                )
            time.sleep(POLL_S)

    def signal_stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(self.spec.stop_signal)

    def stop(self) -> None:
        """Stop in order, by force after the deadline; then nothing of the part is left."""
        if self._process is None:
            return
        self.signal_stop()
        try:
            self._process.wait(self.spec.stop_deadline_s)
        except subprocess.TimeoutExpired:
            _kill_tree(self._process.pid)
            self._process.wait()
        self._process = None
        self._pid_path.unlink(missing_ok=True)

    def last_words(self) -> str:
        """The log's last lines and its path, for an error message."""
        lines = _tail(self.log_path)
        if any("No space left on device" in line for line in lines):
            return f"The disk is full: free some space and start again. Its log: {self.log_path}"
        shown = "\n  ".join(lines) or "(empty)"
        return f"Its log, {self.log_path}, ends with:\n  {shown}"


def tied(
    command: Sequence[str], *, death_signal: signal.Signals = signal.SIGTERM, user: str | None = None
) -> list[str]:
    """`command` as a child that ends with this process, whatever ends this process (see `launch.py`)."""
    launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), str(int(death_signal)), "1"]
    return [*launcher, user or "-", "--", *command]


def end_leftovers(run_folder: Path) -> list[str]:
    """End what a killed supervisor left running; the names of those parts. The caller holds the home's lock."""
    return [path.stem for path in sorted(run_folder.glob("*.json"), reverse=True) if end_leftover(path)]


def end_leftover(pid_path: Path) -> bool:
    """End the process that `pid_path` names, if it is still the one that was recorded; True if one was ended."""
    try:
        record = json.loads(pid_path.read_text())
    except (FileNotFoundError, ValueError):
        return False
    process = _recorded_process(record)
    if process is not None:
        family = [process, *process.children(recursive=True)]
        process.terminate()
        _, alive = psutil.wait_procs(family, timeout=10)
        for survivor in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                survivor.kill()
        psutil.wait_procs(alive, timeout=5)
    pid_path.unlink(missing_ok=True)
    return process is not None


def _recorded_process(record: Mapping[str, object]) -> psutil.Process | None:
    """The process of a record; None if it is gone or its number belongs to another program now."""
    try:
        process = psutil.Process(int(str(record["pid"])))
        same_time = abs(process.create_time() - float(str(record["started"]))) < START_TIME_TOLERANCE_S
        same_program = Path(process.exe()).samefile(str(record["program"]))
    except (psutil.Error, OSError, KeyError, ValueError):
        return None
    return process if same_time and same_program else None


def _start_time_s(pid: int) -> float:
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:  # ended at once; wait_ready tells why
        return 0.0


def _kill_tree(pid: int) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for member in [*process.children(recursive=True), process]:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()


def _set_long_log_aside(path: Path) -> None:
    if path.exists() and path.stat().st_size > LOG_BYTES_MAX:
        path.replace(path.with_suffix(".log.1"))


def _tail(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            return file.read().decode(errors="replace").splitlines()[-TAIL_LINES:]
    except OSError:
        return []
