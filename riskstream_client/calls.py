"""HTTP calls to the gateway: repeated where that is safe, and errors as they are meant."""

import asyncio
import random
import time
from collections.abc import Mapping
from typing import Any, Protocol
from uuid import uuid4

import httpx

from contracts.errors import StoreUnavailable
from riskstream_client.errors import ProblemError, problem_of

PATIENCE_S = 30.0  # for a call with all its repeats; a gateway that restarts is back by then
PAUSE_S_MIN, PAUSE_S_MAX = 0.1, 5.0  # between two tries, unless the gateway says how long
CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
PASSING = frozenset({429, 502, 503, 504})  # these pass
PASSING_KINDS = frozenset({"idempotency-in-progress"})
LASTING_KINDS = frozenset({"quota-exceeded", "too-many-attempts"})  # waiting for seconds does not help


class Credentials(Protocol):
    """What a call shows."""

    def headers(self) -> dict[str, str]: ...

    async def renew(self, refused: dict[str, str], /) -> bool:
        """Whether there are newer ones now than those that were refused."""
        ...


class Calls:
    """Every change carries an Idempotency-Key, so that a repeat after a lost answer does nothing twice.

    `http` has the gateway's address as its base.
    """

    def __init__(self, http: httpx.AsyncClient, credentials: Credentials, patience_s: float = PATIENCE_S) -> None:
        self._http = http
        self._credentials = credentials
        self._patience_s = patience_s
        self._has_answered = False

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """The answer. Raises ProblemError if the gateway refuses, StoreUnavailable if none came in time."""
        sent = dict(headers or {})
        if body is not None:
            sent["Content-Type"] = "application/json"
        if method in CHANGING:
            sent["Idempotency-Key"] = str(uuid4())
        began_s, tries, renewed = time.monotonic(), 0, False
        while True:
            shown = self._credentials.headers()
            answer, problem = await self._try(method, path, body, query, {**sent, **shown})
            self._has_answered |= answer is not None
            if answer is not None and problem is None:
                return answer
            if problem is not None and problem.status == 401 and not renewed:
                renewed = True
                if await self._credentials.renew(shown):
                    continue
            if problem is not None and not _passes(problem):
                raise problem
            tries += 1
            pause_s = _pause_s(tries, answer)
            if time.monotonic() - began_s + pause_s > self._patience_s:
                raise problem or StoreUnavailable(f"the gateway at {self._http.base_url} does not answer")
            await asyncio.sleep(pause_s)

    async def _try(
        self, method: str, path: str, body: bytes | None, query: Mapping[str, Any] | None, headers: dict[str, str]
    ) -> tuple[httpx.Response | None, ProblemError | None]:
        """The answer and what is wrong with it; neither, if none came.

        Raises StoreUnavailable at once where nobody has ever answered at this address: that is no restart.
        """
        try:
            answer = await self._http.request(method, path, content=body, params=query, headers=headers)
        except httpx.ConnectError as error:
            if not self._has_answered:
                raise nobody_at(str(self._http.base_url), error) from error
            return None, None
        except httpx.TransportError:
            return None, None
        return answer, None if answer.is_success else problem_of(answer.status_code, answer.content)


def nobody_at(url: str, error: Exception) -> StoreUnavailable:
    """The error for an address at which nothing listens."""
    return StoreUnavailable(f"the gateway at {url} does not answer: check the address, and that it runs ({error})")


def _passes(problem: ProblemError) -> bool:
    if problem.kind in LASTING_KINDS:
        return False
    return problem.status in PASSING or problem.kind in PASSING_KINDS


def _pause_s(tries: int, answer: httpx.Response | None) -> float:
    """As long as the gateway says, else twice as long each time, and each caller differently."""
    told = "" if answer is None else answer.headers.get("retry-after", "")
    if told.isdigit():
        return float(told)
    return random.uniform(PAUSE_S_MIN, min(PAUSE_S_MAX, PAUSE_S_MIN * 2.0**tries))
