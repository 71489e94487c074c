"""A worker process's own small HTTP server: /metrics, /livez, /readyz."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


def status_app(registry: CollectorRegistry, running: Callable[[], bool]) -> Starlette:
    """What a process without partitions serves: ready means that it runs."""

    async def serve_metrics(_request: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    async def livez(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_request: Request) -> Response:
        ready = running()
        return JSONResponse({"status": "running" if ready else "waiting"}, 200 if ready else 503)

    return Starlette(routes=[Route("/metrics", serve_metrics), Route("/livez", livez), Route("/readyz", readyz)])


log = structlog.get_logger()


class Monitor(uvicorn.Server):
    """Runs inside the worker's event loop; signals stay the worker's."""

    def __init__(self, app: Starlette, host: str, port: int) -> None:
        super().__init__(uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False, lifespan="off"))

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The worker handles signals itself."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say in the log where the metrics are: a port that was chosen by the system is written nowhere else."""
        await super().startup(sockets)
        if self.started:
            log.info("metrics_at", url=f"http://{self.address}/metrics")

    @property
    def address(self) -> str:
        """host:port, once it serves."""
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        return f"{host}:{port}"
