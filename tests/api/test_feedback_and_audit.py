"""Feedback given and summed up, the audit log of all changes, and who may see which."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from desk_client import AT, Analyst, Payment, Payments
from running_gateway import RunningGateway

from api.keys import SCOPE_CASES, SCOPE_READ
from contracts.label import Label
from storage.labels import LabelRepository

KNOWN = (
    Payment("caught", "a", score=95), Payment("missed", "b", score=10),
    Payment("false alarm", "c", score=80), Payment("passed", "d", score=10),
)  # fmt: skip


@pytest.fixture
def administrator(gateway: RunningGateway, key: str) -> Analyst:
    return Analyst(gateway.http, key)


@pytest.fixture
async def payments(pool: Any) -> Payments:
    return Payments(pool)


async def test_given_labels_are_revisions(administrator: Analyst, payments: Payments) -> None:
    await payments.store(*KNOWN)
    known_at = "2026-06-20T08:00:00.250+02:00"
    body = {"transaction_id": "caught", "fraud": True, "source": "scheme", "known_at": known_at}
    given = await administrator.post("/v1/feedback", body, 201)
    assert given == {
        "transaction_id": "caught", "revision": 0, "fraud": True, "source": "scheme", "state": "accepted",
        "known_at_ms": int(datetime.fromisoformat(known_at).timestamp() * 1000),
    }  # fmt: skip
    again = await administrator.post("/v1/feedback", {"transaction_id": "caught", "fraud": False}, 201)
    assert (again["revision"], again["source"]) == (1, "chargeback")


async def test_labels_are_listed_by_filter_and_page(administrator: Analyst, payments: Payments, pool: Any) -> None:
    """Those of the topic, those on their way, and those that are both."""
    await payments.store(*KNOWN)
    stored = [
        Label(transaction_id=f"t{n}", fraud=n % 2 == 0, known_at=AT + timedelta(hours=n % 3), source="bank")
        for n in range(7)
    ]
    await LabelRepository(pool).take(stored, 0)
    for payment in KNOWN:
        await administrator.post("/v1/feedback", {"transaction_id": payment.name, "fraud": True}, 201)
    await LabelRepository(pool).take(
        [Label(transaction_id="caught", fraud=True, known_at=datetime.now(UTC), source="chargeback")], 0
    )
    everything = await administrator.listed("/v1/feedback")
    assert len(everything) == 11
    keys = [(label["known_at_ms"], label["transaction_id"], label["revision"]) for label in everything]
    assert keys == sorted(keys, reverse=True)
    for limit in (1, 3, 11):
        assert await administrator.listed("/v1/feedback", limit=limit) == everything
    for query, count in (
        ({"source": "bank"}, 7), ({"fraud": "false"}, 3), ({"transaction": "caught"}, 1),
        ({"from": (AT + timedelta(hours=1)).isoformat(), "to": (AT + timedelta(hours=2)).isoformat()}, 2),
        ({"source": "bank", "fraud": "true"}, 4),
    ):  # fmt: skip
        assert len(await administrator.listed("/v1/feedback", **query)) == count, query


async def test_how_decisions_did(administrator: Analyst, payments: Payments, pool: Any) -> None:
    await payments.store(*KNOWN)
    now = datetime.now(UTC)
    verdicts = {"caught": True, "missed": True, "false alarm": False, "passed": False, "not there": True}
    await LabelRepository(pool).take(
        [Label(transaction_id=name, fraud=fraud, known_at=now, source="bank") for name, fraud in verdicts.items()]
        + [Label(transaction_id="passed", fraud=False, known_at=now, source="analyst", revision=1)],
        0,
    )
    found = await administrator.get("/v1/feedback/summary")
    assert (found["transactions"], found["fraud"], found["legitimate"], found["waiting"]) == (5, 3, 2, 1)
    assert found["by_source"] == [
        {"source": "analyst", "fraud": 0, "legitimate": 1}, {"source": "bank", "fraud": 3, "legitimate": 1}
    ]  # fmt: skip
    assert found["by_model"] == [{
        "model_version": "test-1", "fraud_alerted": 1, "fraud_missed": 1, "legitimate_alerted": 1,
        "legitimate_passed": 1, "precision": 0.5, "recall": 0.5,
    }]  # fmt: skip
    assert found["is_complete"]


async def test_no_feedback_yet(administrator: Analyst) -> None:
    found = await administrator.get("/v1/feedback/summary", days=1)
    assert (found["transactions"], found["by_source"], found["by_model"]) == (0, [], [])


async def test_feedback_that_cannot_be(administrator: Analyst, payments: Payments, pool: Any) -> None:
    await payments.store(*KNOWN)
    last = Label(transaction_id="caught", fraud=True, known_at=AT, source="bank", revision=2**31 - 1)
    await LabelRepository(pool).take([last], 0)
    ahead = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    for body, status in (
        ({"transaction_id": "nobody's", "fraud": True}, 404),
        ({"transaction_id": "caught", "fraud": True}, 409),
        ({"transaction_id": "missed", "fraud": "yes"}, 422),
        ({"transaction_id": "missed", "fraud": True, "known_at": ahead}, 422),
        ({"transaction_id": "missed", "fraud": True, "known_at": "0001-01-01T00:00:00Z"}, 422),
        ({"transaction_id": "a\u0000b", "fraud": True}, 422),
        ({"transaction_id": "missed", "fraud": True, "source": ""}, 422),
    ):
        response = await administrator.call("POST", "/v1/feedback", body)
        assert response.status_code == status, body


async def test_every_change_is_in_the_audit_log(administrator: Analyst, payments: Payments) -> None:
    await payments.store(KNOWN[0])
    alert = KNOWN[0].alert_id
    await administrator.post(f"/v1/alerts/{alert}/claim")
    await administrator.post(f"/v1/alerts/{alert}/claim")
    await administrator.post(f"/v1/alerts/{alert}/release")
    moved = await administrator.call("PATCH", f"/v1/alerts/{alert}/status", {"status": "IN_REVIEW", "reason": "odd"})
    await administrator.post(f"/v1/investigations/{alert}/notes", {"text": "looking"}, 201)
    await administrator.decide(alert)
    await administrator.post(f"/v1/investigations/{alert}/decision/undo")
    await administrator.post("/v1/feedback", {"transaction_id": "caught", "fraud": True}, 201)

    entries = [entry for entry in await administrator.listed("/v1/audit") if not entry["action"].startswith("key.")]

    assert [entry["action"] for entry in reversed(entries)] == [
        "case.claimed", "case.claim_extended", "case.released", "alert.status", "case.note", "case.decided",
        "case.decision_undone", "label.given",
    ]  # fmt: skip
    status = entries[4]
    assert (status["subject"], status["request_id"]) == (f"alert:{alert}", moved.headers["x-request-id"])
    assert (status["detail"]["from"], status["detail"]["to"], status["detail"]["reason"]) == (
        "OPEN",
        "IN_REVIEW",
        "odd",
    )
    assert {entry["actor"] for entry in entries} == {status["actor"]}
    assert await administrator.listed("/v1/audit", subject=f"alert:{alert}", limit=1) == entries[1:5]
    assert await administrator.listed("/v1/audit", action="alert.status") == [status]
    assert await administrator.listed("/v1/audit", actor="user:404") == []
    since = datetime.fromtimestamp(status["recorded_at_ms"] / 1000, UTC)
    assert entries[0] in await administrator.listed("/v1/audit", **{"from": since.isoformat()})
    assert await administrator.listed("/v1/audit", to="2020-01-01T00:00:00Z") == []
    assert await administrator.listed("/v1/audit", to="0001-01-01T14:00:00+14:00") == []
    ends = {"from": "0001-01-01T14:00:00+14:00", "to": "9999-12-31T09:59:59-14:00"}
    assert await administrator.listed("/v1/audit", **ends) == await administrator.listed("/v1/audit")
    for name, beyond in (("from", "0001-01-01T13:59:59%2B14:00"), ("to", "9999-12-31T10:00:00-14:00")):
        refused = await administrator.call("GET", f"/v1/audit?{name}={beyond}")  # no year in UTC, as everywhere
        assert (refused.status_code, refused.json()["errors"][0]["where"]) == (422, f"query.{name}")


async def test_a_refused_change_leaves_no_entry(administrator: Analyst, payments: Payments) -> None:
    await payments.store(KNOWN[0])
    path = f"/v1/alerts/{KNOWN[0].alert_id}/status"
    assert (await administrator.call("PATCH", path, {"status": "RESOLVED"})).status_code == 409
    assert await administrator.listed("/v1/audit", action="alert.status") == []


async def test_who_sees_what(
    gateway: RunningGateway, make_key: Any, other_client: int, administrator: Analyst, payments: Payments
) -> None:
    await payments.store(*KNOWN)
    body = {"transaction_id": "caught", "fraud": True}
    await administrator.post("/v1/feedback", body, 201)
    analyst = Analyst(gateway.http, await make_key(scopes=(SCOPE_READ, SCOPE_CASES)))
    viewer = Analyst(gateway.http, await make_key(scopes=(SCOPE_READ,)))
    stranger = Analyst(gateway.http, await make_key(other_client))
    for nobody in (analyst, viewer):
        assert (await nobody.call("GET", "/v1/audit")).status_code == 403
        assert len(await nobody.listed("/v1/feedback")) == 1
    assert (await viewer.call("POST", "/v1/feedback", body)).status_code == 403
    assert (await stranger.call("POST", "/v1/feedback", body)).status_code == 404
    assert await stranger.listed("/v1/feedback") == []
    assert await stranger.listed("/v1/audit") == []
    assert (await stranger.get("/v1/feedback/summary"))["transactions"] == 0
