"""Every error is a problem document, with a request id and without a trace; every answer has its headers."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from running_gateway import NOWHERE, settings_for

from api.app import create_app
from api.edge import BODY_BYTES_MAX
from api.problems import TYPE_PREFIX


def problem(response: httpx.Response, status: int, slug: str) -> dict[str, object]:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, object] = response.json()
    assert body["type"] == TYPE_PREFIX + slug
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == response.headers["x-request-id"]
    assert "Traceback" not in response.text
    return body


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A gateway whose every store is away."""
    app = create_app(settings_for(f"postgresql://u:p@{NOWHERE}/d", cors_origins="https://desk.example"))

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("the secret detail")

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield client


@pytest.mark.parametrize(
    "path", ["/nothing", "/v1/nothing", "/console/v/..%2Fapp.py", "/reference/x", "/v1/alerts/a/b"]
)
async def test_an_unknown_address(http: httpx.AsyncClient, path: str) -> None:
    problem(await http.get(path), 404, "not-found")


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/v1/alerts"), ("POST", "/"), ("PUT", "/v1/health")])
async def test_a_method_that_is_not_allowed(http: httpx.AsyncClient, method: str, path: str) -> None:
    response = await http.request(method, path)
    problem(response, 405, "method-not-allowed")
    assert "GET" in response.headers["allow"]


async def test_an_error_of_ours_shows_nothing_of_itself(http: httpx.AsyncClient) -> None:
    response = await http.get("/broken")
    problem(response, 500, "internal")
    assert "secret detail" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_a_body_that_announces_too_much(http: httpx.AsyncClient) -> None:
    problem(await http.post("/sign-in", content=b"x" * (BODY_BYTES_MAX + 1)), 413, "too-large")


async def test_a_body_that_grows_too_large(http: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(BODY_BYTES_MAX // 65_536 + 1):
            yield b" " * 65_536

    headers = {"content-type": "application/json"}
    problem(await http.post("/sign-in", content=chunks(), headers=headers), 413, "too-large")


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"api_key": 5}', b'{"api_key": ""}', b"null"])
async def test_a_body_that_is_not_valid_is_not_repeated(http: httpx.AsyncClient, content: bytes) -> None:
    headers = {"content-type": "application/json", "origin": "http://gateway"}
    body = problem(await http.post("/sign-in", content=content, headers=headers), 422, "invalid-request")
    errors = body["errors"]
    assert isinstance(errors, list)
    assert all(set(each) == {"where", "why"} for each in errors)


async def test_a_body_that_is_no_text(http: httpx.AsyncClient) -> None:
    headers = {"content-type": "application/json", "origin": "http://gateway"}
    problem(await http.post("/sign-in", content=b"\xff", headers=headers), 400, "malformed-request")


async def test_without_postgres_a_caller_hears_so_in_time(http: httpx.AsyncClient) -> None:
    response = await http.get("/v1/alerts", headers={"X-API-Key": "rsk_any"})
    problem(response, 503, "unavailable")
    assert response.headers["retry-after"] == "1"


async def test_without_its_stores_it_lives_and_is_not_ready(http: httpx.AsyncClient) -> None:
    assert (await http.get("/livez")).text == "ok"
    body = problem(await http.get("/readyz"), 503, "not-ready")
    assert body["checks"] == {"database": False, "redis": False, "kafka": False}
    health = (await http.get("/v1/health")).json()
    assert health["status"] == "degraded"
    assert not health["database_connected"]
    assert not health["model_loaded"]


async def test_other_pages_may_call_if_the_settings_say_so(http: httpx.AsyncClient) -> None:
    asked = {"access-control-request-method": "GET", "access-control-request-headers": "x-api-key"}
    allowed = await http.options("/v1/alerts", headers={"origin": "https://desk.example", **asked})
    assert allowed.headers["access-control-allow-origin"] == "https://desk.example"
    assert "access-control-allow-credentials" not in allowed.headers
    refused = await http.options("/v1/alerts", headers={"origin": "https://elsewhere.example", **asked})
    assert "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize("path", ["/v1/alerts/", "/v1/score/", "/v1/alerts//"])
async def test_nobody_is_sent_to_the_host_that_the_request_names(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path, headers={"host": "elsewhere.example"})
    assert answer.status_code == 404
    assert "location" not in answer.headers


async def test_every_documented_error_is_a_problem(http: httpx.AsyncClient) -> None:
    document = (await http.get("/openapi.json")).json()
    for operations in document["paths"].values():
        for operation in operations.values():
            errors = {code: answer for code, answer in operation["responses"].items() if code >= "400"}
            assert errors
            assert all(list(answer["content"]) == ["application/problem+json"] for answer in errors.values())
    assert {"ApiKey", "Bearer", "ConsoleSession"} <= set(document["components"]["securitySchemes"])


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_the_reference_needs_nothing_from_elsewhere(http: httpx.AsyncClient, path: str) -> None:
    page = await http.get(path)
    assert page.status_code == 200
    assert "//" not in page.text.replace("https://www.w3.org", "")
    for part in page.text.split('"'):
        if part.startswith("/reference/"):
            assert (await http.get(part)).status_code == 200
