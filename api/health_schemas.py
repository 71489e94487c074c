"""What the health answers look like."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from api.schemas import Answer, StreamTotals

_HEALTH: dict[str, Any] = {
    "status": "healthy",
    "model_loaded": True,
    "database_connected": True,
    "redis_connected": True,
    "kafka_connected": True,
    "model_version": "20261121-093012-5f2c",
    "version": "0.1.0",
    "checks_took_ms": 2.4,
}
_PART: dict[str, Any] = {"answered": True, "took_ms": 0.8}
_INSIDE: dict[str, Any] = {
    "stream": {
        "workers": 2,
        "per_second": 21.5,
        "lag": 0,
        "latency_ms_p50": 9.1,
        "latency_ms_p99": 18.4,
        "decided_total": 90210,
        "alerts_total": 512,
        "dead_letters_total": 3,
    },
    "model_refusal": None,
    "feeds_open": 4,
    "server_versions": {"database": "18.1", "redis": "8.2.1", "python": "3.12.4"},
    "disk_free_bytes": 52613349376,
}


class HealthOut(Answer):
    """Health of the gateway and of what it needs. `status` is `healthy`, or `degraded` if something is missing."""

    model_config = ConfigDict(json_schema_extra={"examples": [_HEALTH]})

    status: Literal["healthy", "degraded"]
    model_loaded: bool
    database_connected: bool
    redis_connected: Annotated[bool, Field(description="Redis takes writes, and holds a state to count in")]
    kafka_connected: bool
    model_version: str | None
    version: str
    checks_took_ms: float


class PartOut(Answer):
    """Whether a part answered, and after how many milliseconds; of one that did not, how long it was waited for."""

    answered: bool
    took_ms: float


class InsideOut(Answer):
    """What is for operators: the stream, the feeds of this gateway process, versions, the disk. Null is not known.

    `model_refusal` says why the named champion is not the one that is served; null if it is.
    """

    stream: StreamTotals | None
    model_refusal: str | None
    feeds_open: int
    server_versions: dict[str, str]
    disk_free_bytes: int | None


class DetailedHealthOut(HealthOut):
    """Health part by part. `inside` is null without credentials."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_HEALTH,
                    "uptime_s": 86400,
                    "parts": {"database": _PART, "redis": _PART, "kafka": _PART},
                    "inside": _INSIDE,
                }
            ]
        }
    )

    uptime_s: int
    parts: dict[str, PartOut]
    inside: InsideOut | None
