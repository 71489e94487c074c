"""What the children of tests do."""

import os
import re
import signal
from typing import Any

import numpy as np

from analysis.child import Limits, Link, in_child


class Unsendable(Exception):
    """Its arguments are not those that it is made of."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(two)
        self.one = one


def asks(link: Link, number: int) -> int:
    link.progress("parse", 1, 2)
    return int(link.ask(number)) * 2


def asks_after_signals(link: Link, number: int) -> int:
    for each in (signal.SIGTERM, signal.SIGINT):
        os.kill(os.getpid(), each)
        os.kill(os.getppid(), each)
    return asks(link, number)


def raises_what_cannot_be_sent(_link: Link, _argument: Any) -> None:
    raise Unsendable("one", "two")


def holds_the_lock(link: Link, _argument: Any) -> None:
    """A regular expression looks for its end for longer than anybody waits, and lets no thread of Python run."""
    link.progress("parse", 0, 1)
    re.match(r"(a|aa)+$", "a" * 200 + "b")


def loops(link: Link, _argument: Any) -> None:
    link.progress("parse", 0, 1)
    while True:
        pass


def grows(_link: Link, _argument: Any) -> None:
    kept = []
    while True:
        kept.append(np.ones(1024**2))


def takes(_link: Link, size: int) -> None:
    np.ones(size, np.uint8)


def ends_by(link: Link, number: int) -> None:
    link.progress("parse", 0, 1)
    os.kill(os.getpid(), number)


def crashes(link: Link, _argument: Any) -> None:
    ends_by(link, signal.SIGSEGV)


def tells_its_number(link: Link, _argument: Any) -> None:
    link.progress("parse", os.getpid(), 0)
    holds_the_lock(link, None)


if __name__ == "__main__":  # a worker, which a test kills
    in_child(
        tells_its_number, None, Limits(600, 1024**3), progress=lambda _, pid, __: print(pid, flush=True),
        cancelled=lambda: False,
    )  # fmt: skip
