"""A gateway on a real socket, in this process, so that a test can reach its parts."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from api.accounts.passwords import Passwords
from api.app import create_app
from api.feed.limits import FeedLimits
from api.feed.socket import FeedProtocol
from api.http_protocol import BoundedHttpProtocol
from api.parts import Parts
from settings import Settings

SECRET = "a-secret-for-tests-and-nothing-else-0123456789"
NOWHERE = "127.0.0.1:1"  # nothing listens there
SEND_BUFFER_BYTES = 16 * 1024  # of each accepted socket, so that a peer that does not read is soon noticed
_UPLOADS = TemporaryDirectory(prefix="uploads-")  # of all gateways of this process; ids keep them apart
QUICK = FeedLimits(poll_s=0.02, retry_s=0.02)


class RunningGateway:
    """`http` calls it; `address` is host:port; `parts` are what it is made of."""

    def __init__(self, app: FastAPI, address: str) -> None:
        self.parts: Parts = app.state.parts
        self.address = address
        self.http = httpx.AsyncClient(base_url=f"http://{address}", timeout=20)


def settings_for(database_url: str, **changes: Any) -> Settings:
    known: dict[str, Any] = {
        "upload_dir": Path(_UPLOADS.name),
        "database_url": database_url,
        "secret_key": SECRET,
        "environment": "test",
        "kafka_bootstrap_servers": NOWHERE,
        "redis_url": f"redis://{NOWHERE}/0",
    }
    return Settings(_env_file=None, **(known | changes))


def listening_at(port: int) -> socket.socket:
    """A socket that names its protocol: without it asyncio sets no TCP_NODELAY, and every answer waits for 40 ms."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen()
    return listening


@asynccontextmanager
async def running(
    settings: Settings, limits: FeedLimits = QUICK, passwords: Passwords | None = None, port: int = 0
) -> AsyncIterator[RunningGateway]:
    """`port` 0: a free one."""
    listening = listening_at(port)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    app = create_app(settings, limits, passwords or Passwords(memory_kib=8, passes=1))  # cheap: not what is tested
    config = uvicorn.Config(
        app, http=BoundedHttpProtocol, ws=FeedProtocol, ws_per_message_deflate=False, log_config=None, access_log=False
    )
    config.proxy_headers, config.forwarded_allow_ips = bool(settings.trusted_proxies), settings.trusted_proxies
    config.timeout_graceful_shutdown = 2
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([listening]))
    gateway = RunningGateway(app, f"127.0.0.1:{listening.getsockname()[1]}")
    try:
        async with gateway.http:
            yield gateway
    finally:
        server.should_exit = True
        await serving
        listening.close()
