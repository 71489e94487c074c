"""A log or a disk that takes nothing more, and callers that leave: an answer for who waits, no alarm for who left."""

import asyncio
import errno
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import structlog
from prometheus_client import REGISTRY
from running_gateway import NOWHERE, running, settings_for
from structlog.testing import capture_logs
from test_gateway_problems import problem

from api import edge
from api.app import create_app
from contracts.errors import StoreUnavailable

FULL = Path("/dev/full")  # takes nothing, as a full disk
LOGGING = """
from logs import configure_logs
from settings import Settings
import logging, structlog
configure_logs(Settings(_env_file=None), "test")
structlog.get_logger().error("one")
logging.getLogger("library").error("two")
print("still here")
"""


class _Broken:
    def msg(self, *_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    warning = error = info = debug = exception = msg


@pytest.fixture
def broken_log() -> Any:
    structlog.configure(logger_factory=lambda *_: _Broken(), cache_logger_on_first_use=False)
    yield
    structlog.reset_defaults()


def failing(error: Exception) -> Callable[[], Any]:
    async def endpoint() -> None:
        raise error

    return endpoint


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings_for(f"postgresql://u:p@{NOWHERE}/d"))
    app.get("/broken")(failing(RuntimeError("a mistake")))
    app.get("/full")(failing(OSError(errno.ENOSPC, "No space left on device")))
    app.get("/away")(failing(StoreUnavailable("Postgres has no room")))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield client


@pytest.mark.parametrize(
    ("path", "status", "slug"),
    [("/broken", 500, "internal"), ("/full", 503, "unavailable"), ("/away", 503, "unavailable")],
)
@pytest.mark.usefixtures("broken_log")
async def test_a_log_that_fails_costs_no_answer(http: httpx.AsyncClient, path: str, status: int, slug: str) -> None:
    problem(await http.get(path), status, slug)


@pytest.mark.usefixtures("broken_log")
async def test_a_log_that_fails_leaves_good_answers_alone(http: httpx.AsyncClient) -> None:
    assert (await http.get("/livez")).text == "ok"
    problem(await http.get("/nothing"), 404, "not-found")


async def test_a_full_disk_is_said_to_be_one(http: httpx.AsyncClient) -> None:
    body = problem(await http.get("/full"), 503, "unavailable")
    assert "room" in str(body["detail"])


async def test_what_fails_around_the_edge_is_a_problem_too(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(edge, "present_path", fails)
    problem(await http.post("/sign-in", json={}), 500, "internal")


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
def test_standard_error_on_a_full_disk_ends_nothing() -> None:
    with FULL.open("w") as full:
        done = subprocess.run([sys.executable, "-c", LOGGING], stdout=subprocess.PIPE, stderr=full, text=True)
    assert done.stdout == "still here\n"


@pytest.mark.parametrize("path", ["/v1/score", "/sign-in", "/auth/login", "/v1/predict"])
async def test_a_caller_who_leaves_is_no_error(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = asyncio.Event()
    record = edge._Exchange.record

    def told(self: Any) -> None:
        record(self)
        recorded.set()

    monkeypatch.setattr(edge._Exchange, "record", told)
    with capture_logs() as lines:
        async with running(settings_for(f"postgresql://u:p@{NOWHERE}/d")) as gateway, asyncio.timeout(20):
            before = _counted("499"), _counted("500")
            _, writer = await asyncio.open_connection(*gateway.address.split(":"))
            writer.write(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" % path.encode())
            writer.write(b'Content-Length: 100\r\n\r\n{"half')
            await writer.drain()
            writer.close()
            await recorded.wait()
            assert (_counted("499"), _counted("500")) == (before[0] + 1, before[1])
    assert not [line for line in lines if line["event"] == "request_failed" or line.get("status") == 500]


def _counted(status: str) -> float:
    return sum(
        sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name == "riskstream_http_requests_total" and sample.labels["status"] == status
    )
