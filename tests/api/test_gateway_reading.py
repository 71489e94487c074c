"""Alerts by page, transactions with their decision, the stream's health; and nobody sees another's."""

import math
from datetime import UTC, datetime
from urllib.parse import quote

from alert_maker import AlertMaker, vector
from running_gateway import RunningGateway

from features.catalogue import FEATURE_NAMES
from storage.worker_status import WorkerStatus, WorkerStatusRepository


async def pages(gateway: RunningGateway, key: str, limit: int) -> list[list[int]]:
    found, cursor = [], None
    while True:
        query = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        page = (await gateway.http.get("/v1/alerts", params=query, headers={"X-API-Key": key})).json()
        found.append([alert["sequence"] for alert in page["items"]])
        cursor = page["next_cursor"]
        if cursor is None:
            return found


async def test_no_alerts(gateway: RunningGateway, key: str) -> None:
    assert await pages(gateway, key, 10) == [[]]


async def test_pages_hold_each_alert_once_newest_first(gateway: RunningGateway, alerts: AlertMaker, key: str) -> None:
    await alerts.store(8)
    for limit in (1, 4, 7, 8, 200):
        found = await pages(gateway, key, limit)
        assert [number for page in found for number in page] == [8, 7, 6, 5, 4, 3, 2, 1]
        assert all(len(page) == limit for page in found[:-1])


async def test_pages_stay_while_alerts_arrive(gateway: RunningGateway, alerts: AlertMaker, key: str) -> None:
    headers = {"X-API-Key": key}
    await alerts.store(5)
    first = (await gateway.http.get("/v1/alerts", params={"limit": 2}, headers=headers)).json()
    await alerts.store(3)
    query = {"limit": 2, "cursor": first["next_cursor"]}
    second = (await gateway.http.get("/v1/alerts", params=query, headers=headers)).json()
    assert [alert["sequence"] for alert in second["items"]] == [3, 2]


async def test_a_page_that_cannot_be(gateway: RunningGateway, key: str) -> None:
    for query in ("limit=0", "limit=201", "limit=x", "cursor=zz", "cursor=" + "A" * 65, "cursor=MTotMQ"):
        response = await gateway.http.get(f"/v1/alerts?{query}", headers={"X-API-Key": key})
        expected = (400, "invalid-cursor") if query.startswith("cursor") else (422, "invalid-request")
        assert (response.status_code, response.json()["type"].rpartition(":")[2]) == expected


async def test_one_alert(gateway: RunningGateway, alerts: AlertMaker, key: str) -> None:
    (stored,) = await alerts.store()
    answer = (await gateway.http.get(f"/v1/alerts/{stored.alert_id}", headers={"X-API-Key": key})).json()
    assert answer["sequence"] == stored.sequence
    assert answer["amount"] == 12.5
    assert answer["severity"] == "CRITICAL"
    assert answer["reasons"][0]["text"] == "9 payments in 5 minutes"


async def test_a_transaction_with_its_decision(gateway: RunningGateway, alerts: AlertMaker, key: str) -> None:
    (alert,) = await alerts.store()
    path = f"/v1/transactions/{quote(alert.transaction_id, safe='')}"
    answer = (await gateway.http.get(path, headers={"X-API-Key": key})).json()
    assert answer["transaction_id"] == "pay/0"
    assert answer["received"]["note"] == "kept as it came"
    assert answer["position"] == {"source": 0, "offset": 0}
    assert answer["alert_id"] == alert.alert_id
    decision = answer["decision"]
    assert decision["recommendation"] == "DECLINE"
    assert decision["flags"] == ["ring_full", "list_full"]
    assert list(decision["features"]) == list(FEATURE_NAMES)
    expected = [None if math.isnan(value) else value for value in vector().tolist()]
    assert list(decision["features"].values()) == expected


async def test_a_transaction_without_an_alert(gateway: RunningGateway, alerts: AlertMaker, key: str) -> None:
    await alerts.store(alerting=False)
    answer = (await gateway.http.get("/v1/transactions/pay/0", headers={"X-API-Key": key})).json()
    assert answer["alert_id"] is None
    assert answer["decision"]["recommendation"] == "APPROVE"


async def test_no_such_transaction(gateway: RunningGateway, key: str) -> None:
    for unknown in ("nothing", "%ed%a0%80", "a%0Ab", "%F0%9F%92%B8"):
        response = await gateway.http.get(f"/v1/transactions/{unknown}", headers={"X-API-Key": key})
        assert response.status_code == 404
    response = await gateway.http.get("/v1/transactions/a%00b", headers={"X-API-Key": key})
    assert (response.status_code, response.json()["errors"][0]["where"]) == (422, "path.transaction_id")


async def test_another_clients_data_is_not_there(
    gateway: RunningGateway,
    alerts: AlertMaker,
    make_key,
    other_client: int,
) -> None:
    (theirs,) = await alerts.store(client_id=1)
    headers = {"X-API-Key": await make_key(other_client)}
    assert (await gateway.http.get("/v1/alerts", headers=headers)).json()["items"] == []
    assert (await gateway.http.get(f"/v1/alerts/{theirs.alert_id}", headers=headers)).status_code == 404
    assert (await gateway.http.get(f"/v1/transactions/{theirs.transaction_id}", headers=headers)).status_code == 404


async def test_the_streams_health(gateway: RunningGateway, pool, key: str) -> None:
    headers = {"X-API-Key": key}
    idle = (await gateway.http.get("/v1/stream", headers=headers)).json()
    assert (idle["workers"], idle["totals"]["workers"], idle["totals"]["latency_ms_p99"]) == ([], 0, None)
    for name, rate, slowest in (("one", 10.0, 30.0), ("two", 5.0, 70.0)):
        now = datetime.now(UTC)
        status = WorkerStatus(
            worker_id=name,
            started_at=now,
            reported_at=now,
            state="running",
            per_second=rate,
            lag=4,
            latency_ms_p99=slowest,
        )
        await WorkerStatusRepository(pool).report(status)
    totals = (await gateway.http.get("/v1/stream", headers=headers)).json()["totals"]
    assert (totals["workers"], totals["per_second"], totals["lag"], totals["latency_ms_p99"]) == (2, 15.0, 8, 70.0)


async def test_metrics_know_routes_and_not_ids(gateway: RunningGateway, key: str) -> None:
    await gateway.http.get("/v1/transactions/an-id", headers={"X-API-Key": key})
    page = (await gateway.http.get("/metrics")).text
    assert 'route="/v1/transactions/{transaction_id:path}",status="404"' in page
    assert "an-id" not in page
