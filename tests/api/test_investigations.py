"""Investigations: what is gathered, verdicts with their labels, undo, notes, the timeline."""

import asyncio
from collections import Counter
from typing import Any
from uuid import uuid4

import pytest
from desk_client import AT, Analyst, Payment, Payments
from running_gateway import RunningGateway

from api.keys import SCOPE_CASES, SCOPE_READ
from contracts.label import Label
from storage.labels import LabelRepository

ANALYST = (SCOPE_READ, SCOPE_CASES)
AT_MS = int(AT.timestamp() * 1000)
STOLEN = tuple(Payment(f"stolen-{n}", minutes=n, score=90 + n, amount=500 + n) for n in range(3))


@pytest.fixture
async def analyst(gateway: RunningGateway, make_key: Any) -> Analyst:
    return Analyst(gateway.http, await make_key(scopes=ANALYST))


@pytest.fixture
async def colleague(gateway: RunningGateway, make_key: Any) -> Analyst:
    return Analyst(gateway.http, await make_key(scopes=ANALYST))


@pytest.fixture
async def payments(pool: Any) -> Payments:
    return Payments(pool)


async def case_of(analyst: Analyst, payment: Payment) -> str:
    return str((await analyst.get(f"/v1/alerts/{payment.alert_id}"))["case_id"])


async def labels(analyst: Analyst) -> list[tuple[str, int, bool, str]]:
    found = await analyst.listed("/v1/feedback")
    return sorted((label["transaction_id"], label["revision"], label["fraud"], label["source"]) for label in found)


async def statuses(analyst: Analyst) -> Counter[str]:
    return Counter(alert["status"] for alert in await analyst.listed())


async def test_what_is_known_around_an_alert(analyst: Analyst, payments: Payments) -> None:
    day = 24 * 60
    usual = [
        Payment(f"usual-{n}", minutes=-day * (n + 1), score=5, amount=10 + n, device="phone-own", ip="10.9.9.9",
                merchant="grocer", place="Mombasa")
        for n in range(5)
    ]  # fmt: skip
    others = [Payment(f"other-{n}", f"acct-{n + 2}", minutes=-30 + n, score=80 if n else 5) for n in range(3)]
    long_ago = Payment("long ago", minutes=-40 * day, score=5)
    await payments.store(long_ago, *usual, *others, *STOLEN)

    found = await analyst.get(f"/v1/investigations/{STOLEN[1].alert_id}")

    assert (found["alert_id"], len(found["alerts"]), found["case"]["alert_count"]) == (STOLEN[1].alert_id, 1, 3)
    recent = [transaction["transaction_id"] for transaction in found["recent_transactions"]]
    assert recent == ["stolen-2", "stolen-1", "stolen-0", *(f"usual-{n}" for n in range(5))]
    assert found["recent_transactions"][0]["risk_score"] == 92
    norm = found["norm"]
    assert (norm["payments"], norm["from_ms"]) == (5, AT_MS - 5 * day * 60_000)
    assert norm["amounts"] == [{"currency": "KES", "payments": 5, "mean": 12, "median": 12, "largest": 14}]
    assert norm["hours"] == [5 if hour == 12 else 0 for hour in range(24)]
    assert norm["devices"] == [{"value": "phone-own", "payments": 5}]
    assert norm["places"] == [{"value": "Mombasa", "payments": 5}]
    shared = {each["entity"]: each for each in found["shared"]}
    assert set(shared) == {"device", "ip_address", "merchant"}
    for each in shared.values():
        assert (each["transactions"], each["accounts"], each["alerts"]) == (6, 4, 5)
        assert [transaction["transaction_id"] for transaction in each["others"]] == ["other-2", "other-1", "other-0"]
    assert [event["kind"] for event in found["timeline"]] == ["transaction", "alert", "alert", "alert"]


async def test_a_whole_case_and_the_accounts_earlier_ones(analyst: Analyst, payments: Payments) -> None:
    await payments.store(Payment("before", minutes=-3 * 24 * 60), *STOLEN)
    case_id = await case_of(analyst, STOLEN[0])
    found = await analyst.get(f"/v1/investigations/{case_id}")
    assert (found["alert_id"], len(found["alerts"])) == (None, 3)
    assert [case["alert_count"] for case in found["earlier_cases"]] == [1]


async def test_deciding_a_case_decides_all_its_alerts(analyst: Analyst, payments: Payments) -> None:
    await payments.store(*STOLEN, Payment("elsewhere", "acct-2"))
    case_id = await case_of(analyst, STOLEN[0])
    await analyst.post(f"/v1/cases/{case_id}/claim")

    decision = await analyst.decide(case_id)

    assert (decision["verdict"], decision["alert_id"], decision["undone_at_ms"]) == ("confirmed_fraud", None, None)
    assert await statuses(analyst) == {"RESOLVED": 3, "OPEN": 1}
    case = await analyst.get(f"/v1/cases/{case_id}")
    assert (case["status"], case["verdict"], case["assignee"]) == ("RESOLVED", "confirmed_fraud", None)
    assert await labels(analyst) == [(f"stolen-{n}", 0, True, "analyst") for n in range(3)]
    found = await analyst.get(f"/v1/investigations/{case_id}")
    assert [event["kind"] for event in found["timeline"]] == ["alert"] * 3 + ["work", "decision"]


async def test_verdicts_close_as_they_say(analyst: Analyst, payments: Payments) -> None:
    await payments.store(*(Payment(name, name) for name in ("fraud", "fine", "unclear")))
    for name, verdict in (("fraud", "confirmed_fraud"), ("fine", "legitimate"), ("unclear", "inconclusive")):
        await analyst.decide(Payment(name).alert_id, verdict)
    closed = {alert["transaction_id"]: (alert["status"], alert["verdict"]) for alert in await analyst.listed()}
    assert closed == {
        "fraud": ("RESOLVED", "confirmed_fraud"),
        "fine": ("DISMISSED", "legitimate"),
        "unclear": ("RESOLVED", "inconclusive"),
    }
    assert await labels(analyst) == [("fine", 0, False, "analyst"), ("fraud", 0, True, "analyst")]


async def test_undo_brings_back_what_was_there(analyst: Analyst, payments: Payments) -> None:
    await payments.store(*STOLEN)
    case_id = await case_of(analyst, STOLEN[0])
    await analyst.decide(STOLEN[0].alert_id, "legitimate")
    await analyst.decide(case_id)
    undone = await analyst.post(f"/v1/investigations/{case_id}/decision/undo")
    assert undone["undone_by"] is not None
    found = {alert["transaction_id"]: (alert["status"], alert["verdict"]) for alert in await analyst.listed()}
    assert found == {"stolen-0": ("DISMISSED", "legitimate"), "stolen-1": ("OPEN", None), "stolen-2": ("OPEN", None)}
    assert [each for each in await labels(analyst) if each[0] != "stolen-2"] == [
        ("stolen-0", 0, False, "analyst"),
        ("stolen-0", 1, True, "analyst"),
        ("stolen-0", 2, False, "analyst-undo"),
        ("stolen-1", 0, True, "analyst"),
        ("stolen-1", 1, False, "analyst-undo"),
    ]
    assert (await analyst.get(f"/v1/cases/{case_id}"))["status"] == "OPEN"
    await analyst.post(f"/v1/investigations/{case_id}/decision/undo")  # the alert's own decision stands again
    assert (await statuses(analyst)) == {"OPEN": 3}
    response = await analyst.call("POST", f"/v1/investigations/{case_id}/decision/undo")
    assert response.status_code == 409


async def test_undo_is_for_who_decided_and_for_a_while(
    analyst: Analyst, colleague: Analyst, payments: Payments, pool: Any, gateway: RunningGateway, key: str
) -> None:
    await payments.store(*STOLEN)
    path = f"/v1/investigations/{STOLEN[0].alert_id}/decision/undo"
    await analyst.decide(STOLEN[0].alert_id)
    assert (await colleague.call("POST", path)).status_code == 409
    await Analyst(gateway.http, key).post(path)  # an administrator
    await analyst.decide(STOLEN[0].alert_id)
    await pool.execute("UPDATE case_decisions SET decided_at = decided_at - interval '15 minutes'")
    response = await analyst.call("POST", path)
    assert (response.status_code, "15 minutes" in response.json()["detail"]) == (409, True)
    await analyst.decide(STOLEN[0].alert_id, "legitimate")  # what is too late to undo can be decided again
    assert [label[2] for label in await labels(analyst)] == [True, False, True, False]


async def test_a_chargeback_in_between_stays(analyst: Analyst, payments: Payments) -> None:
    await payments.store(STOLEN[0])
    await analyst.decide(STOLEN[0].alert_id, "legitimate")
    await analyst.post("/v1/feedback", {"transaction_id": "stolen-0", "fraud": True}, 201)
    await analyst.post(f"/v1/investigations/{STOLEN[0].alert_id}/decision/undo")
    assert await labels(analyst) == [("stolen-0", 0, False, "analyst"), ("stolen-0", 1, True, "chargeback")]


async def test_a_decision_goes_on_from_what_the_topic_said(analyst: Analyst, payments: Payments, pool: Any) -> None:
    await payments.store(STOLEN[0])
    known = Label(transaction_id="stolen-0", fraud=True, known_at=AT, source="bank", revision=7)
    await LabelRepository(pool).take([known], 0)
    await analyst.decide(STOLEN[0].alert_id, "legitimate")
    await analyst.post(f"/v1/investigations/{STOLEN[0].alert_id}/decision/undo")
    assert await labels(analyst) == [
        ("stolen-0", 7, True, "bank"),
        ("stolen-0", 8, False, "analyst"),
        ("stolen-0", 9, True, "analyst-undo"),
    ]


async def test_what_joined_meanwhile_is_not_decided_unseen(analyst: Analyst, payments: Payments) -> None:
    await payments.store(*STOLEN[:2])
    case_id = await case_of(analyst, STOLEN[0])
    read = await analyst.call("GET", f"/v1/investigations/{case_id}")
    await payments.store(STOLEN[2])
    body = {"verdict": "confirmed_fraud", "reason": "why"}
    late = await analyst.call("POST", f"/v1/investigations/{case_id}/decision", body, if_match=read.headers["etag"])
    assert late.status_code == 412
    await analyst.decide(case_id)
    await payments.store(Payment("stolen-3", minutes=4))
    assert await statuses(analyst) == {"RESOLVED": 3, "OPEN": 1}
    assert (await analyst.get(f"/v1/cases/{case_id}"))["status"] == "OPEN"


async def test_of_many_verdicts_at_once_each_has_its_place(analyst: Analyst, payments: Payments) -> None:
    """Ten decisions of one case at once: one after the other, each with the next revision."""
    await payments.store(*STOLEN)
    case_id = await case_of(analyst, STOLEN[0])
    verdicts = ["confirmed_fraud", "legitimate"] * 5
    await asyncio.gather(*(analyst.decide(case_id, verdict) for verdict in verdicts))
    found = await labels(analyst)
    for payment in STOLEN:
        assert [label[1] for label in found if label[0] == payment.name] == list(range(10))
    assert len(await analyst.listed()) == 3


async def test_notes_are_kept_and_told(analyst: Analyst, payments: Payments) -> None:
    await payments.store(*STOLEN)
    case_id = await case_of(analyst, STOLEN[0])
    text = "Called the customer.\nShe was in Nairobi. 💳"
    await analyst.post(f"/v1/investigations/{case_id}/notes", {"text": text}, 201)
    await analyst.post(f"/v1/investigations/{STOLEN[2].alert_id}/notes", {"text": "this one, too"}, 201)
    found = await analyst.get(f"/v1/investigations/{case_id}")
    assert [note["text"] for note in found["notes"]] == ["this one, too", text]
    assert [note["alert_id"] for note in found["notes"]] == [STOLEN[2].alert_id, None]
    assert [event["kind"] for event in found["timeline"]][-2:] == ["note", "note"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("decision", {"verdict": "guilty", "reason": "why"}),
        ("decision", {"verdict": "legitimate"}),
        ("decision", {"verdict": "legitimate", "reason": " \n"}),
        ("decision", {"verdict": "legitimate", "reason": "a\u0000b"}),
        ("decision", {"verdict": "legitimate", "reason": "x" * 4_001}),
        ("decision", {"verdict": "legitimate", "reason": "why", "case": 1}),
        ("notes", {"text": ""}),
        ("notes", {"text": "\ud800"}),
        ("notes", {}),
    ],
)
async def test_bodies_that_cannot_be(analyst: Analyst, payments: Payments, path: str, body: Any) -> None:
    await payments.store(STOLEN[0])
    response = await analyst.call("POST", f"/v1/investigations/{STOLEN[0].alert_id}/{path}", body)
    assert response.status_code == 422, response.text


async def test_nothing_is_there_for_strangers_and_unknown_ids(
    gateway: RunningGateway, make_key: Any, other_client: int, analyst: Analyst, payments: Payments
) -> None:
    await payments.store(*STOLEN)
    case_id = await case_of(analyst, STOLEN[0])
    stranger = Analyst(gateway.http, await make_key(other_client))
    for caller, subjects in ((stranger, (STOLEN[0].alert_id, case_id)), (analyst, (str(uuid4()),))):
        for subject in subjects:
            path = f"/v1/investigations/{subject}"
            body = {"verdict": "legitimate", "reason": "why"}
            assert (await caller.call("GET", path)).status_code == 404
            assert (await caller.call("POST", f"{path}/decision", body)).status_code == 404
            assert (await caller.call("POST", f"{path}/decision/undo")).status_code == 404
            assert (await caller.call("POST", f"{path}/notes", {"text": "hello"})).status_code == 404
    assert await statuses(analyst) == {"OPEN": 3}
