"""Lists of alerts: every filter, every order, and pages that stay what they are while alerts arrive."""

import random
from datetime import timedelta
from typing import Any

import pytest
from desk_client import AT, Analyst, Payment, Payments
from running_gateway import RunningGateway

MIXED = (
    Payment("a", account="one", minutes=0, score=80, amount=50, merchant="m-1", device="d-1", place="Nairobi"),
    Payment("b", account="two", minutes=5, score=99, amount=20, merchant="m-2", device=None, place="Zürich"),
    Payment("c", account="one", minutes=3, score=91, amount=70, merchant=None, device="d-2", place=None),
    Payment(
        "d", account="three/4", minutes=9, score=85, amount=20, merchant="m-1", device="d-1", sentence="New device"
    ),
)


@pytest.fixture
def analyst(gateway: RunningGateway, key: str) -> Analyst:
    return Analyst(gateway.http, key)


@pytest.fixture
def payments(pool: Any) -> Payments:
    return Payments(pool)


async def names(analyst: Analyst, **query: Any) -> str:
    return "".join(alert["transaction_id"] for alert in await analyst.listed(**query))


async def test_every_filter(analyst: Analyst, payments: Payments) -> None:
    await payments.store(*MIXED)
    case_of_b = (await analyst.get(f"/v1/alerts/{MIXED[1].alert_id}"))["case_id"]
    for query, expected in (
        ({}, "dcba"),
        ({"severity": "HIGH"}, "da"),
        ({"severity": ["HIGH", "CRITICAL"]}, "dcba"),
        ({"status": "OPEN"}, "dcba"),
        ({"status": ["RESOLVED", "DISMISSED"]}, ""),
        ({"score_min": 85, "score_max": 91}, "dc"),
        ({"account": "one"}, "ca"),
        ({"account": "three/4"}, "d"),
        ({"merchant": "m-1"}, "da"),
        ({"device": "d-2"}, "c"),
        ({"case": case_of_b}, "b"),
        ({"from": (AT + timedelta(minutes=3)).isoformat(), "to": (AT + timedelta(minutes=9)).isoformat()}, "cb"),
        ({"q": "zür"}, "b"),
        ({"q": "new DEVICE"}, "d"),
        ({"q": "nairobi one"}, "a"),
        ({"q": "m-1 d-1"}, "da"),
        ({"q": "payments minutes"}, "cba"),
        ({"q": "payments nothing"}, ""),
        ({"q": "'&"}, ""),
        ({"assignee": "none"}, "dcba"),
        ({"assignee": "me"}, ""),
        ({"account": "one", "severity": "CRITICAL", "q": "9"}, "c"),
    ):
        assert await names(analyst, **query) == expected, query


async def test_every_order_both_ways_in_pages_of_any_size(analyst: Analyst, payments: Payments) -> None:
    await payments.store(*MIXED)
    for sort, ascending in (("sequence", "abcd"), ("score", "adcb"), ("time", "acbd"), ("amount", "bdac")):
        for limit in (1, 2, 3, 50):
            assert await names(analyst, sort=sort, order="asc", limit=limit) == ascending
            assert await names(analyst, sort=sort, limit=limit) == ascending[::-1]


async def test_filtered_pages_stay_while_alerts_arrive(analyst: Analyst, payments: Payments) -> None:
    """Everything that was there at the first page comes once, whatever arrives before, between and behind."""
    chance = random.Random(3)

    async def arrive(start: int) -> None:
        await payments.store(
            *(
                Payment(f"p{n}", f"acct-{n}", score=chance.choice([75, 80, 80, 95]), amount=chance.randint(1, 5))
                for n in range(start, start + 8)
            )
        )

    await arrive(0)
    for turn, sort in enumerate(("score", "amount", "sequence", "time"), start=1):
        there = {alert["alert_id"] for alert in await analyst.listed(severity="HIGH")}
        page = await analyst.get("/v1/alerts", severity="HIGH", sort=sort, limit=3)
        seen = [alert["alert_id"] for alert in page["items"]]
        await arrive(turn * 8)
        while page["next_cursor"]:
            page = await analyst.get("/v1/alerts", cursor=page["next_cursor"], limit=3)
            seen += [alert["alert_id"] for alert in page["items"]]
        assert len(seen) == len(set(seen))
        assert there <= set(seen)


async def test_a_cursor_belongs_to_its_list(analyst: Analyst, payments: Payments) -> None:
    await payments.store(*MIXED)
    page = await analyst.get("/v1/alerts", account="one", sort="score", limit=1)
    cursor = page["next_cursor"]
    again = await analyst.get("/v1/alerts", account="one", sort="score", limit=1, cursor=cursor)
    assert [alert["transaction_id"] for alert in again["items"]] == ["a"]
    for other in ("account=two", "sort=time", "order=asc", "status=OPEN"):
        response = await analyst.call("GET", f"/v1/alerts?cursor={cursor}&{other}")
        assert (response.status_code, response.json()["type"]) == (400, "urn:riskstream:problem:invalid-cursor")


async def test_questions_that_cannot_be(analyst: Analyst) -> None:
    for query in (
        "limit=0", "limit=201", "sort=colour", "status=GONE", "score_min=-1", "score_max=nan", "account=", "q=%00",
        "account=a%00b", "from=yesterday", "from=2026-01-01T00:00:00", "case=7", "cursor=zz", "cursor=MTotMQ",
        "account=" + "x" * 129, "cursor=WzIse30sW251bGwsMF1d", "cursor=WzIse30sWzEsMV1d",
    ):  # fmt: skip
        response = await analyst.call("GET", f"/v1/alerts?{query}")
        expected = (400, "invalid-cursor") if query.startswith("cursor") else (422, "invalid-request")
        assert (response.status_code, response.json()["type"].rpartition(":")[2]) == expected, query


async def test_another_client_finds_nothing(
    gateway: RunningGateway, payments: Payments, make_key: Any, other_client: int
) -> None:
    await payments.store(*MIXED)
    stranger = Analyst(gateway.http, await make_key(other_client))
    assert await stranger.listed() == []
    assert await stranger.listed(q="nairobi") == []
    assert await stranger.listed("/v1/cases") == []
    assert (await stranger.call("GET", f"/v1/alerts/{MIXED[0].alert_id}")).status_code == 404
