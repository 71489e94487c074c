"""Health in the shapes that orchestrators and operators ask for."""

import asyncio
from pathlib import Path

import pytest
from running_gateway import RunningGateway, running, settings_for

from devstack.lost import note_lost
from tests.conftest import Stack


@pytest.mark.parametrize(
    ("path", "text"), [("/livez", "ok"), ("/liveness", "ok"), ("/readyz", "ready"), ("/readiness", "ready")]
)
async def test_what_orchestrators_ask(gateway: RunningGateway, path: str, text: str) -> None:
    async with asyncio.timeout(20):
        while (response := await gateway.http.get(path)).status_code == 503:  # scoring warms up
            pass
    assert (response.status_code, response.text) == (200, text)


async def test_the_parts_by_name(stack: Stack, database_url: str, key: str) -> None:
    settings = settings_for(database_url, redis_url=stack.redis_url)
    async with running(settings) as gateway:
        body = (await gateway.http.get("/v1/health/detailed")).json()
        assert {name: part["answered"] for name, part in body["parts"].items()} == {
            "database": True,
            "redis": True,
            "kafka": False,
        }
        assert all(part["took_ms"] >= 0 for part in body["parts"].values())
        assert (body["status"], body["inside"]) == ("degraded", None)
        inside = (await gateway.http.get("/v1/health/detailed", headers={"X-API-Key": key})).json()["inside"]
        assert {"database", "redis", "python"} == set(inside["server_versions"])
        assert inside["disk_free_bytes"] > 0
        assert inside["stream"]["workers"] == 0


async def test_a_wrong_key_sees_what_anybody_sees(gateway: RunningGateway) -> None:
    response = await gateway.http.get("/v1/health/detailed", headers={"X-API-Key": "rsk_wrong"})
    assert response.status_code == 200
    assert response.json()["inside"] is None


async def test_what_the_stack_has_given_up_is_named(stack: Stack, database_url: str, tmp_path: Path) -> None:
    note_lost(tmp_path, {"worker-1": "worker-1 ended 6 times in five minutes"})
    async with running(settings_for(database_url, redis_url=stack.redis_url, riskstream_home=tmp_path)) as gateway:
        async with asyncio.timeout(20):
            while (response := await gateway.http.get("/readyz")).status_code == 503:  # scoring warms up
                pass
        assert (response.status_code, response.text) == (200, "ready, without worker-1"), "it serves"
