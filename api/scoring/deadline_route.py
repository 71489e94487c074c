"""The last word on time: whatever a scoring request waits for, authentication included, it is answered."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from api.problems import RETRY_AFTER_S, UNAVAILABLE, Problem

BATCH_MAX = 500  # transactions a batch request
GRACE_S = 0.02  # the scoring keeps the deadline itself and answers better; this is for what hangs beside it
BATCH_ITEM_S = 0.005  # a batch request gets so much more for each transaction it may hold


class DeadlineRoute(APIRoute):
    """Answers 503 when the deadline has passed; what hangs is cancelled and left to end by itself."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        original = super().get_route_handler()

        async def handler(request: Request) -> Response:
            await request.body()  # kept in the request: the time that a caller takes to send it is not ours
            task = asyncio.ensure_future(original(request))
            try:
                await asyncio.wait({task}, timeout=self.limit_s(request))
            finally:
                if not task.done():
                    task.add_done_callback(lambda done: done.cancelled() or done.exception())
                    task.cancel()
            if task.done():
                return task.result()
            raise Problem(
                UNAVAILABLE,
                "the deadline passed: repeat the request, with the same transaction id",
                headers={"Retry-After": str(RETRY_AFTER_S)},
            )

        return handler

    def limit_s(self, request: Request) -> float:
        return float(request.app.state.parts.settings.score_deadline_ms) / 1000 + GRACE_S


class BatchDeadlineRoute(DeadlineRoute):
    """As long as the largest batch may take."""

    def limit_s(self, request: Request) -> float:
        return super().limit_s(request) + BATCH_MAX * BATCH_ITEM_S
