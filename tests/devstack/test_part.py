"""Processes are real: a part here is a small Python program."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from contracts.errors import StackError
from devstack.home import Home
from devstack.part import Part, PartSpec, end_leftover, end_leftovers

GONE_WITHIN_S = 10
SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
SUPERVISOR = """
import sys, time
from pathlib import Path
from devstack.home import Home
from devstack.part import Part, PartSpec
part = Part(PartSpec("sleeper", [sys.executable, "-c", sys.argv[2]], lambda: True), Home(Path(sys.argv[1])))
part.start()
print(part.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.prepare()
    return made


@pytest.fixture
def part(home: Home) -> Iterator[Part]:
    made = sleeper(home)
    yield made
    made.stop()


def sleeper(home: Home, program: str = SLEEPER, deadline_s: float = 30) -> Part:
    def ready() -> bool:
        return b"up" in home.log("sleeper").read_bytes()

    return Part(PartSpec("sleeper", [sys.executable, "-c", program], ready, start_deadline_s=deadline_s), home)


def is_gone(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return True
    return process in psutil.wait_procs([process], timeout=GONE_WITHIN_S)[0]


def test_stop_leaves_neither_process_nor_record(part: Part, home: Home) -> None:
    part.start()
    part.wait_ready()
    pid = part.pid
    assert pid is not None
    assert [path.name for path in home.run.iterdir()] == ["sleeper.json"]
    part.stop()
    assert is_gone(pid)
    assert not list(home.run.iterdir())


def test_a_part_that_ignores_the_signal_is_ended_by_force(home: Home) -> None:
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    )
    spec = PartSpec(
        "sleeper",
        [sys.executable, "-c", stubborn],
        lambda: b"up" in home.log("sleeper").read_bytes(),
        stop_deadline_s=0.2,
    )
    part = Part(spec, home)
    part.start()
    part.wait_ready()
    pid = part.pid
    part.stop()
    assert pid is not None
    assert is_gone(pid)


def test_a_part_that_ends_while_it_starts_shows_its_last_words(home: Home) -> None:
    part = sleeper(home, "raise SystemExit('no room in the house')")
    part.start()
    with pytest.raises(StackError, match=r"sleeper ended while it started \(exit code 1\).*\n.*no room in the house"):
        part.wait_ready()


def test_a_program_that_cannot_run_here_says_so(home: Home, tmp_path: Path) -> None:
    foreign = tmp_path / "server"
    foreign.write_bytes(b"\x7fELF for another machine")
    foreign.chmod(0o755)
    part = Part(PartSpec("sleeper", [str(foreign)], lambda: False), home)
    part.start()
    with pytest.raises(StackError, match="cannot run here"):
        part.wait_ready()


def test_a_part_that_never_gets_ready_meets_its_deadline(home: Home) -> None:
    part = sleeper(home, "import time; time.sleep(600)", deadline_s=0.3)
    part.start()
    try:
        with pytest.raises(StackError, match="was not ready"):
            part.wait_ready()
    finally:
        part.stop()


def test_a_full_disk_is_named(home: Home) -> None:
    part = sleeper(home, "raise OSError(28, 'No space left on device')")
    part.start()
    with pytest.raises(StackError, match="disk is full"):
        part.wait_ready()


def test_a_killed_supervisor_takes_its_parts_along(home: Home) -> None:
    with killed_supervisor(home) as pid:
        if sys.platform != "linux":  # no other kernel ties a child to its parent: there the next start ends it
            end_leftovers(home.run)
        assert is_gone(pid)


def test_a_leftover_is_ended_at_the_next_start(part: Part, home: Home) -> None:
    part.start()
    part.wait_ready()
    pid = part.pid
    assert pid is not None
    assert end_leftovers(home.run) == ["sleeper"]
    assert is_gone(pid)
    assert end_leftovers(home.run) == []


@pytest.mark.parametrize("lie", [{"started": 1.0}, {"program": "/bin/sh"}, {"pid": 2**22 + 1}, {"pid": "none"}])
def test_somebody_elses_process_is_never_ended(part: Part, home: Home, lie: dict[str, object]) -> None:
    part.start()
    part.wait_ready()
    path = home.run / "sleeper.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | lie))
    assert not end_leftover(path)
    assert part.exit_code() is None
    assert not path.exists()


class killed_supervisor:  # noqa: N801 - reads as a verb in a with statement
    """Start a supervisor with one part, kill it as hard as can be, give the part's pid."""

    def __init__(self, home: Home) -> None:
        command = [sys.executable, "-c", SUPERVISOR, str(home.root), SLEEPER]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        )

    def __enter__(self) -> int:
        assert self._process.stdout is not None
        pid = int(self._process.stdout.readline())
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        return pid

    def __exit__(self, *_: object) -> None:
        assert self._process.stdout is not None
        self._process.stdout.close()
