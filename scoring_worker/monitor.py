"""What the stream worker's own HTTP server says: /metrics, /livez, /readyz."""

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scoring_worker.metrics import WorkerMetrics
from scoring_worker.progress import STALL_MAX_S, Progress


def monitor_app(progress: Progress, metrics: WorkerMetrics) -> Starlette:
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
