"""The edge: limits of a request's head and body, what the log says, older addresses, other pages."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from running_gateway import NOWHERE, running, settings_for
from structlog.testing import capture_logs
from test_gateway_problems import problem

from api import edge, http_protocol
from api.app import create_app
from api.older_paths import OLDER_PATHS, present_path

DESK = "https://desk.example"


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A gateway whose every store is away."""
    app = create_app(settings_for(f"postgresql://u:p@{NOWHERE}/d", cors_origins=DESK))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield client


async def test_an_address_that_is_too_long(http: httpx.AsyncClient) -> None:
    problem(await http.get("/v1/health?" + "x" * edge.ADDRESS_BYTES_MAX), 414, "address-too-long")


async def test_headers_that_are_too_large(http: httpx.AsyncClient) -> None:
    response = await http.get("/v1/health", headers={"x-long": "x" * edge.HEADERS_BYTES_MAX})
    problem(response, 431, "headers-too-large")


async def test_a_body_that_does_not_arrive(http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "BODY_S", 0.05)
    never = asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        yield b"{"
        await never.wait()

    headers = {"content-type": "application/json", "content-length": "100"}
    problem(await http.post("/sign-in", content=stuck(), headers=headers), 408, "too-slow")


async def test_a_page_elsewhere_can_read_a_refusal_of_the_edge(http: httpx.AsyncClient) -> None:
    response = await http.post("/sign-in", content=b"x" * (edge.BODY_BYTES_MAX + 1), headers={"origin": DESK})
    problem(response, 413, "too-large")
    assert response.headers["access-control-allow-origin"] == DESK
    assert {"ETag", "RateLimit", "Retry-After"} <= set(response.headers["access-control-expose-headers"].split(", "))


async def test_a_page_elsewhere_may_send_what_changes_need(http: httpx.AsyncClient) -> None:
    asked = {
        "origin": DESK,
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "if-match, idempotency-key",
    }
    assert (await http.options("/v1/alerts", headers=asked)).status_code == 200


async def test_the_log_names_patterns_and_no_secrets(http: httpx.AsyncClient) -> None:
    with capture_logs() as lines:
        await http.get("/v1/transactions/%2B254712345678?token=abc", headers={"X-API-Key": "rsk_secret"})
    (line,) = (line for line in lines if line["event"] == "request")
    assert line["route"] == "/v1/transactions/{transaction_id:path}"
    assert line["status"] == 503
    assert not any(secret in str(lines) for secret in ("254712345678", "rsk_secret", "abc"))


async def test_reads_that_succeed_are_not_worth_a_line(http: httpx.AsyncClient) -> None:
    with capture_logs() as lines:
        await http.get("/livez")
        await http.get("/nothing")
    assert [(line["log_level"], line["status"]) for line in lines if line["event"] == "request"] == [
        ("debug", 200),
        ("info", 404),
    ]


@pytest.mark.parametrize(
    ("older", "present"),
    [
        ("/api/alerts", "/v1/alerts"),
        ("/api/alerts/", "/v1/alerts"),
        ("/api/alerts/7/status", "/v1/alerts/7/status"),
        ("/api/alerts/stream", "/v1/alerts/stream"),
        ("/api/v1/utils/health-check/", "/v1/health"),
        ("/api/v1/health/detailed", "/v1/health/detailed"),
        ("/health", "/v1/health"),
        ("/api/v1/transactions/a/b", "/v1/transactions/a/b"),
        ("/api/alertsx", None),
        ("/healthy", None),
        ("/v1/alerts", None),
        ("/api", None),
    ],
)
def test_where_older_addresses_lead(older: str, present: str | None) -> None:
    assert present_path(older) == present


def test_no_older_address_hides_another() -> None:
    for place, (older, _) in enumerate(OLDER_PATHS):
        assert not any(older.startswith(before + "/") for before, _ in OLDER_PATHS[:place])


@pytest.mark.parametrize("older", [older for older, _ in OLDER_PATHS])
async def test_an_older_address_is_answered_by_the_same_handler(http: httpx.AsyncClient, older: str) -> None:
    present = present_path(older)
    assert present is not None
    one, other = await http.get(older), await http.get(present)
    assert (one.status_code, one.headers.get("allow")) == (other.status_code, other.headers.get("allow"))


async def test_the_document_does_not_know_older_addresses(http: httpx.AsyncClient) -> None:
    paths = (await http.get("/openapi.json")).json()["paths"]
    assert not any(present_path(path) for path in paths)


LONG_ADDRESS = b"GET /v1/cases?cursor=" + b"x" * 70_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n"  # its parser takes less


@pytest.mark.parametrize("used_before", [False, True])
@pytest.mark.parametrize(
    ("sent", "status", "slug"),
    [(LONG_ADDRESS, 431, "headers-too-large"), (b"HELLO\r\n\r\n", 400, "malformed-request")],
)
async def test_what_is_no_request_gets_a_problem_too(used_before: bool, sent: bytes, status: int, slug: str) -> None:
    async with running(settings_for(f"postgresql://u:p@{NOWHERE}/d")) as gateway, asyncio.timeout(20):
        reader, writer = await asyncio.open_connection(*gateway.address.split(":"))
        if used_before:
            writer.write(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n")
            await reader.readuntil(b"\r\n\r\nok")
        writer.write(sent)
        head, _, body = (await reader.readuntil(b"}")).partition(b"\r\n\r\n")
        writer.close()
    first, *lines = head.decode().split("\r\n")
    headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
    problem(httpx.Response(int(first.split(" ")[1]), headers=headers, content=body), status, slug)


@pytest.mark.parametrize("endless", [b"x: y\r\n", b"y"])
async def test_an_endless_head_ends_the_connection(endless: bytes) -> None:
    async with running(settings_for(f"postgresql://u:p@{NOWHERE}/d")) as gateway:
        reader, writer = await asyncio.open_connection(*gateway.address.split(":"))
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nz: ")
        for _ in range(2 * http_protocol.HEAD_BYTES_MAX // len(endless) // 100):
            writer.write(endless * 100)
        async with asyncio.timeout(20):
            answer = await until_closed(reader)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 431")
        writer.close()


async def test_a_head_that_does_not_come_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_S", 0.05)
    async with running(settings_for(f"postgresql://u:p@{NOWHERE}/d")) as gateway:
        for start in (b"", b"GET / HTTP/1.1\r\nhost:"):
            reader, writer = await asyncio.open_connection(*gateway.address.split(":"))
            writer.write(start)
            async with asyncio.timeout(20):
                assert await until_closed(reader) == b""
            writer.close()


async def test_a_slow_answer_is_not_a_slow_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_S", 0.05)
    async with running(settings_for(f"postgresql://u:p@{NOWHERE}/d")) as gateway:
        assert (await gateway.http.get("/v1/health")).status_code == 200
        assert (await gateway.http.get("/livez")).status_code == 200


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    """What came before the other side ended the connection, however it did."""
    try:
        return await reader.read()
    except ConnectionError:
        return b""
