"""Scoring requests past the framework: what it does between the edge and a route costs as much as the edge itself.

The routes are the same; the application still has them, for OpenAPI and for every other method on their paths.
"""

from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Express:
    """ASGI middleware right inside the edge, which answers what is raised here. `routes` have fixed paths, by POST."""

    def __init__(self, app: ASGIApp, routes: Iterable[APIRoute]) -> None:
        self._app = app
        self._routes: dict[str, tuple[APIRoute, Handler]] = {
            route.path: (route, route.get_route_handler()) for route in routes
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._routes.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        scope["route"], answer = found
        response = await answer(Request(scope, receive))
        await response(scope, receive, send)
