"""Bodies of the routes that FastAPI reads, as JSON by RFC 8259, with a sentence where they are not.

Python's reader lets NaN, Infinity and numbers too large for it pass. They are left to `request_check`, as half of a
surrogate pair is: its refusal names the field.
"""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from api.problems import INVALID_REQUEST, MALFORMED, Kind, Problem


class JsonRequest(Request):
    """A request whose `json()` is strict."""

    async def json(self) -> Any:
        """Decode the body once, however many ask. Raises a problem that says where it stops being JSON."""
        if not hasattr(self, "_json"):
            self._json = decoded(await self.body())
        return self._json


class JsonRoute(APIRoute):
    """The class of every route that FastAPI reads a JSON body for."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            return await handler(JsonRequest(request.scope, request.receive))

        return answer


def decoded(body: bytes) -> Any:
    """The body's value. Raises a problem: 422 for what is not JSON, 400 for what cannot be looked at."""
    try:
        return json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _refusal(f"it is not valid UTF-8 (byte {error.start})", MALFORMED) from error
    except json.JSONDecodeError as error:
        raise _refusal(f"it is not JSON: {error.msg} (character {error.pos})") from error
    except RecursionError as error:
        raise _refusal("it is nested too deeply", MALFORMED) from error
    except ValueError as error:
        raise _refusal(f"it is not JSON: {error}") from error


def _refusal(why: str, kind: Kind = INVALID_REQUEST) -> Problem:
    return Problem(kind, f"body: {why}", errors=[{"where": "body", "why": why}])
