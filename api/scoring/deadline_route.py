"""The way of a scoring request through the framework: short, and with the last word on time."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from api.auth import known_caller, require
from api.keys import SCOPE_SCORE
from api.parts import Parts
from api.problems import BUSY, RETRY_AFTER_S, UNAVAILABLE, Problem
from api.request_check import check_request
from api.scoring.admission import OVERLOADED, WHEN_GONE, Admission, credential_of

BATCH_MAX = 500  # transactions a batch request
BATCH_ITEM_S = 0.005  # a batch request gets so much more for each transaction it may hold
WEIGHT_ITEMS = 25  # transactions of a batch request that weigh as much as a call, when calls are admitted
GRACE_S = 0.02  # the scoring keeps the deadline itself and answers better; this is for what hangs beside it


class DeadlineRoute(APIRoute):
    """Calls `endpoint(caller, parts, request)` itself: the framework's resolving of dependencies costs as much time
    as the rest of a call. What it declares (credentials, answers) is for OpenAPI.

    Whatever the request waits for, authentication included: when the deadline has passed it is answered with a 503
    problem, and what hangs is cancelled and left to end by itself.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        async def handler(request: Request) -> Response:
            await check_request(request)
            body = await request.body()  # kept in the request: the time that a caller takes to send it is not ours
            admission: Admission = request.app.state.parts.scoring.admission
            credential = credential_of(request.scope["headers"])
            ticket = admission.admit(credential, _weight(body) if self.is_batch else 1)
            if ticket is None:
                raise Problem(BUSY, OVERLOADED, headers={"Retry-After": str(RETRY_AFTER_S)})
            try:
                response = await self._in_time(request, credential)
                ticket.answered = not self.is_batch  # the time of a batch says nothing about that of a call
            finally:
                admission.finish(ticket)
            return response

        return handler

    async def _in_time(self, request: Request, credential: bytes) -> Response:
        task = asyncio.ensure_future(self._answer(request, credential))
        request.scope["state"][WHEN_GONE] = task.cancel
        try:
            await asyncio.wait((task,), timeout=self.limit_s(request))
        finally:
            request.scope["state"].pop(WHEN_GONE, None)
            if not task.done():
                task.add_done_callback(lambda done: done.cancelled() or done.exception())
                task.cancel()
        if task.done():
            if task.cancelled():
                raise ClientDisconnect
            return task.result()
        raise Problem(
            UNAVAILABLE,
            "the deadline passed: repeat the request, with the same transaction id",
            headers={"Retry-After": str(RETRY_AFTER_S)},
        )

    async def _answer(self, request: Request, credential: bytes) -> Response:
        parts: Parts = request.app.state.parts
        caller = await known_caller(request, parts.scoring_authenticator)
        parts.scoring.admission.remember(credential, caller.client_id)
        parts.accounts.limiter.admit_at_once(request, caller)
        require(SCOPE_SCORE, caller)
        response: Response = await self.endpoint(caller, parts, request)
        return response

    is_batch = False

    def limit_s(self, request: Request) -> float:
        return float(request.app.state.parts.settings.score_deadline_ms) / 1000 + GRACE_S


class BatchDeadlineRoute(DeadlineRoute):
    """As long as the largest batch may take."""

    is_batch = True

    def limit_s(self, request: Request) -> float:
        return super().limit_s(request) + BATCH_MAX * BATCH_ITEM_S


def _weight(body: bytes) -> int:
    """Count the calls that a batch weighs as: it is worked on in groups, one at a time, and single calls go first."""
    return 1 + min(body.count(b'"transaction_id"'), BATCH_MAX) // WEIGHT_ITEMS
