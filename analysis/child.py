"""Work on a client's data in a process of its own, which can be ended: a file may hold any reader, or break it.

The child is killed when somebody cancels the job, when its time is over, and when it takes more memory than it may.
Whatever ends it is one job's outcome; the worker goes on.
"""

import ctypes
import multiprocessing
import os
import pickle  # only between a worker and the child that it forked  # nosec B403
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from typing import Any, TypeVar

import psutil

from analysis.progress import Cancelled, Progress

POLL_S = 0.05  # how late a cancellation, a deadline or too much memory is noticed
PROGRESS_EVERY_S = 0.1
SIGNALS_LATE_S = 0.5  # a child that the machine ended with its worker may be gone before the worker knows
PR_SET_PDEATHSIG = 1
# Address space that is reserved and not used: the arenas and stacks of threads, the pools of libraries.
RESERVED_BYTES = 2 * 1024**3 + 128 * 1024**2 * (os.cpu_count() or 1)

R = TypeVar("R")


class ChildEnded(Exception):
    """The child did not come to an end; the text is the rest of a sentence that says why, after "the work"."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may take: seconds by the clock, bytes of memory."""

    seconds: float
    memory_bytes: int


class Link:
    """A child's way to its worker."""

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        self._connection = connection
        self._stage = ""
        self._told_at = 0.0

    def progress(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage != self._stage or done >= total or now - self._told_at >= PROGRESS_EVERY_S:
            self._stage, self._told_at = stage, now
            self._connection.send(("progress", (stage, done, total)))

    def ask(self, question: Any) -> Any:
        """The worker's answer."""
        self._connection.send(("ask", question))
        return self._connection.recv()


def in_child(
    work: Callable[[Link, Any], R],
    argument: Any,
    limits: Limits,
    *,
    progress: Progress,
    cancelled: Callable[[], bool],
    answer: Callable[[Any], Any] = lambda _: None,
) -> R:
    """The result of `work(link, argument)`, a function of a module, in a child. Blocks.

    Raises what it raises; Cancelled within a tenth of a second after `cancelled()`; ChildEnded.
    """
    ours, theirs = _context().Pipe()
    child = _context().Process(target=_serve, args=(theirs, work, argument, limits.memory_bytes), daemon=True)
    child.start()
    theirs.close()
    try:
        found: R = _result(ours, _Watch(child.pid or 0, limits, cancelled), progress, answer)
    except EOFError:
        child.join(POLL_S)
        _unless_stopping(cancelled)
        raise ChildEnded(f"ended its process ({_how(child.exitcode)})") from None
    else:
        return found
    finally:
        child.kill()
        child.join()
        ours.close()


class _Watch:
    """Looks after a child."""

    def __init__(self, pid: int, limits: Limits, cancelled: Callable[[], bool]) -> None:
        self._pid = pid
        self._limits = limits
        self._cancelled = cancelled
        self._until = time.monotonic() + limits.seconds

    def look(self) -> None:
        """Raises Cancelled, ChildEnded."""
        if self._cancelled():
            raise Cancelled
        if time.monotonic() >= self._until:
            raise ChildEnded(f"took longer than the {self._limits.seconds:.0f} seconds that it may take")
        with suppress(psutil.NoSuchProcess):  # its pipe tells
            if psutil.Process(self._pid).memory_info().rss > self._limits.memory_bytes:
                raise ChildEnded(_too_much(self._limits.memory_bytes))


def _result(connection: "Connection[Any, Any]", watch: _Watch, progress: Progress, answer: Callable[[Any], Any]) -> Any:
    while True:
        watch.look()
        if not connection.poll(POLL_S):
            continue
        kind, value = connection.recv()
        if kind == "progress":
            progress(*value)
        elif kind == "ask":
            connection.send(answer(value))
        elif kind == "done":
            return value
        else:
            raise value


def _unless_stopping(cancelled: Callable[[], bool]) -> None:
    """Raises Cancelled where the child ended because all processes of its group did."""
    until = time.monotonic() + SIGNALS_LATE_S
    while time.monotonic() < until:
        if cancelled():
            raise Cancelled
        time.sleep(POLL_S)


def _how(code: int | None) -> str:
    if code is None or code >= 0:
        return f"exit code {code}"
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"


def _too_much(memory_bytes: int) -> str:
    return f"took more than the {memory_bytes // 1024**2} MiB of memory that it may take"


def _context() -> ForkServerContext:
    """Children are forked from a process without threads, which has imported what they need."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["analysis.child_server"])
    return context


def _serve(connection: "Connection[Any, Any]", work: Callable[[Link, Any], R], argument: Any, memory: int) -> None:
    """The child's beginning and end."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    _end_with_parent()
    _limit_memory(memory)
    try:
        connection.send(("done", work(Link(connection), argument)))
    except MemoryError:
        connection.send(("failed", ChildEnded(_too_much(memory))))
    except BaseException as error:  # noqa: BLE001 - it is raised again in the worker
        connection.send(("failed", _sendable(error)))


def _end_with_parent() -> None:
    """A worker that is killed takes its children along: by Linux' own means, because a reader may hold the lock.

    The process that children are forked from ends when nobody holds its pipe any more. A child gets it, too, so as to
    have children of its own; it has none.
    """
    alive = getattr(forkserver._forkserver, "_forkserver_alive_fd", None)
    if alive is not None:
        os.close(alive)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == 1:
            os._exit(1)


def _limit_memory(memory: int) -> None:
    """An allocation that would go far beyond fails at once; what grows step by step is seen from outside."""
    with suppress(ValueError, OSError, AttributeError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        room = psutil.Process().memory_info().vms + memory + RESERVED_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (room, room))


def _sendable(error: BaseException) -> BaseException:
    """The error with its traceback as a note; by its text where it cannot be sent."""
    error.add_note("".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own  # nosec B301
    except Exception:  # noqa: BLE001 - whatever its class does
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
