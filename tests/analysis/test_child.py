"""Work in a child: its results and errors come back, and whatever holds it or breaks it ends it and nothing else."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from analysis.child import ChildEnded, Limits, Link, in_child
from analysis.child_work import FileToRead, read_file
from analysis.extract.extract import NotReadable
from analysis.progress import Cancelled
from tests.analysis import held_children

LONG_S = 60.0  # none of these takes a second on an idle machine
MIB = 1024**2
WIDE = Limits(LONG_S, 1024 * MIB)


def child(
    work: Callable[[Link, Any], Any], argument: Any = None, limits: Limits = WIDE, **options: Callable[..., Any]
) -> Any:
    given: dict[str, Any] = {"progress": lambda *_: None, "cancelled": lambda: False} | options
    return in_child(work, argument, limits, **given)


def test_results_progress_and_answers_come_back() -> None:
    seen: list[tuple[str, int, int]] = []
    found = child(held_children.asks, 20, progress=lambda *at: seen.append(at), answer=lambda number: number + 1)
    assert found == 42
    assert seen == [("parse", 1, 2)]


def test_an_error_comes_back_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("who,text\na,b\nc,d\n")
    asked = FileToRead(tmp_path / "a.csv", "a.csv", tmp_path, None, "UTC", b"key")
    with pytest.raises(NotReadable) as refused:
        child(read_file, asked)
    assert [column.name for column in refused.value.reading.columns] == ["who", "text"]


def test_an_error_that_cannot_be_sent_comes_back_by_its_text() -> None:
    with pytest.raises(RuntimeError, match="Unsendable: two"):
        child(held_children.raises_what_cannot_be_sent)


@pytest.mark.parametrize("work", [held_children.holds_the_lock, held_children.loops], ids=["in C", "in Python"])
def test_cancelling_ends_what_never_looks(work: Callable[[Link, Any], Any]) -> None:
    begun = threading.Event()
    with pytest.raises(Cancelled):
        child(work, progress=lambda *_: begun.set(), cancelled=begun.is_set)


def test_its_time_is_bounded() -> None:
    with pytest.raises(ChildEnded, match="took longer than the 1 seconds"):
        child(held_children.holds_the_lock, limits=Limits(1.0, 1024 * MIB))


def test_its_memory_is_bounded_step_by_step() -> None:
    with pytest.raises(ChildEnded, match="took more than the 600 MiB of memory"):
        child(held_children.grows, limits=Limits(LONG_S, 600 * MIB))


def test_its_memory_is_bounded_at_once() -> None:
    with pytest.raises(ChildEnded, match="took more than the 600 MiB of memory"):
        child(held_children.takes, 1024**4, limits=Limits(LONG_S, 600 * MIB))


@pytest.mark.parametrize(("number", "said"), [(signal.SIGSEGV, "SIGSEGV"), (signal.SIGKILL, "SIGKILL")])
def test_a_crash_is_told_and_the_next_one_works(number: signal.Signals, said: str) -> None:
    with pytest.raises(ChildEnded, match=f"ended its process \\({said}\\)"):
        child(held_children.ends_by, number)
    assert child(held_children.asks, 20, answer=lambda at: at + 1) == 42


def test_signals_of_the_group_are_the_workers() -> None:
    assert child(held_children.asks_after_signals, 20, answer=lambda at: at + 1) == 42


def test_a_child_that_ends_with_its_worker_is_no_crash() -> None:
    ended = iter([False] * 3)
    with pytest.raises(Cancelled):
        child(held_children.ends_by, signal.SIGKILL, cancelled=lambda: next(ended, True))


def test_a_child_ends_when_its_worker_is_killed() -> None:
    worker = subprocess.Popen(
        [sys.executable, "-m", held_children.__name__], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert worker.stdout is not None
    child = psutil.Process(int(worker.stdout.readline()))
    worker.kill()
    worker.wait()
    worker.stdout.close()
    with suppress(psutil.NoSuchProcess):
        child.wait(timeout=LONG_S)
    assert not child.is_running()
