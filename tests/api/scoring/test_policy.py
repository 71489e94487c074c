"""`GET/PUT /v1/policy`: versions, conflicts, the audit log, and that the next decision knows it."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import httpx
from running_gateway import RunningGateway
from scoring_world import Caller, payment

STRICT = {"thresholds": {"review": 1, "flag": 2, "decline": 3}, "degraded": {"approve_below": 5, "review_below": 7}}


async def put(http: httpx.AsyncClient, caller: Caller, body: Any, match: str | None) -> httpx.Response:
    headers = {**caller.headers, **({"If-Match": match} if match else {})}
    return await http.put("/v1/policy", json=body, headers=headers)


async def test_a_policy_that_was_never_set_shows_the_defaults(caller: Caller) -> None:
    answer = await caller.get("/v1/policy")
    policy = answer.json()
    assert answer.headers["etag"] == '"0"'
    assert policy["revision"] == 0
    assert policy["thresholds"]["review"] < policy["thresholds"]["flag"] < policy["thresholds"]["decline"]
    assert policy["degraded"] == {"approve_below": 50, "review_below": 1000, "currency": "USD"}
    assert policy["own"]["thresholds"] == {"review": None, "flag": None, "decline": None}
    assert (await caller.decided(payment()))["policy_version"] == policy["policy_version"]


async def test_the_next_decision_is_made_under_the_new_policy(gateway: RunningGateway, caller: Caller) -> None:
    changed = await put(gateway.http, caller, STRICT, '"0"')
    assert changed.status_code == 200, changed.text
    assert changed.headers["etag"] == '"1"'
    assert changed.json()["thresholds"] == {"review": 1, "flag": 2, "decline": 3}
    answer = await caller.decided(payment())
    assert answer["policy_version"] == changed.json()["policy_version"]
    expected = [level for level, least in (("LOW", 0), ("MEDIUM", 1), ("HIGH", 2), ("CRITICAL", 3))
                if answer["risk_score"] >= least]  # fmt: skip
    assert answer["risk_level"] == expected[-1]
    gateway.parts.model.loaded = None
    answers = [(await caller.decided(payment(amount=amount)))["recommendation"] for amount in (4.9, 6.9, 7)]
    assert answers == ["APPROVE", "REVIEW", "DECLINE"]


async def test_two_who_change_it_at_once_do_not_overwrite_each_other(gateway: RunningGateway, caller: Caller) -> None:
    assert (await put(gateway.http, caller, STRICT, None)).status_code == 428
    assert (await put(gateway.http, caller, STRICT, '"1"')).status_code == 412
    assert (await put(gateway.http, caller, STRICT, '"0"')).status_code == 200
    assert (await put(gateway.http, caller, {}, '"0"')).status_code == 412
    back = await put(gateway.http, caller, {}, '"1"')
    assert back.status_code == 200
    assert back.json()["own"]["thresholds"]["flag"] is None


UNFIT: list[Any] = [
    {"thresholds": {"review": 90, "flag": 80}},
    {"thresholds": {"flag": 0}},
    {"thresholds": {"flag": "70"}},
    {"thresholds": {"other": 1}},
    {"degraded": {"approve_below": 10, "review_below": 5}},
    {"degraded": {"approve_below": 5000}},
    {"degraded": {"approve_below": -1}},
    {"degraded": {"review_below": 1e13}},
    {"more": 1},
    [],
]


async def test_what_does_not_fit_is_refused(gateway: RunningGateway, caller: Caller) -> None:
    for body in UNFIT:
        assert (await put(gateway.http, caller, body, '"0"')).status_code == 422, body
    assert (await caller.get("/v1/policy")).json()["revision"] == 0


async def test_a_change_is_audited_and_stays_with_its_client(
    gateway: RunningGateway,
    caller: Caller,
    make_key: Callable[..., Awaitable[str]],
    other_client: int,
    pool: "asyncpg.Pool[asyncpg.Record]",
) -> None:
    await put(gateway.http, caller, STRICT, '"0"')
    entry = await pool.fetchrow("SELECT * FROM audit_log WHERE action = 'policy.changed'")
    assert entry is not None
    assert (entry["client_id"], entry["subject"], entry["actor"]) == (1, "policy", "key:1")
    other = Caller(gateway.http, await make_key(other_client))
    assert (await other.get("/v1/policy")).json()["revision"] == 0
    reader = Caller(gateway.http, await make_key(scopes=("read", "score")))
    assert (await reader.get("/v1/policy")).status_code == 200
    assert (await put(gateway.http, reader, {}, '"1"')).status_code == 403
