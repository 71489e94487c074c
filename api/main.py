"""The gateway's process."""

import os
import tempfile
from importlib import import_module

import uvicorn

from api.connections import raise_descriptor_limit
from api.feed.protocol import MESSAGE_BYTES_MAX
from api.feed.socket import FeedProtocol
from api.http_protocol import BoundedHttpProtocol
from api.metrics import MULTIPROCESS_VARIABLE
from features.gazetteer import preload
from logs import configure_logs
from settings import load_settings

DRAIN_S = 5  # for open requests when the process stops; feeds are closed at once, with 1012


def prepare(*, scoring: bool) -> None:
    """Import what `run` imports by name, later. `scoring`: also what the first call needs, which takes seconds."""
    import_module("api.app")
    if scoring:
        import_module("scoring.model")
        import_module("api.scoring.engine")
        preload()


def run() -> None:
    """Serve until SIGTERM or SIGINT. Raises SettingsError."""
    settings = load_settings()
    configure_logs(settings, "gateway")
    raise_descriptor_limit()
    if settings.workers > 1:
        os.environ.setdefault(MULTIPROCESS_VARIABLE, tempfile.mkdtemp(prefix="riskstream-metrics-"))
    uvicorn.run(
        "api.app:app_from_settings",
        factory=True,
        host=settings.api_host,
        port=settings.api_port,
        workers=settings.workers,
        http=BoundedHttpProtocol,
        ws=FeedProtocol,
        ws_per_message_deflate=False,
        ws_max_size=MESSAGE_BYTES_MAX,
        access_log=False,  # it would show sign-in tokens; metrics and the debug log know requests by their route
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=DRAIN_S,
        log_config=None,  # ours, in every process
    )
