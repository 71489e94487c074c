"""What a job is to those who do it: a handler for each kind, run in a thread of a worker. What it does with a client's
data it does in a child (`analysis.child`), which can be ended.

A handler must be idempotent: it may be killed at any moment and begun again by another worker. What it stores goes
into the function that it returns, which runs in the transaction that ends the job, so it is stored once or not at
all; files it writes beside their place and renames. It says how far it is and looks whether to end, both often.
"""

from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import Any, Protocol, TypeVar

from analysis.progress import Cancelled
from settings import Settings
from storage.database import AnyPool
from storage.job_queue import Finish
from storage.jobs import Job, JobKind

__all__ = ["Cancelled", "Context", "Finish", "Handler", "JobFailed", "handler_of"]

T = TypeVar("T")

# kind → module:function, imported when the first such job comes, with all the libraries it brings
HANDLERS = {
    JobKind.PARSE: "analysis.parse_job:parse",
    JobKind.RUN: "analysis.run_job:run",
    JobKind.PREVIEW: "analysis.preview_job:preview",
}


class JobFailed(Exception):
    """The job can never succeed, however often it is tried; the text tells its client why."""


class Context(Protocol):
    """What a handler has beside its job. Everything here may be called from any thread."""

    @property
    def settings(self) -> Settings: ...

    @property
    def pool(self) -> AnyPool:
        """Postgres in the pipeline's role, which sees every client: name the job's in each statement."""
        ...

    def progress(self, stage: str, done: int, total: int) -> None:
        """Rows of the stage that are done, of how many; 0 if that is not known. Costs nothing."""
        ...

    def cancelled(self) -> bool:
        """Whether to end soon, by raising Cancelled: somebody asked, or the worker stops. Costs nothing."""
        ...

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine, which runs in the worker's event loop: how a handler asks Postgres."""
        ...


Handler = Callable[[Job, Context], Finish | None]
"""Raises JobFailed, or Cancelled after `cancelled()`; any other exception is tried again, up to a limit."""


def handler_of(kind: JobKind) -> Handler:
    """Raises ImportError where this installation has none."""
    module, _, name = HANDLERS[kind].partition(":")
    handler: Handler = getattr(import_module(module), name)
    return handler
