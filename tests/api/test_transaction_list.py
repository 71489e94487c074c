"""The list of transactions: each once, newest first, whatever is asked for, and only the caller's own."""

from collections.abc import Callable
from typing import Any

from alert_maker import AlertMaker
from running_gateway import RunningGateway
from test_gateway_problems import problem

Row = dict[str, Any]


async def listed(gateway: RunningGateway, key: str, limit: int = 50, **filters: object) -> list[Row]:
    found: list[Row] = []
    cursor = None
    while True:
        query = {"limit": limit, **filters} | ({"cursor": cursor} if cursor else {})
        response = await gateway.http.get("/v1/transactions", params=query, headers={"X-API-Key": key})
        assert response.status_code == 200, response.text
        page = response.json()
        assert len(page["items"]) <= limit
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


async def test_every_filter_gives_what_a_look_at_all_gives(
    gateway: RunningGateway, alerts: AlertMaker, key: str, other_client: int
) -> None:
    for turn in range(6):
        await alerts.store(2, alerting=turn % 2 == 0)
        await alerts.store(1, client_id=other_client)
    everything = await listed(gateway, key, 5)
    assert len({row["transaction_id"] for row in everything}) == len(everything) == 12
    assert everything == sorted(everything, key=lambda row: (row["event_time_ms"], row["transaction_id"]), reverse=True)
    one = everything[7]
    cases: list[tuple[Row, Callable[[Row], bool]]] = [
        ({"account": one["account"]}, lambda row: row["account"] == one["account"]),
        ({"merchant": "shop-7"}, lambda row: True),
        ({"merchant": "shop-8"}, lambda row: False),
        ({"level": ["CRITICAL"]}, lambda row: row["risk_level"] == "CRITICAL"),
        ({"level": ["LOW", "HIGH"], "merchant": "shop-7"}, lambda row: row["risk_level"] == "LOW"),
        ({"device": "none"}, lambda row: False),
        ({"ip": "::1"}, lambda row: False),
    ]
    for filters, passes in cases:
        for limit in (1, 5, 50):
            assert await listed(gateway, key, limit, **filters) == [row for row in everything if passes(row)]
    assert all((row["alert_id"] is not None) == (row["risk_level"] == "CRITICAL") for row in everything)


async def test_event_times_bound_the_list(gateway: RunningGateway, alerts: AlertMaker, key: str) -> None:
    await alerts.store(3)
    assert len(await listed(gateway, key, **{"from": "2020-01-01T00:00:00Z"})) == 3
    assert await listed(gateway, key, to="2020-01-01T00:00:00Z") == []


async def test_a_cursor_that_is_none(gateway: RunningGateway, alerts: AlertMaker, key: str) -> None:
    await alerts.store(3)
    headers = {"X-API-Key": key}
    page = (await gateway.http.get("/v1/transactions?limit=1", headers=headers)).json()
    alert_page = (await gateway.http.get("/v1/alerts?limit=1", headers=headers)).json()
    for query in (
        {"cursor": "zz"},
        {"cursor": alert_page["next_cursor"]},
        {"cursor": page["next_cursor"], "account": "another"},
        {"account": "a\x00b"},
        {"level": "AWFUL"},
        {"limit": 0},
    ):
        expected = (400, "invalid-cursor") if "cursor" in query else (422, "invalid-request")
        problem(await gateway.http.get("/v1/transactions", params=query, headers=headers), *expected)
