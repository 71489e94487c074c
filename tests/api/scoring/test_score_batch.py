"""`POST /v1/score/batch`: order, single answers, accounts that meet themselves, dry runs."""

from datetime import UTC, datetime
from typing import Any

from people import register
from running_gateway import RunningGateway
from scoring_world import Caller, payment

ACCOUNT = "+254700000009"


def of_one_account(count: int) -> list[dict[str, Any]]:
    now = datetime.now(UTC).isoformat()
    return [payment(phone_number=ACCOUNT, timestamp=now) for _ in range(count)]


async def test_items_of_one_account_see_those_before_them(caller: Caller) -> None:
    bodies = of_one_account(60)
    answer = await caller.batch(bodies)
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    assert [item["decision"]["transaction_id"] for item in items] == [body["transaction_id"] for body in bodies]
    assert all(item["problem"] is None and item["decision"]["reasons"] for item in items)
    counts = [(await caller.features(body["transaction_id"]))["account_count_24h"] for body in bodies[::20]]
    assert counts == [0, 20, 40]


async def test_each_item_is_answered_for_itself(caller: Caller) -> None:
    good, other = payment(), payment()
    changed = {**good, "amount": 99.0}
    items = (await caller.batch([good, {"amount": 1}, [], good, changed, other])).json()["items"]
    assert [item["decision"] is not None for item in items] == [True, False, False, True, False, True]
    assert items[0]["decision"]["risk_score"] == items[3]["decision"]["risk_score"]
    assert sum(items[i]["decision"]["repeated"] for i in (0, 3)) == 1
    problems = [items[i]["problem"] for i in (1, 2, 4)]
    assert [problem["status"] for problem in problems] == [422, 422, 422]
    assert problems[2]["type"] == "urn:riskstream:problem:id-reused"


async def test_a_dry_batch_leaves_no_trace(caller: Caller) -> None:
    bodies = of_one_account(3)
    items = (await caller.batch([*bodies, {}], dry_run=True)).json()["items"]
    assert [item["decision"] is not None for item in items] == [True, True, True, False]
    assert all(item["decision"]["dry_run"] for item in items[:3])
    for body in bodies:
        assert (await caller.get(f"/v1/decisions/{body['transaction_id']}")).status_code == 404


async def test_the_largest_batch(caller: Caller) -> None:
    answer = await caller.batch([payment(phone_number=f"+2547111{i % 20:05d}") for i in range(500)])
    assert answer.status_code == 200
    assert all(item["decision"] for item in answer.json()["items"])
    assert (await caller.batch([payment() for _ in range(501)])).status_code == 422


async def test_a_batch_is_as_many_requests_as_it_is_worth(gateway: RunningGateway) -> None:
    admin = await register(gateway, "starter")
    full = {"transactions": [{}] * 500, "dry_run": True}
    answers = [await admin.call("POST", "/v1/score/batch", full) for _ in range(11)]
    assert answers[0].status_code == 200
    assert "r=80;" in answers[0].headers["ratelimit"]
    assert 429 in [answer.status_code for answer in answers]


async def test_what_is_no_batch_is_refused(gateway: RunningGateway, caller: Caller) -> None:
    headers = {**caller.headers, "Content-Type": "application/json"}
    for body in (b"", b"[]", b'{"transactions":[]}', b'{"transactions":[{}],"more":1}', b"{"):
        answer = await gateway.http.post("/v1/score/batch", content=body, headers=headers)
        assert answer.status_code in (400, 422), body
        assert answer.headers["content-type"] == "application/problem+json"
