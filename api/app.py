"""Puts the gateway together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from api import openapi, problems
from api.accounts.passwords import Passwords
from api.console_files import Console
from api.edge import Edge
from api.feed import route as feed
from api.feed.limits import FeedLimits
from api.parts import build
from api.routes import alerts, console, health, reference, session, stream, transactions
from api.version import VERSION
from logs import configure_logs
from settings import Settings, load_settings


def create_app(settings: Settings, limits: FeedLimits | None = None, passwords: Passwords | None = None) -> FastAPI:
    """The ASGI application. Connects to nothing until it runs. Raises SettingsError."""
    parts = build(settings, limits, passwords)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with parts.running():
            yield

    app = FastAPI(
        title=settings.app_name,
        version=VERSION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=openapi.operation_id,
    )
    app.state.parts = parts
    app.state.console = Console()
    # The feed before the alerts: its path looks like an alert's id.
    for module in (health, console, reference, session, feed, alerts, transactions, stream):
        app.include_router(module.router)
    problems.install(app)
    openapi.install(app)
    if parts.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=sorted(parts.origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "X-API-Key", "Content-Type"],
            expose_headers=["X-Request-ID"],
        )
    app.add_middleware(Edge, secure=settings.environment == "production")
    return app


def app_from_settings() -> FastAPI:
    """For uvicorn, which makes one application in each process."""
    settings = load_settings()
    configure_logs(settings, "gateway")
    return create_app(settings)
