"""A stored row that nothing can be made of: every list shows it as such, and all the others; and none can be made."""

import json
import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from alert_maker import AlertMaker
from callers import World
from running_gateway import RunningGateway

CASES = Path(os.environ.get("JUDGES", Path(__file__).parents[3] / "shared")) / "cases"
FAR_MS = 10**17  # the year 3,170,843
FAR = "200000-01-01"  # a time to Postgres, none to Python
IN_FILES = "/v1/uploads/{upload_id}/rejects"  # rows of a file, checked as they are written

# List → what poisons rows of the client $1, and whether it can be shown all the same.
POISONS: dict[str, tuple[str, bool]] = {
    "/v1/users": (f"UPDATE users SET created_at = '{FAR}' WHERE client_id = $1", True),
    "/v1/users/invitations": (f"UPDATE invitations SET expires_at = '{FAR}' WHERE client_id = $1", True),
    "/v1/api-keys": (f"UPDATE api_keys SET last_used_at = '{FAR}' WHERE client_id = $1", True),
    "/v1/alerts": ("UPDATE alerts SET signals = '[1]' WHERE client_id = $1 AND sequence = 2", False),
    "/v1/cases": (f"UPDATE cases SET opened_at = '{FAR}' WHERE client_id = $1", True),
    "/v1/feedback": (f"UPDATE label_outbox SET known_at_ms = {FAR_MS} WHERE client_id = $1", True),
    "/v1/audit": ("INSERT INTO audit_log (client_id, actor, action, subject, detail, request_id)"
                  " VALUES ($1, 'key:1', 'x', 'x', '[]', '')", False),
    "/v1/analysis": (f"UPDATE analysis_runs SET from_ms = -{FAR_MS}, to_ms = {FAR_MS} WHERE run_id ="
                     " (SELECT run_id FROM analysis_runs WHERE client_id = $1 ORDER BY created_at DESC LIMIT 1)",
                     False),
    "/v1/analysis/{run_id}/results": ("UPDATE anomalies SET reasons = '[]' WHERE client_id = $1", False),
    "/v1/analysis/{run_id}/compare/{other_run_id}": ("UPDATE anomalies SET score = 'NaN' WHERE client_id = $1", True),
    "/v1/transactions/anomalies": ("UPDATE anomalies SET shares = '\"x\"' WHERE client_id = $1", False),
    "/v1/jobs": (f"UPDATE jobs SET created_at = '{FAR}' WHERE client_id = $1 AND kind = 'parse'", True),
    "/v1/transactions": ("UPDATE decisions SET risk_level = 'ODD' WHERE client_id = $1", False),
    "/v1/strategies": ("UPDATE strategy_versions SET document = '{\"name\": 7}' WHERE client_id = $1", False),
    "/v1/strategies/{strategy_id}/versions": (
        "UPDATE strategy_versions SET document = '{\"name\": 7}' WHERE client_id = $1", False,
    ),
    "/v1/uploads/history": ("UPDATE uploads SET wanted = '7' WHERE client_id = $1", False),
}  # fmt: skip


async def lists(gateway: RunningGateway) -> dict[str, Any]:
    """The members of every answer that is a page, by its path."""
    document = (await gateway.http.get("/openapi.json")).json()
    found = {}
    for path, operations in document["paths"].items():
        content = operations.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        name = content.get("application/json", {}).get("schema", {}).get("$ref", "").rpartition("/")[2]
        members = document["components"]["schemas"].get(name, {}).get("properties", {})
        if {"items", "next_cursor"} <= set(members):
            found[path] = members
    return found


async def test_every_list_can_tell_of_a_row_that_it_cannot_show(gateway: RunningGateway) -> None:
    found = await lists(gateway)
    assert {path for path, members in found.items() if "unreadable" not in members} == {IN_FILES}
    assert set(found) == {*POISONS, IN_FILES}  # a new list needs its poison here


async def walked(gateway: RunningGateway, headers: dict[str, str], path: str) -> tuple[list[Any], list[Any]]:
    """All items and all unreadable rows of a list, one row a page."""
    items, unreadable, cursor = [], [], None
    for _ in range(60):
        query = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        answer = await gateway.http.get(path, params=query, headers=headers)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        unreadable += page["unreadable"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items, unreadable
    raise AssertionError("the list does not end")


@pytest.mark.parametrize("path", POISONS)
async def test_a_row_that_cannot_be_shown_breaks_no_list(
    gateway: RunningGateway, pool: "asyncpg.Pool[asyncpg.Record]", alerts: AlertMaker, path: str
) -> None:
    statement, is_shown = POISONS[path]
    world = World(gateway, pool, alerts)
    tenant = await world.tenant(uuid4().hex)
    headers = await world.headers(tenant.client_id, "admin")
    address = path.format(**tenant.known)
    before, none = await walked(gateway, headers, address)
    assert not none
    changed = await pool.execute(statement, tenant.client_id)
    assert not changed.endswith(" 0"), changed
    items, unreadable = await walked(gateway, headers, address)
    assert bool(unreadable) is not is_shown
    assert all(row["id"] for row in unreadable)
    added = path == "/v1/audit"
    assert len(items) + len(unreadable) == len(before) + added
    whole = (await gateway.http.get(address, headers=headers)).json()
    assert len(whole["items"]) == len(items)
    assert len(whole["unreadable"]) == len(unreadable)


async def test_a_poisoned_run_alone_says_so(
    gateway: RunningGateway, pool: "asyncpg.Pool[asyncpg.Record]", alerts: AlertMaker
) -> None:
    world = World(gateway, pool, alerts)
    tenant = await world.tenant(uuid4().hex)
    headers = await world.headers(tenant.client_id, "admin")
    await pool.execute("UPDATE analysis_runs SET from_ms = $2 WHERE client_id = $1", tenant.client_id, -FAR_MS)
    answer = await gateway.http.get(f"/v1/analysis/{tenant.known['run_id']}", headers=headers)
    assert answer.status_code == 409
    assert "no answer can hold" in answer.json()["detail"]


PERIODS = {
    "before year 1": ("0001-01-01T00:00:00+14:00", "0001-02-01T00:00:00Z"),
    "after year 9999": ("9999-12-01T00:00:00Z", "9999-12-31T23:59:59-14:00"),
    "the last moment and a minute": ("9999-12-31T00:00:00Z", "9999-12-31T23:59:59-00:01"),
    "the first moment and a minute": ("0001-01-01T00:00:00+00:01", "0001-01-02T00:00:00Z"),
    "no offset": ("2026-01-01T00:00:00", "2026-02-01T00:00:00Z"),
    "a number": (1767225600, "2026-02-01T00:00:00Z"),
}


@pytest.mark.parametrize("name", PERIODS)
async def test_a_run_over_a_time_that_cannot_be_told_is_refused(gateway: RunningGateway, key: str, name: str) -> None:
    start, stop = PERIODS[name]
    body = {"from": start, "to": stop, "strategy_id": "payments"}
    await refused_and_listed(gateway, key, body)


@pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not here")
@pytest.mark.parametrize("name", ["A9-run-before-year-1", "sib-A9-run-after-year-9999"])
async def test_runs_of_public_reports(gateway: RunningGateway, key: str, name: str) -> None:
    await refused_and_listed(gateway, key, json.loads((CASES / f"{name}.json").read_text()))


async def refused_and_listed(gateway: RunningGateway, key: str, body: dict[str, Any]) -> None:
    answer = await gateway.http.post("/v1/analysis/run", json=body, headers={"X-API-Key": key})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["where"] in ("body.from", "body.to")
    listed = await gateway.http.get("/v1/analysis", headers={"X-API-Key": key})
    assert (listed.status_code, listed.json()["items"]) == (200, [])


async def test_the_ends_of_the_calendar_can_be_asked_for(gateway: RunningGateway, key: str) -> None:
    for start, stop in (
        ("0001-01-01T00:00:00Z", "0001-02-01T00:00:00Z"),
        ("9999-12-01T00:00:00Z", "9999-12-31T23:59:59Z"),
    ):
        body = {"from": start, "to": stop, "strategy_id": "payments"}
        answer = await gateway.http.post("/v1/analysis/run", json=body, headers={"X-API-Key": key})
        assert answer.status_code == 202, answer.text
    listed = await gateway.http.get("/v1/analysis", headers={"X-API-Key": key})
    assert len(listed.json()["items"]) == 2
