"""What is stored about one account, over HTTP: handed out and erased, for administrators of its client only."""

from typing import Any
from urllib.parse import quote

import asyncpg
import pytest
from alert_maker import AlertMaker
from running_gateway import RunningGateway

ACCOUNT = "acct-00000"


async def test_an_account_is_exported_whole_then_erased_and_the_audit_says_so(
    gateway: RunningGateway, alerts: AlertMaker, key: str, pool: "asyncpg.Pool[asyncpg.Record]"
) -> None:
    await alerts.store(3)
    headers = {"X-API-Key": key}
    export = await gateway.http.get(f"/v1/accounts/{ACCOUNT}/export", headers=headers)
    assert export.status_code == 200
    tables = export.json()["tables"]
    assert "kept as it came" in tables["transactions"][0]["received"]
    assert tables["transactions"][0]["decision"]["risk_level"]
    assert [len(tables[name]) for name in ("alerts", "cases")] == [1, 1]
    assert export.json()["truncated"] == []

    erased = await gateway.http.delete(f"/v1/accounts/{ACCOUNT}", headers=headers)
    assert erased.status_code == 200, erased.text
    assert erased.json()["counts"]["transactions"] == 1
    assert (await gateway.http.get(f"/v1/accounts/{ACCOUNT}/export", headers=headers)).status_code == 404
    assert (await gateway.http.delete(f"/v1/accounts/{ACCOUNT}", headers=headers)).status_code == 404
    listed = (await gateway.http.get("/v1/alerts", headers=headers)).json()["items"]
    assert [alert["sequence"] for alert in listed] == [3, 2, 1]  # nobody's feed has a gap
    assert listed[2]["account"] == erased.json()["pseudonym"]
    stored = (await gateway.http.get("/v1/transactions/pay/0", headers=headers)).json()
    assert stored["received"]["account_id"] == erased.json()["pseudonym"]
    audit = (await gateway.http.get("/v1/audit?action=account.erased", headers=headers)).json()["items"]
    assert [(entry["subject"], ACCOUNT in str(entry)) for entry in audit] == [
        (f"erasure:{erased.json()['erasure_id']}", False)
    ]
    assert await pool.fetchval("SELECT count(*) FROM transactions WHERE account = $1", ACCOUNT) == 0


@pytest.mark.parametrize("scopes", [("read",), ("score",), ("read", "cases")])
async def test_only_an_administrator_may(
    gateway: RunningGateway, alerts: AlertMaker, make_key: Any, scopes: tuple[str, ...]
) -> None:
    await alerts.store()
    headers = {"X-API-Key": await make_key(1, scopes)}
    assert (await gateway.http.get(f"/v1/accounts/{ACCOUNT}/export", headers=headers)).status_code == 403
    assert (await gateway.http.delete(f"/v1/accounts/{ACCOUNT}", headers=headers)).status_code == 403


async def test_another_clients_account_is_not_there(
    gateway: RunningGateway, alerts: AlertMaker, make_key: Any, other_client: int, key: str
) -> None:
    await alerts.store()
    stranger = {"X-API-Key": await make_key(other_client)}
    for account in (ACCOUNT, "none", quote("a/b/export", safe=""), "%F0%9F%92%B8"):
        assert (await gateway.http.get(f"/v1/accounts/{account}/export", headers=stranger)).status_code == 404
        assert (await gateway.http.delete(f"/v1/accounts/{account}", headers=stranger)).status_code == 404
    own = await gateway.http.get(f"/v1/accounts/{ACCOUNT}/export", headers={"X-API-Key": key})
    assert own.status_code == 200
