"""What every answer tells a browser, whatever was asked: pages, files, answers of the API, refusals."""

import pytest
from running_gateway import RunningGateway, running, settings_for

ASKED = (
    "/",
    "/livez",
    "/openapi.json",
    "/reference",
    "/nothing",
    "/v1/alerts",
    "/v1/alerts?limit=x",
    "/" + "a" * 20_000,
)


@pytest.mark.parametrize("address", ASKED)
async def test_every_answer_tells_a_browser_what_it_may_do(gateway: RunningGateway, address: str) -> None:
    headers = (await gateway.http.get(address)).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy  # object-src is part of it
    assert "base-uri 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy


@pytest.mark.parametrize("address", ["/livez", "/v1/alerts", "/nothing"])
async def test_answers_are_not_kept(gateway: RunningGateway, key: str, address: str) -> None:
    answer = await gateway.http.get(address, headers={"X-API-Key": key})
    assert answer.headers["Cache-Control"] == "no-store"


async def test_transport_security_for_a_year_and_all_subdomains(database_url: str) -> None:
    settings = settings_for(database_url).model_copy(update={"environment": "production"})
    async with running(settings) as gateway:
        for address in ("/livez", "/nothing"):
            sent = (await gateway.http.get(address)).headers["Strict-Transport-Security"]
            assert sent == "max-age=31536000; includeSubDomains"
