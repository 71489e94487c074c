"""Puts the gateway together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware

from api import openapi, problems
from api.accounts.passwords import Passwords
from api.connections import APP_STATE, Connections
from api.console_files import Console
from api.edge import Edge
from api.feed import route as feed
from api.feed.limits import FeedLimits
from api.idempotency import Idempotency
from api.older_paths import OlderPaths
from api.parts import build
from api.request_check import check_request
from api.routes import (
    accounts,
    alerts,
    analysis,
    analytics,
    audit,
    auth,
    cases,
    console,
    dashboard,
    decisions,
    detectors,
    factors,
    feedback,
    health,
    investigations,
    jobs,
    keys,
    oidc,
    policy,
    predict,
    reference,
    score,
    session,
    sign_in_policy,
    strategies,
    stream,
    subscription,
    transactions,
    uploads,
    users,
)
from api.scoring.admission import APP_STATE as ADMISSION
from api.scoring.express import Express
from api.version import VERSION
from error_reports import configure_error_reports
from logs import configure_logs
from settings import Settings, load_settings

# Of pages of other origins (CORS_ORIGINS): what they may send, and what they may read of an answer.
ALLOWED_HEADERS = ["Authorization", "X-API-Key", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match"]
EXPOSED_HEADERS = [
    "X-Request-ID", "ETag", "Location", "Retry-After", "RateLimit", "RateLimit-Policy", "Idempotency-Replayed",
]  # fmt: skip


def create_app(settings: Settings, limits: FeedLimits | None = None, passwords: Passwords | None = None) -> FastAPI:
    """The ASGI application. Connects to nothing until it runs. Raises SettingsError."""
    parts = build(settings, limits, passwords)

    connections = Connections(
        settings.connections_max, settings.connections_per_address_max, exempt=settings.trusted_proxies
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, object]]:
        async with parts.running():
            yield {
                APP_STATE: connections,
                ADMISSION: parts.scoring.admission,
            }  # for the protocols, which get it with each connection

    app = FastAPI(
        title=settings.app_name,
        version=VERSION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,  # `api.routes.reference` has it, encoded once
        dependencies=[Depends(check_request)],
        redirect_slashes=False,  # a redirect would name the host, and the scheme, that the request claims
        generate_unique_id_function=openapi.operation_id,
    )
    app.state.parts = parts
    app.state.console = Console(settings.oidc, passwords=not settings.oidc_only)
    # Scoring first: routes are tried in their order. The feed before the alerts: its path looks like an alert's id.
    for module in (
        score,
        health,
        console,
        reference,
        session,
        auth,
        oidc,
        factors,
        users,
        keys,
        subscription,
        feed,
        alerts,
        cases,
        investigations,
        feedback,
        audit,
        analysis,
        jobs,
        transactions,
        predict,
        decisions,
        policy,
        sign_in_policy,
        stream,
        dashboard,
        analytics,
        strategies,
        uploads,
        detectors,
        accounts,
    ):
        app.include_router(module.router)
    problems.install(app)
    openapi.install(app)
    # From the inside out.
    app.add_middleware(
        Idempotency, authenticator=parts.authenticator, database=parts.database, limiter=parts.accounts.limiter
    )
    app.add_middleware(OlderPaths)
    app.add_middleware(Express, routes=score.ROUTES)
    app.add_middleware(Edge, secure=settings.environment == "production", file_bytes_max=settings.max_file_size)
    if parts.origins:  # outside the edge, so that a page may read its refusals too
        app.add_middleware(
            CORSMiddleware,
            allow_origins=sorted(parts.origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=ALLOWED_HEADERS,
            expose_headers=EXPOSED_HEADERS,
        )
    return app


def app_from_settings() -> FastAPI:
    """For uvicorn, which makes one application in each process."""
    settings = load_settings()
    configure_logs(settings, "gateway")
    configure_error_reports(settings, "gateway")
    app = create_app(settings)
    reference.encoded_document(app)  # before the first request: while it is made nobody is served
    return app
