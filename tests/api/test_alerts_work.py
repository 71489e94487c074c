"""Alerts worked on: statuses and their moves, versions, claims, the queue; and many analysts at once."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from desk_client import Analyst, Payment, Payments
from running_gateway import RunningGateway

from api.cases.claims import CLAIMS_MAX
from api.keys import SCOPE_CASES, SCOPE_READ

ANALYST = (SCOPE_READ, SCOPE_CASES)
ONE = Payment("one")


@pytest.fixture
async def analyst(gateway: RunningGateway, make_key: Any) -> Analyst:
    return Analyst(gateway.http, await make_key(scopes=ANALYST))


@pytest.fixture
async def colleague(gateway: RunningGateway, make_key: Any) -> Analyst:
    return Analyst(gateway.http, await make_key(scopes=ANALYST))


@pytest.fixture
def administrator(gateway: RunningGateway, key: str) -> Analyst:
    return Analyst(gateway.http, key)


@pytest.fixture
async def payments(pool: Any) -> Payments:
    return Payments(pool)


async def move(analyst: Analyst, to: str, **headers: str) -> Any:
    return await analyst.call("PATCH", f"/v1/alerts/{ONE.alert_id}/status", {"status": to}, **headers)


async def test_the_way_of_an_alert(analyst: Analyst, payments: Payments) -> None:
    await payments.store(ONE)
    for version, to in enumerate(("IN_REVIEW", "OPEN", "IN_REVIEW", "RESOLVED", "IN_REVIEW", "DISMISSED"), start=2):
        answer = (await move(analyst, to)).json()
        assert (answer["status"], answer["version"]) == (to, version)
        case = await analyst.get(f"/v1/cases/{answer['case_id']}")
        assert case["status"] == to
    response = await move(analyst, "DISMISSED")
    assert (response.status_code, response.json()["version"]) == (200, version)  # where it is already


async def test_an_illegal_move_names_the_legal_ones(analyst: Analyst, payments: Payments) -> None:
    await payments.store(ONE)
    response = await move(analyst, "RESOLVED")
    problem = response.json()
    assert (response.status_code, problem["type"]) == (409, "urn:riskstream:problem:conflict")
    assert (problem["current"], problem["legal"]) == ("OPEN", ["DISMISSED", "IN_REVIEW"])


async def test_a_version_that_has_passed_is_refused(analyst: Analyst, payments: Payments) -> None:
    await payments.store(ONE)
    read = await analyst.call("GET", f"/v1/alerts/{ONE.alert_id}")
    moved = await move(analyst, "IN_REVIEW", if_match=read.headers["etag"])
    assert (moved.status_code, moved.headers["etag"]) == (200, '"2"')
    late = await move(analyst, "DISMISSED", if_match=read.headers["etag"])
    assert (late.status_code, late.headers["etag"]) == (412, '"2"')
    assert (await move(analyst, "DISMISSED", if_match='W/"7", "2"')).status_code == 200
    assert (await move(analyst, "IN_REVIEW", if_match="*")).status_code == 200


async def test_of_many_with_one_version_one_wins(analyst: Analyst, payments: Payments) -> None:
    await payments.store(ONE)
    answers = await asyncio.gather(
        *(move(analyst, "IN_REVIEW" if n % 2 else "DISMISSED", if_match='"1"') for n in range(20))
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 19}


async def test_claims_are_exclusive_extendable_and_given_back(
    analyst: Analyst, colleague: Analyst, administrator: Analyst, payments: Payments
) -> None:
    await payments.store(ONE, Payment("two"))
    path = f"/v1/alerts/{ONE.alert_id}"
    claimed = await analyst.post(f"{path}/claim")
    again = await analyst.post(f"{path}/claim")
    assert again["claimed_until_ms"] >= claimed["claimed_until_ms"]
    assert [alert["transaction_id"] for alert in await analyst.listed(assignee="me")] == ["two", "one"]
    assert await colleague.listed(assignee="none") == []

    for refused in ("claim", "release"):
        response = await colleague.call("POST", f"{path}/{refused}")
        assert (response.status_code, response.json()["assignee"]) == (409, claimed["assignee"])
    assert (await move(colleague, "IN_REVIEW")).status_code == 409
    assert (await administrator.post(f"{path}/release"))["assignee"] is None
    assert (await colleague.post(f"{path}/claim"))["assignee"] != claimed["assignee"]


async def test_a_claim_ends_by_itself(analyst: Analyst, colleague: Analyst, payments: Payments, pool: Any) -> None:
    await payments.store(ONE)
    first = await analyst.post("/v1/alerts/next")
    assert (await colleague.call("POST", "/v1/alerts/next")).status_code == 204
    await pool.execute("UPDATE cases SET claimed_until = now() - interval '1 second'")
    assert (await analyst.get(f"/v1/alerts/{ONE.alert_id}"))["assignee"] is None
    second = await colleague.post("/v1/alerts/next")
    assert (second["alert_id"], second["assignee"] != first["assignee"]) == (first["alert_id"], True)


async def test_the_queue_is_by_severity_score_and_age(analyst: Analyst, payments: Payments) -> None:
    await payments.store(
        Payment("high", "a", score=80), Payment("older", "b", score=95), Payment("newer", "c", score=95),
        Payment("worst", "d", score=99), Payment("also worst", "d", score=98),
    )  # fmt: skip
    found = [(await analyst.post("/v1/alerts/next"))["transaction_id"] for _ in range(4)]
    assert found == ["worst", "older", "newer", "high"]
    assert (await analyst.call("POST", "/v1/cases/next")).status_code == 204


async def test_fifty_ask_at_once_and_each_gets_another(
    gateway: RunningGateway, make_key: Any, payments: Payments
) -> None:
    await payments.store(*(Payment(f"p{n}", f"acct-{n}", score=75 + n % 20) for n in range(50)))
    analysts = [Analyst(gateway.http, await make_key(scopes=ANALYST)) for _ in range(10)]
    found = await asyncio.gather(*(analysts[n % 10].post("/v1/alerts/next") for n in range(50)))
    assert len({alert["alert_id"] for alert in found}) == 50
    assert set(Counter(alert["assignee"] for alert in found).values()) == {5}
    assert (await analysts[0].call("POST", "/v1/cases/next")).status_code == 204


async def test_nobody_takes_the_whole_queue(analyst: Analyst, payments: Payments, pool: Any) -> None:
    await payments.store(*(Payment(f"p{n}", f"acct-{n}") for n in range(CLAIMS_MAX + 1)))
    first = await analyst.post("/v1/cases/next")
    await pool.execute(
        "UPDATE cases SET assignee = $1, claimed_until = now() + interval '1 hour' WHERE first_sequence <= $2",
        first["assignee"],
        CLAIMS_MAX,
    )
    assert (await analyst.call("POST", "/v1/cases/next")).status_code == 409
    await analyst.post(f"/v1/cases/{first['case_id']}/claim")  # keeping what one has is always possible


async def test_viewers_look_and_do_not_touch(gateway: RunningGateway, make_key: Any, payments: Payments) -> None:
    await payments.store(ONE)
    viewer = Analyst(gateway.http, await make_key(scopes=(SCOPE_READ,)))
    assert len(await viewer.listed()) == len(await viewer.listed("/v1/cases")) == 1
    assert (await move(viewer, "IN_REVIEW")).status_code == 403
    for path in ("/v1/alerts/next", "/v1/cases/next", f"/v1/alerts/{ONE.alert_id}/claim"):
        assert (await viewer.call("POST", path)).status_code == 403


async def test_strangers_find_nothing_to_work_on(
    gateway: RunningGateway, make_key: Any, other_client: int, payments: Payments
) -> None:
    await payments.store(ONE)
    stranger = Analyst(gateway.http, await make_key(other_client))
    assert (await move(stranger, "IN_REVIEW")).status_code == 404
    assert (await stranger.call("POST", f"/v1/alerts/{ONE.alert_id}/claim")).status_code == 404
    assert (await stranger.call("POST", "/v1/alerts/next")).status_code == 204
