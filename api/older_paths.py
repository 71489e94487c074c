"""Addresses of older clients, answered by the same handlers; the OpenAPI document does not know them."""

from starlette.types import ASGIApp, Receive, Scope, Send

# An older address and all below it -> where it is now. The more special ones first.
OLDER_PATHS = (
    ("/api/v1/utils/health-check", "/v1/health"),
    ("/api/v1/health", "/v1/health"),
    ("/api/v1/predict", "/v1/predict"),
    ("/api/v1/uploads", "/v1/uploads"),
    ("/api/v1/upload", "/v1/uploads"),
    ("/api/v1/analysis", "/v1/analysis"),
    ("/api/v1/strategies", "/v1/strategies"),
    ("/api/v1/transactions", "/v1/transactions"),
    ("/api/alerts", "/v1/alerts"),
    ("/api/investigations", "/v1/investigations"),
    ("/api/dashboard", "/v1/dashboard"),
    ("/api/analytics", "/v1/analytics"),
    ("/api/feedback", "/v1/feedback"),
    ("/health", "/v1/health"),
)


def present_path(path: str) -> str | None:
    """Where an older address is now; None if it is no older one. A slash at the end, which some had, is dropped."""
    for older, present in OLDER_PATHS:
        if path == older or path.startswith(older + "/"):
            return (present + path[len(older) :]).rstrip("/")
    return None


class OlderPaths:
    """ASGI middleware that leads requests and sockets from an older address to the present one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            path = present_path(scope["path"])
            if path is not None:
                scope["path"], scope["raw_path"] = path, path.encode()
        await self._app(scope, receive, send)
