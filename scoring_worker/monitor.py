"""The worker's own small HTTP server: /metrics, /livez, /readyz."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scoring_worker.progress import STALL_MAX_S, Progress

if TYPE_CHECKING:  # it brings the pipeline along, which not every monitored process has
    from scoring_worker.metrics import WorkerMetrics


def monitor_app(progress: Progress, metrics: "WorkerMetrics") -> Starlette:
    """Alive means that every partition's loop came round lately; ready means that none of them waits."""

    async def serve_metrics(_request: Request) -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    async def livez(_request: Request) -> Response:
        stuck = progress.stuck()
        body = {"status": "stuck" if stuck else "ok", "stuck_partitions": stuck, "after_seconds": STALL_MAX_S}
        return JSONResponse(body, 503 if stuck else 200)

    async def readyz(_request: Request) -> Response:
        state = progress.state
        return JSONResponse({"status": state}, 200 if state == "running" else 503)

    return Starlette(routes=[Route("/metrics", serve_metrics), Route("/livez", livez), Route("/readyz", readyz)])


def status_app(registry: CollectorRegistry, running: Callable[[], bool]) -> Starlette:
    """The same for a process without partitions: ready means that it runs."""

    async def serve_metrics(_request: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    async def livez(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_request: Request) -> Response:
        ready = running()
        return JSONResponse({"status": "running" if ready else "waiting"}, 200 if ready else 503)

    return Starlette(routes=[Route("/metrics", serve_metrics), Route("/livez", livez), Route("/readyz", readyz)])


class Monitor(uvicorn.Server):
    """Runs inside the worker's event loop; signals stay the worker's."""

    def __init__(self, app: Starlette, host: str, port: int) -> None:
        super().__init__(uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False, lifespan="off"))

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The worker handles signals itself."""
        yield

    @property
    def address(self) -> str:
        """host:port, once it serves."""
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        return f"{host}:{port}"
