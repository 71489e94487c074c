"""Anomalies that become alerts: numbered, in a case, decided like any other; what is said of them is counted."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from alert_maker import AlertMaker
from analysis_world import START, Analyst, habits, put_upload, store_payments, worker
from running_gateway import RunningGateway, settings_for

from contracts.label import Label
from settings import Settings
from storage.alert_precision import alert_precision
from storage.labels import LabelRepository

PERIOD = {"from": START.isoformat(), "to": (START + timedelta(days=60)).isoformat()}


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return settings_for(database_url, upload_dir=tmp_path / "uploads", metrics_port=0)


@pytest_asyncio.fixture
async def analyst(gateway: RunningGateway, key: str, settings: Settings) -> AsyncIterator[Analyst]:
    async with worker(settings):
        yield Analyst(gateway.http, key)


async def highest(analyst: Analyst, run_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await analyst.read(f"/v1/analysis/{run_id}/results", limit=1))["items"][0]
    return found


async def raised(analyst: Analyst, found: dict[str, Any], status: int = 201) -> dict[str, Any]:
    answer = await analyst.post(f"/v1/analysis/{found['run_id']}/results/{found['place']}/alert")
    assert answer.status_code == status, answer.text
    alert: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"/v1/alerts/{alert['alert_id']}"
    return alert


async def decided(analyst: Analyst, alert: dict[str, Any], verdict: str = "confirmed_fraud") -> None:
    answer = await analyst.post(
        f"/v1/investigations/{alert['alert_id']}/decision", {"verdict": verdict, "reason": "looked at it"}
    )
    assert answer.status_code == 201, answer.text


async def test_an_anomaly_of_a_stored_payment_is_an_alert_like_any_other(
    analyst: Analyst, pool: Any, alerts: AlertMaker
) -> None:
    [before] = await alerts.store(1)
    await store_payments(pool, habits())
    run_id = await analyst.ran(**PERIOD)
    found = await highest(analyst, run_id)
    alert = await raised(analyst, found)
    assert alert["sequence"] == before.sequence + 1
    assert alert["transaction_id"] == found["transaction_id"]
    assert alert["account"] == found["account"]
    assert alert["recommendation"] == "REVIEW"
    assert alert["risk_score"] == found["score"]
    assert {reason["text"] for reason in alert["reasons"]} == set(found["reasons"].values())
    assert await raised(analyst, found, 200) == alert
    assert (await highest(analyst, run_id))["alert_id"] == alert["alert_id"]
    assert [x["place"] for x in await analyst.every(f"/v1/analysis/{run_id}/results", alerted=True)] == [found["place"]]
    seen = await analyst.read(f"/v1/transactions/{found['transaction_id']}")
    assert seen["alert_id"] == alert["alert_id"]
    case = await analyst.read(f"/v1/cases/{alert['case_id']}")
    assert case["account"] == found["account"]
    investigation = await analyst.read(f"/v1/investigations/{alert['alert_id']}")
    assert any(event["kind"] for event in investigation["timeline"])
    [next_one] = await alerts.store(1)
    assert next_one.sequence == alert["sequence"] + 1  # the stream goes on behind it, without a gap


async def test_a_verdict_on_it_is_a_label_and_counts(analyst: Analyst, pool: Any) -> None:
    await store_payments(pool, habits())
    found = await highest(analyst, await analyst.ran(**PERIOD))
    alert = await raised(analyst, found)
    await decided(analyst, alert)
    [label] = await analyst.every("/v1/feedback")
    assert (label["transaction_id"], label["fraud"], label["source"]) == (found["transaction_id"], True, "analyst")
    assert (await highest(analyst, found["run_id"]))["verdict"] == "confirmed_fraud"
    # The forwarder joins it with the stored decision, which had let the payment through: the model missed it.
    labels = LabelRepository(pool)
    known_at = START + timedelta(days=60)
    given = Label(transaction_id=label["transaction_id"], fraud=True, known_at=known_at, client_id=1, source="analyst")
    await labels.take([given], 0)
    matrix = await analyst.read(
        "/v1/analytics/confusion-matrix", **{"from": PERIOD["from"], "to": PERIOD["to"], "unlabelled": "exclude"}
    )
    assert matrix["false_negative"] == 1
    summary = await analyst.read("/v1/feedback/summary", days=3650)
    assert [(each["strategy_id"], each["fraud"], each["precision"]) for each in summary["by_strategy"]] == [
        ("payments", 1, 1.0)
    ]
    # The model did not raise this alert, so it says nothing about the model's precision.
    assert await alert_precision(pool, 0, 2**62) == []


async def test_an_anomaly_of_a_file_has_a_name_of_its_own_and_feedback_on_it_counts(
    analyst: Analyst, pool: Any, settings: Settings
) -> None:
    await store_payments(pool, habits())  # payments of the same ids were streamed, too
    upload_id = await put_upload(pool, settings.upload_dir, habits())
    found = await highest(analyst, await analyst.ran(upload_id=str(upload_id)))
    alert = await raised(analyst, found)
    assert alert["transaction_id"] == found["subject"] == f"upload/{upload_id}/{found['row']}"
    assert (await analyst.read(f"/v1/transactions/{found['transaction_id']}"))["alert_id"] is None
    await decided(analyst, alert, "legitimate")
    [label] = await analyst.every("/v1/feedback")
    assert (label["transaction_id"], label["fraud"], label["state"]) == (found["subject"], False, "unchanged")
    assert await pool.fetchval("SELECT count(*) FROM label_outbox") == 0  # no stream waits for it
    answer = await analyst.post("/v1/feedback", {"transaction_id": found["subject"], "fraud": True})
    assert answer.status_code == 201, answer.text
    answer = await analyst.post("/v1/feedback", {"transaction_id": f"upload/{upload_id}/999999", "fraud": True})
    assert answer.status_code == 404
    summary = await analyst.read("/v1/feedback/summary")
    assert (summary["fraud"], summary["waiting"]) == (1, 0)
    assert [(each["strategy_id"], each["fraud"]) for each in summary["by_strategy"]] == [("payments", 1)]
    undone = await analyst.post(f"/v1/investigations/{alert['alert_id']}/decision/undo")
    assert undone.status_code == 201 or undone.status_code == 200, undone.text


async def test_flagged_transactions_are_listed_once_by_the_last_run(analyst: Analyst, pool: Any) -> None:
    await store_payments(pool, habits())
    first, second = await analyst.ran(**PERIOD), await analyst.ran(**PERIOD, strategy_id="mobile_money")
    of_first, of_second = [await analyst.every(f"/v1/analysis/{run_id}/results") for run_id in (first, second)]
    listed = await analyst.every("/v1/transactions/anomalies", limit=2)
    ids = [x["transaction_id"] for x in listed]
    assert len(ids) == len(set(ids))
    assert set(ids) == {x["transaction_id"] for x in of_first + of_second}
    assert ids == [x["transaction_id"] for x in sorted(listed, key=lambda x: x["event_time_ms"], reverse=True)]
    last = {x["transaction_id"]: second for x in of_second}
    assert all(x["run_id"] == last.get(x["transaction_id"], first) for x in listed)
    assert await analyst.every("/api/v1/transactions/anomalies", account="acct-1", score_min=1) == [
        x for x in listed if x["account"] == "acct-1"
    ]
