"""JSONTestSuite at the gateway: what FastAPI reads, what the scoring reads itself, and the old paths of both."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import httpx
import pytest
from fastapi.routing import APIRoute
from running_gateway import NOWHERE, RunningGateway, settings_for
from scoring_world import payment

from api.app import create_app
from api.json_bodies import JsonRoute
from api.scoring.deadline_route import DeadlineRoute
from settings import Settings
from tests.judges.suites import Verdicts, cases
from tests.judges.test_json_suite import OWN, readings

AT_ONCE = 16  # requests on their way


@pytest.fixture
def scoring(scoring: Settings) -> Settings:
    """Without limits, which would answer most of it."""
    return scoring.model_copy(update={"rate_limit": "1000000/second", "auth_rate_limit": "1000000/second"})


class Body(NamedTuple):
    """Where a case goes: around it stands what makes the rest of the body valid."""

    name: str
    reader: str  # the column of the page's table of open cases; "" where the case is all of a body that wants an object
    path: str
    around: Callable[[], bytes]  # with CASE in it
    accepted: tuple[int, ...]


CASE = b'"CASE"'
STEP = {"detector": "benford", "config": {"extra": "CASE"}}


def _raw(value: Any) -> Callable[[], bytes]:
    return lambda: json.dumps(value).encode()


BODIES = (
    Body(
        "`POST /v1/score`", "field passed over", "/v1/score",
        lambda: json.dumps(payment(extra="CASE")).encode(), (200,),
    ),
    Body(
        "`POST /v1/score/batch`", "field passed over", "/v1/score/batch",
        lambda: json.dumps({"transactions": [payment(extra="CASE")], "dry_run": True}).encode(), (200,),
    ),
    Body("`POST /v1/score`, whole", "", "/v1/score", lambda: CASE, (422,)),
    Body("`POST /v1/score/batch`, whole", "", "/v1/score/batch", lambda: CASE, (422,)),
    Body("`POST /v1/strategies`, whole", "HTTP body", "/v1/strategies", lambda: CASE, (422,)),
    Body(
        "`POST /v1/strategies`, a configuration", "HTTP body", "/v1/strategies",
        _raw({"name": "suite", "detectors": [STEP]}), (422,),
    ),
    Body("`POST /auth/login`, whole", "HTTP body", "/auth/login", lambda: CASE, (422,)),
    Body("`POST /v1/predict`, whole", "HTTP body", "/v1/predict", lambda: CASE, (422,)),
)  # fmt: skip


async def answers(
    gateway: RunningGateway, key: str, body: Body, texts: dict[str, bytes]
) -> dict[str, tuple[httpx.Response, bytes]]:
    """The answer to each text in its place, and the body as it was sent."""
    places = asyncio.Semaphore(AT_ONCE)
    headers = {"X-API-Key": key, "Content-Type": "application/json"}

    async def one(text: bytes) -> tuple[httpx.Response, bytes]:
        sent = body.around().replace(CASE, text)
        async with places:
            return await gateway.http.post(body.path, content=sent, headers=headers), sent

    work: list[Awaitable[tuple[httpx.Response, bytes]]] = [one(text) for text in texts.values()]
    return dict(zip(texts, await asyncio.gather(*work), strict=True))


def is_read(body: Body, answer: httpx.Response) -> bool:
    """As JSON, whatever is thought of what it says."""
    return answer.status_code in body.accepted and "not JSON" not in answer.text


def is_right(body: Body, kind: str, answer: httpx.Response, sent: bytes) -> bool:
    """A refusal is a problem with a sentence; what is no JSON is malformed, unless its first byte is wrong already.

    No body at all is a missing one.
    """
    if not sent:
        return answer.status_code in (400, 422) and bool(answer.json()["detail"])
    if not is_read(body, answer):
        document = answer.json()
        return kind == "n" and answer.status_code in (400, 422) and len(document["detail"].split()) > 2
    return kind == "y" or (not body.reader and answer.status_code == 422)


async def test_json_is_told_from_what_is_not(gateway: RunningGateway, key: str) -> None:
    for body in BODIES:
        texts = {f"{kind} {number}": text for kind in OWN for number, text in enumerate(OWN[kind])}
        for case, (answer, sent) in (await answers(gateway, key, body, texts)).items():
            assert is_right(body, case[0], answer, sent), (body.name, texts[case], answer.text)


async def test_the_suite(gateway: RunningGateway, key: str) -> None:
    texts = cases("json", "*.json")
    for body in BODIES:
        verdicts, opened = Verdicts("JSONTestSuite", body.name), {}
        for case, (answer, sent) in (await answers(gateway, key, body, texts)).items():
            assert answer.status_code < 500, (body.name, case, answer.text)
            if case.startswith("i_"):
                opened[case] = is_read(body, answer)
            else:
                verdicts.judge(case, is_right(body, case[0], answer, sent), answer.text)
        if body.reader:
            documented = readings(body.reader)
            if body.around() != CASE:
                del opened["i_structure_UTF-8_BOM_empty_object"]  # a mark in the midst of a text is none
            assert opened == {case: documented[case] for case in opened}, body.name
        verdicts.check()


async def test_a_scored_payment_is_shown_with_the_fields_that_came(gateway: RunningGateway, key: str) -> None:
    texts = cases("json", "y_*.json")
    for case, (answer, sent) in (await answers(gateway, key, BODIES[0], texts)).items():
        assert answer.status_code == 200, (case, answer.text)
        path = f"/v1/transactions/{json.loads(sent)['transaction_id']}"
        stored = await gateway.http.get(path, headers={"X-API-Key": key})
        assert stored.json()["received"]["extra"] == json.loads(sent)["extra"], case


def test_every_route_with_a_body_reads_it_strictly() -> None:
    """FastAPI's own reader takes NaN for a number."""
    app = create_app(settings_for(f"postgresql://u:p@{NOWHERE}/d"))
    found = [route for router in _routers(app.router) for route in router.routes if isinstance(route, APIRoute)]
    with_body = [route for route in found if route.body_field is not None and "file" not in str(route.body_field)]
    assert len(with_body) > 20
    assert not [route.path for route in with_body if not isinstance(route, JsonRoute | DeadlineRoute)]


def _routers(router: Any) -> list[Any]:
    inner = [found for route in router.routes if (found := getattr(route, "original_router", None)) is not None]
    return [router, *(each for one in inner for each in _routers(one))]
