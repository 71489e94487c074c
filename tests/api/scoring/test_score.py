"""`POST /v1/score` through HTTP on the real stores: answers, repeats, concurrency, dry runs."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from people import kind_of, register
from running_gateway import RunningGateway
from scoring_world import Caller, payment, state_of, until

from api.accounts.tiers import TIERS
from settings import Settings


async def test_six_fields_get_a_decision_with_reasons(caller: Caller) -> None:
    body = payment()
    answer = await caller.decided(body)
    assert answer["transaction_id"] == body["transaction_id"]
    assert 0 <= answer["risk_score"] <= 100
    assert answer["risk_level"] in ("LOW", "MEDIUM", "HIGH", "CRITICAL")
    assert {"velocity", "amount_anomaly", "device_new", "location_change"} <= answer["signals"].keys()
    assert answer["reasons"]
    assert all(reason["text"] for reason in answer["reasons"])
    assert answer["model_version"] == "2026-01-01-small"
    assert not answer["degraded"]
    assert not answer["missing"]
    assert not answer["repeated"]
    assert answer["processing_time_ms"] > 0


async def test_the_stored_decision_is_the_answer(caller: Caller) -> None:
    body = payment(note="kept")
    answer = await caller.decided(body)
    stored = (await caller.get(f"/v1/decisions/{body['transaction_id']}")).json()
    for field in ("risk_score", "risk_level", "recommendation", "signals", "reasons", "probability", "policy_version"):
        assert stored[field] == answer[field]
    assert stored["position"] == {"source": -1, "offset": 1}
    assert stored["features"]["amount"] == 12.5
    received = (await caller.get(f"/v1/transactions/{body['transaction_id']}")).json()["received"]
    assert received == {"client_id": 1, **body}


async def test_a_hundred_repeats_have_one_effect(caller: Caller, scoring: Settings) -> None:
    body = payment()
    answers = await asyncio.gather(*(caller.decided(body) for _ in range(100)))
    plain = [{k: v for k, v in a.items() if k not in ("processing_time_ms", "repeated")} for a in answers]
    assert all(answer == plain[0] for answer in plain)
    assert sum(not answer["repeated"] for answer in answers) == 1
    await caller.decided(payment(phone_number=body["phone_number"], transaction_id="after"))
    assert (await caller.features("after"))["account_count_24h"] == 1
    async with state_of(scoring) as (_, _, pool):
        assert await pool.fetchval("SELECT count(*) FROM decided") == 2


async def test_fifty_calls_for_one_account_count_zero_to_forty_nine(caller: Caller) -> None:
    bodies = [payment(phone_number="+254700000001", timestamp=NOW) for _ in range(50)]
    await asyncio.gather(*(caller.decided(body) for body in bodies))
    counts = [(await caller.features(body["transaction_id"]))["account_count_24h"] for body in bodies]
    assert sorted(counts) == list(range(50))


async def test_calls_leave_nothing_behind(caller: Caller, scoring: Settings) -> None:
    await asyncio.gather(*(caller.decided(payment()) for _ in range(20)))
    async with state_of(scoring) as (state, _, _):
        address = await state.address()

        async def journal_is_empty() -> bool:
            return not await state.journal(address)

        await until(journal_is_empty, "journal entries are left")


NOW = datetime.now(UTC).isoformat()  # one moment: an earlier payment does not count a later one, whoever came first
OTHERS: tuple[dict[str, object], ...] = (
    {"amount": 12.51},
    {"device_id": "another"},
    {"location": None},
    {"note": "more"},
    {"kind": "refund"},
)


async def test_another_body_under_the_same_id_is_refused(caller: Caller) -> None:
    body = payment()
    await caller.decided(body)
    for change in OTHERS:
        again = {name: value for name, value in {**body, **change}.items() if value is not None}
        answer = await caller.score(again)
        assert answer.status_code == 422, change
        assert answer.json()["type"] == "urn:riskstream:problem:id-reused"
    assert (await caller.decided(body))["repeated"]


async def test_the_same_meaning_in_other_bytes_is_a_repeat(caller: Caller) -> None:
    body = payment(amount=10, timestamp="2026-01-05T12:00:00Z")
    await caller.decided(body)
    for again in (
        {**body, "amount": 10.0, "timestamp": "2026-01-05T15:00:00+03:00"},
        dict(reversed(body.items())),
        {**body, "client_id": 1, "dry_run": False},
    ):
        assert (await caller.decided(again))["repeated"]


UNREADABLE = (b"1e999", b"9" * 5_000, b'"\xff"')  # what has no value here, in a field that is none of ours


@pytest.mark.parametrize("value", UNREADABLE, ids=("number", "digits", "text"))
async def test_a_field_that_cannot_be_read_leaves_no_call_without_answer(
    gateway: RunningGateway, key: str, value: bytes
) -> None:
    head = json.dumps(payment()).encode()[:-1] + b', "odd": '
    answers = [
        await gateway.http.post("/v1/score", content=head + value + tail, headers={"X-API-Key": key})
        for tail in (b"}", b"}", b" }")
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 422]
    assert answers[1].json()["repeated"]
    assert answers[2].json()["type"] == "urn:riskstream:problem:id-reused"


async def test_what_is_nested_deeply_is_shown_as_it_came(gateway: RunningGateway, key: str) -> None:
    body = payment()
    raw = json.dumps(body)[:-1] + ', "odd": ' + "[" * 500 + "]" * 500 + "}"
    answer = await gateway.http.post("/v1/score", content=raw, headers={"X-API-Key": key})
    assert answer.status_code == 200
    stored = await gateway.http.get(f"/v1/transactions/{body['transaction_id']}", headers={"X-API-Key": key})
    assert stored.status_code == 200
    assert stored.json()["received"].endswith(raw[1:])


async def test_a_used_up_quota_keeps_no_decision_from_its_caller(gateway: RunningGateway, pool) -> None:
    admin = await register(gateway, "starter")
    body = payment()
    first = await admin.call("POST", "/v1/score", body)
    assert first.status_code == 200
    hour_ms = int(datetime.now(UTC).timestamp()) // 3600 * 3_600_000
    await pool.execute(
        "INSERT INTO usage_deltas (client_id, period_ms, decisions) VALUES ($1, $2, $3)",
        admin.tokens["client_id"],
        hour_ms,
        TIERS["starter"].quota,
    )
    gateway.parts.accounts.quotas._known.clear()  # as when FRESH_S are over
    assert kind_of(await admin.call("POST", "/v1/score", payment())) == (429, "quota-exceeded")
    again = await admin.call("POST", "/v1/score", body)
    assert again.status_code == 200
    assert again.json()["repeated"]
    assert again.json()["risk_score"] == first.json()["risk_score"]
    assert kind_of(await admin.call("POST", "/v1/score", {**body, "amount": 99})) == (422, "id-reused")


async def test_a_dry_run_leaves_no_trace(caller: Caller, scoring: Settings) -> None:
    body = payment(phone_number="+254700000002")
    await caller.decided(payment(phone_number="+254700000002"))
    dry = await caller.decided({**body, "dry_run": True})
    assert dry["dry_run"]
    assert dry["alert_id"] is None
    assert (await caller.get(f"/v1/decisions/{body['transaction_id']}")).status_code == 404
    wet = await caller.decided(body)
    assert not wet["repeated"]
    assert wet["risk_score"] == dry["risk_score"]
    assert (await caller.features(body["transaction_id"]))["account_count_24h"] == 1


async def test_a_dry_run_tells_misspelt_fields_and_unknown_places(caller: Caller) -> None:
    body = payment(devise_id="d1", Merchant_Id="m", colour="red", location="Nairobbi", dry_run=True)
    notes = (await caller.decided(body))["notes"]
    assert len(notes) == 4, notes
    for note, words in zip(
        sorted(notes), ("did you mean merchant_id?", "'colour' is not a field", "device_id?", "Nairobbi"), strict=True
    ):
        assert words in note
    assert (await caller.decided(payment(location="Nairobi, KE", dry_run=True)))["notes"] == []
    assert (await caller.decided(payment(colour="red")))["notes"] == [], "only a dry run looks"
    answer = await caller.batch([payment(colour="red"), payment()], dry_run=True)
    assert [len(item["decision"]["notes"]) for item in answer.json()["items"]] == [1, 0]


UNUSABLE = [
    (b"", 400, "no value"),
    (b"{", 400, ""),
    (b"\xff\xfe", 400, "UTF-8"),
    (b"[]", 422, "object"),
    (b"{}", 422, "transaction_id"),
    (b'{"transaction_id":"a","amount":-1,"timestamp":"2026-01-05T12:00:00Z","account_id":"a"}', 422, "amount"),
    (b'{"transaction_id":"a","amount":1,"timestamp":"2026-01-05T12:00:00","account_id":"a"}', 422, "timestamp"),
    (b'{"transaction_id":"a","amount":1,"timestamp":"2098-01-05T12:00:00Z","account_id":"a"}', 422, "future"),
    (b'{"transaction_id":"a","amount":1,"timestamp":"2026-01-05T12:00:00Z"}', 422, "account_id"),
    (b'{"transaction_id":"a\\u0000","amount":1,"timestamp":"2026-01-05T12:00:00Z","account_id":"a"}', 422, "control"),
    (
        b'{"transaction_id":"a","amount":1,"timestamp":"2026-01-05T12:00:00Z","account_id":"a","client_id":7}',
        422,
        "client_id",
    ),
    (
        b'{"transaction_id":"a","amount":1,"timestamp":"2026-01-05T12:00:00Z","account_id":"a","dry_run":"yes"}',
        422,
        "dry_run",
    ),
    (
        b'{"transaction_id":"a","amount":1,"timestamp":"2026-01-05T12:00:00Z","account_id":"a","currency":"XTS"}',
        422,
        "currency",
    ),
]


async def test_what_cannot_be_scored_is_a_problem(gateway: RunningGateway, caller: Caller) -> None:
    headers = {**caller.headers, "Content-Type": "application/json"}
    for body, status, where in UNUSABLE:
        answer = await gateway.http.post("/v1/score", content=body, headers=headers)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert where in answer.json()["detail"]


async def test_other_media_types_are_refused(gateway: RunningGateway, caller: Caller) -> None:
    answer = await gateway.http.post(
        "/v1/score", content=b"a=1", headers={**caller.headers, "Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 415


async def test_each_client_has_its_own_ids(
    gateway: RunningGateway, caller: Caller, make_key: Callable[..., Awaitable[str]], other_client: int
) -> None:
    body = payment()
    await caller.decided(body)
    other = Caller(gateway.http, await make_key(other_client))
    assert (await other.get(f"/v1/decisions/{body['transaction_id']}")).status_code == 404
    assert not (await other.decided({**body, "amount": 99.0}))["repeated"]
    assert (await other.features(body["transaction_id"]))["account_count_24h"] == 0


async def test_scoring_needs_its_scope(gateway: RunningGateway, make_key: Callable[..., Awaitable[str]]) -> None:
    reader = Caller(gateway.http, await make_key(scopes=("read",)))
    assert (await reader.score(payment())).status_code == 403
    assert (await reader.batch([payment()])).status_code == 403
    assert (await Caller(gateway.http, "rsk_nobody").score(payment())).status_code == 401


async def test_the_short_way_is_framed_and_counted_like_any_other(caller: Caller, gateway: RunningGateway) -> None:
    answer = await caller.score(payment())
    assert answer.headers["x-request-id"]
    assert answer.headers["ratelimit"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    refused = await caller.score({"amount": 1})
    assert kind_of(refused) == (422, "invalid-request")
    assert refused.headers["content-type"].startswith("application/problem+json")
    assert kind_of(await gateway.http.post("/v1/score", json=payment())) == (401, "not-authenticated")
    assert (await gateway.http.get("/v1/score")).status_code == 405
    metrics = (await gateway.http.get("/metrics")).text
    assert 'route="/v1/score",status="200"' in metrics
    assert 'route="/v1/score",status="422"' in metrics
