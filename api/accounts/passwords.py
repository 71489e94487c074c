"""Hashes and checks passwords, off the event loop and so that a storm of sign-ins does not slow scoring.

One thread of low priority does the work of a gateway process, and only so many callers may wait for it.
"""

import asyncio
import os
import sys
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from api.problems import BUSY, Problem

WAITING_MAX = 32  # callers; at some 40 ms each the last of them waits a good second
RETRY_AFTER_S = 2
NICE = 15  # of the hashing thread, on Linux: under full load it gets a thirtieth of a core, alone a whole one
# The OWASP password storage sheet's second choice: 19 MiB, two passes, one lane. One lane, because each further lane
# is a thread of its own; little memory, because it is taken from the cache that scoring lives in.
MEMORY_KIB = 19 * 1024
PASSES = 2
PASSWORD_LENGTH_MAX = 128  # characters

_T = TypeVar("_T")


class Verdict(NamedTuple):
    """Whether the password is right; `rehashed` is to be stored in place of the old hash, if it is given."""

    right: bool
    rehashed: str | None


class Passwords:
    """Argon2id. The arguments are Argon2's costs."""

    def __init__(self, *, memory_kib: int = MEMORY_KIB, passes: int = PASSES, waiting_max: int = WAITING_MAX) -> None:
        self._hasher = PasswordHash((Argon2Hasher(time_cost=passes, memory_cost=memory_kib, parallelism=1),))
        self._thread = ThreadPoolExecutor(1, "passwords", initializer=_step_back)
        self._waiting_max = waiting_max
        self._waiting = 0
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """Raises a 503 problem if too many callers wait already."""
        return await self._run(lambda: self._hasher.hash(_canonical(password)))

    async def verify(self, password: str, password_hash: str | None) -> Verdict:
        """Check a password; None stands for an account that is not there, and takes as long.

        Raises a 503 problem if too many callers wait already.
        """
        return await self._run(lambda: self._verify(password, password_hash))

    async def off_loop(self, work: Callable[[], _T]) -> _T:
        """Other slow work about passwords, in the same thread and under the same bound."""
        return await self._run(work)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], _T]) -> _T:
        if self._waiting >= self._waiting_max:
            detail = "too many callers sign in at this moment; try again soon"
            raise Problem(BUSY, detail, headers={"Retry-After": str(RETRY_AFTER_S)})
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._waiting -= 1

    def _verify(self, password: str, password_hash: str | None) -> Verdict:
        if self._nobodys is None:
            self._nobodys = self._hasher.hash(os.urandom(16).hex())
        try:
            right, rehashed = self._hasher.verify_and_update(_canonical(password), password_hash or self._nobodys)
        except UnknownHashError:  # a damaged row opens nothing
            return Verdict(False, None)
        return Verdict(right, rehashed) if password_hash is not None else Verdict(False, None)


def _canonical(password: str) -> bytes:
    """One form of what may be typed in two (é), as NIST SP 800-63B asks for."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _step_back() -> None:
    """Give way to scoring. Threads have a priority of their own on Linux only."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
