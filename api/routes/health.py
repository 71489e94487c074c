"""Is it alive, is it ready, what does it measure. Open to anybody: orchestrators hold no keys."""

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from api.metrics import exposition
from api.parts import PartsOf
from api.problems import NOT_READY, Problem
from api.schemas import HealthOut
from api.version import VERSION

router = APIRouter(tags=["health"])


@router.get("/v1/health", summary="Health of every part")
async def health(parts: PartsOf) -> HealthOut:
    """Every part that a full service needs. Always answers, with 200; `status` says whether something is missing."""
    checked = await parts.health.now()
    model_loaded = parts.model.model is not None
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


@router.get("/livez", summary="Is it alive", response_class=PlainTextResponse)
async def livez() -> str:
    """200 while the event loop turns. Says nothing about the stores: a restart would not bring them back."""
    return "ok"


@router.get("/readyz", summary="Can it serve", response_class=PlainTextResponse)
async def readyz(parts: PartsOf) -> str:
    """200 if requests can be served, which needs Postgres; without Kafka the feed goes on from Postgres."""
    checked = await parts.health.now()
    if not checked.answered["database"]:
        raise Problem(NOT_READY, "Postgres does not answer", checks=dict(checked.answered))
    return "ready"


@router.get("/metrics", include_in_schema=False)
async def metrics() -> Response:
    """For Prometheus."""
    body, content_type = exposition()
    return Response(body, media_type=content_type)
