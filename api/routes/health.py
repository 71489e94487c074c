"""Is it alive, is it ready, what does it measure. Open to anybody: orchestrators hold no keys."""

import asyncio
import platform
import shutil
import time
from typing import Any

from fastapi import APIRouter, Request
from redis.exceptions import RedisError
from starlette.responses import PlainTextResponse, Response

from api.auth import credentials_of
from api.health import DEADLINE_S, Health
from api.health_schemas import DetailedHealthOut, HealthOut, InsideOut, PartOut
from api.keys import SCOPE_READ
from api.metrics import exposition
from api.parts import Parts, PartsOf
from api.problems import NOT_READY, Problem
from api.routes.stream import FRESH_S, totals_of
from api.schemas import StreamTotals
from api.version import VERSION
from contracts.errors import StoreUnavailable
from devstack.lost import lost_parts
from storage.worker_status import WorkerStatusRepository

router = APIRouter(tags=["health"])
_STARTED_S = time.monotonic()
_OK: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"example": "ok"}}}}
_READY: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"example": "ready"}}}}
_OPTIONAL: dict[str, Any] = {"security": [{}, {"ApiKey": []}, {"Bearer": []}]}


@router.get("/v1/health", summary="Health of the whole")
async def health(parts: PartsOf) -> HealthOut:
    """Whether all is there that a full service needs. Always answers, with 200; `status` says if something is missing.

    Anybody may ask.
    """
    return _health(parts, await parts.health.now())


@router.get("/v1/health/detailed", summary="Health of every part", openapi_extra=_OPTIONAL)
async def detailed_health(request: Request, parts: PartsOf) -> DetailedHealthOut:
    """Each part with the time that it took to answer. Always answers, with 200.

    Anybody may ask; with credentials that may read it also tells the stream's health, versions and the free disk.
    """
    checked = await parts.health.now()
    return DetailedHealthOut(
        **_health(parts, checked).model_dump(),
        uptime_s=int(time.monotonic() - _STARTED_S),
        parts={name: PartOut.model_validate(part) for name, part in checked.parts.items()},
        inside=await _inside(parts) if await _may_look_inside(request, parts) else None,
    )


@router.get("/liveness", summary="Is it alive", response_class=PlainTextResponse, responses=_OK, name="liveness")
@router.get("/livez", summary="Is it alive", response_class=PlainTextResponse, responses=_OK, name="livez")
async def livez() -> str:
    """200 while the event loop turns. Says nothing about the stores: a restart would not bring them back."""
    return "ok"


@router.get("/readiness", summary="Can it serve", response_class=PlainTextResponse, responses=_READY, name="readiness")
@router.get("/readyz", summary="Can it serve", response_class=PlainTextResponse, responses=_READY, name="readyz")
async def readyz(parts: PartsOf) -> str:
    """200 if requests can be served, which needs Postgres, and scoring that is warm.

    Without Kafka the feed goes on from Postgres; without Redis or a model calls are decided by policy. Parts that
    `riskstream up` has given up are named: the gateway serves without them.
    """
    checked = await parts.health.now()
    if not checked.answered["database"]:
        raise Problem(NOT_READY, "Postgres does not answer", checks=checked.answered)
    if not parts.scoring.warm:
        raise Problem(NOT_READY, "scoring is warming up", checks=checked.answered)
    lost = lost_parts(parts.settings.riskstream_home)
    return f"ready, without {', '.join(sorted(lost))}" if lost else "ready"


@router.get("/metrics", include_in_schema=False)
async def metrics() -> Response:
    """For Prometheus."""
    body, content_type = exposition()
    return Response(body, media_type=content_type)


def _health(parts: Parts, checked: Health) -> HealthOut:
    model_loaded = parts.model.loaded is not None
    return HealthOut(
        status="healthy" if model_loaded and all(checked.answered.values()) else "degraded",
        model_loaded=model_loaded,
        database_connected=checked.answered["database"],
        redis_connected=checked.answered["redis"],
        kafka_connected=checked.answered["kafka"],
        model_version=parts.model.version,
        version=VERSION,
        checks_took_ms=checked.took_ms,
    )


async def _may_look_inside(request: Request, parts: Parts) -> bool:
    try:
        caller = await parts.authenticator.caller(credentials_of(request))
    except StoreUnavailable:
        return False
    return caller is not None and SCOPE_READ in caller.scopes


async def _inside(parts: Parts) -> InsideOut:
    stream, database, redis = await asyncio.gather(_stream(parts), _database_version(parts), _redis_version(parts))
    versions = {"database": database, "redis": redis, "python": platform.python_version()}
    return InsideOut(
        stream=stream,
        model_refusal=parts.model.refusal or None,
        feeds_open=parts.hub.sockets,
        server_versions={name: version for name, version in versions.items() if version},
        disk_free_bytes=_disk_free_bytes(parts),
    )


async def _stream(parts: Parts) -> StreamTotals | None:
    try:
        async with parts.database.pool() as pool:
            return totals_of(await WorkerStatusRepository(pool).all(FRESH_S))
    except StoreUnavailable:
        return None


async def _database_version(parts: Parts) -> str | None:
    try:
        return await parts.database.server_version()
    except StoreUnavailable:
        return None


async def _redis_version(parts: Parts) -> str | None:
    try:
        async with asyncio.timeout(DEADLINE_S):
            return str((await parts.redis.info("server"))["redis_version"])
    except (RedisError, OSError, TimeoutError):
        return None


def _disk_free_bytes(parts: Parts) -> int | None:
    """Of the disk with the data of this installation; None where it cannot be asked."""
    home = parts.settings.riskstream_home
    try:
        return shutil.disk_usage(home if home.exists() else ".").free
    except OSError:
        return None
