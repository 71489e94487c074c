import os
import signal
import sys
import time
from pathlib import Path

import pytest

from contracts.errors import StackError
from devstack.home import Home
from devstack.lost import lost_parts, note_lost
from devstack.part import Part, PartSpec
from devstack.supervisor import RESTARTS_MAX, StopRequested, Supervisor

DEADLINE_S = 30


def part(home: Home, program: str, name: str = "worker") -> Part:
    return Part(PartSpec(name, [sys.executable, "-c", program], lambda: True), home)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.prepare()
    return made


def test_a_part_that_dies_is_started_again_with_a_message(home: Home) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append)
    worker = part(home, "import time; time.sleep(600)")
    supervisor.start(worker)
    first = worker.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    deadline_s = time.monotonic() + DEADLINE_S

    def until_restarted() -> None:
        assert time.monotonic() < deadline_s
        if worker.pid != first and worker.exit_code() is None:
            raise StopRequested

    with pytest.raises(StopRequested):
        supervisor.watch(until_restarted)
    supervisor.stop()
    assert worker.pid is None
    assert len(said) == 1
    assert "worker ended (exit code -9); it starts again" in said[0]


def test_a_part_that_cannot_live_is_given_up_with_its_last_words(home: Home) -> None:
    supervisor = Supervisor(lambda _: None, back_off_s=(0.0,))
    supervisor.start(part(home, "raise SystemExit('the model is damaged')"))
    with pytest.raises(StackError, match=rf"worker ended {RESTARTS_MAX + 1} times.*(\n.*)*the model is damaged"):
        supervisor.watch()
    supervisor.stop()


def test_a_part_that_cannot_live_is_given_up_alone(home: Home) -> None:
    said: list[str] = []
    lost: list[dict[str, str]] = []
    supervisor = Supervisor(said.append, back_off_s=(0.0,), on_loss=lambda parts: lost.append(dict(parts)))
    gateway = part(home, "import time; time.sleep(600)", "gateway")
    supervisor.start(gateway)
    supervisor.start(part(home, "raise SystemExit('the batch is a bomb')"))
    living, turns_after = gateway.pid, 0
    deadline_s = time.monotonic() + DEADLINE_S

    def until_given_up() -> None:
        nonlocal turns_after
        assert time.monotonic() < deadline_s
        turns_after += bool(lost)
        if turns_after > 5:
            raise StopRequested

    with pytest.raises(StopRequested):
        supervisor.watch(until_given_up)
    assert gateway.pid == living, "the others run on"
    assert gateway.exit_code() is None
    supervisor.stop()
    assert lost == [{"worker": f"worker ended {RESTARTS_MAX + 1} times in five minutes"}], "once"
    assert len(said) == RESTARTS_MAX + 1
    assert "everything else runs on without it" in said[-1]
    assert "the batch is a bomb" in said[-1]


def test_a_part_that_cannot_be_started_again_does_not_end_the_others(home: Home) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append, back_off_s=(0.0,))
    supervisor.start(part(home, "import time; time.sleep(600)", "gateway"))
    worker = part(home, "raise SystemExit(1)")
    supervisor.start(worker)
    worker.log_path.unlink()
    worker.log_path.mkdir()  # it cannot be opened
    deadline_s = time.monotonic() + DEADLINE_S

    def until_given_up() -> None:
        assert time.monotonic() < deadline_s
        if supervisor.lost:
            raise StopRequested

    with pytest.raises(StopRequested):
        supervisor.watch(until_given_up)
    supervisor.stop()
    assert any("worker cannot be started" in line for line in said)


def test_what_is_lost_is_noted_and_taken_back(tmp_path: Path) -> None:
    assert lost_parts(tmp_path) == {}
    note_lost(tmp_path, {"worker-1": "it ended"})
    assert lost_parts(tmp_path) == {"worker-1": "it ended"}
    (tmp_path / "lost.json").write_text("[")
    assert lost_parts(tmp_path) == {}
    note_lost(tmp_path, {})
    assert not (tmp_path / "lost.json").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_signal_interrupts_once_and_the_end_is_not_interrupted(home: Home, number: signal.Signals) -> None:
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    supervisor = Supervisor(lambda _: None)
    try:
        supervisor.catch_signals()
        with pytest.raises(StopRequested):
            signal.raise_signal(number)
        signal.raise_signal(number)  # an impatient second Ctrl-C
        supervisor.stop()
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
