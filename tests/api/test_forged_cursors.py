"""A cursor that no list gave is a 400 everywhere; one that might have been gives a page, and never an error of ours."""

import base64
import itertools
import json
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from alert_maker import AlertMaker
from callers import World
from running_gateway import RunningGateway
from test_poisoned_rows import lists

ID = str(uuid4())
FAR_PAST, FAR_FUTURE = "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"
VALUES: list[Any] = [
    None, -(2**63), -1, 0, 1, 2**31 - 1, 2**31, 2**53, 2**63 - 1, 1.5, -1e308, "", "x", "\x00", "a\ud800", ID,
    FAR_PAST, FAR_FUTURE, "2026-01-01T00:00:00Z", "2026-01-01",
]  # fmt: skip
QUESTIONS: list[Any] = [
    {"cursor": "x"}, {"limit": 10**9}, {"from": FAR_PAST}, {"to": FAR_FUTURE}, {"from": "x"}, {"sort": "x"},
    {"account": "\x00"}, {"account": "\ud800"}, {"level": "HIGH"}, {"min_amount": 1e400}, {"q": "\x00"},
    {"unknown": {}},
]  # fmt: skip


def packed(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def forged(question: Any, key: Any, version: Any = 2) -> str:
    return packed(json.dumps([version, question, key]).encode())


NEVER_GIVEN = [
    "", " ", "nonsense", "ü", "%00", "=" * 8, "A" * 5, "A" * 8_193, packed(b""), packed(b"\xff\xfe"), packed(b"1:0"),
    packed(b"1:-5"), packed(b"1:9223372036854775808"), packed("1:٥".encode()), packed(b"1:5 "), packed(b"2:5"),
    packed(b"{}"), packed(b"null"), packed(b"[2]"), packed(b"[2,{}]"), packed(b'[2,{},[1],"more"'),
    packed(b"[" * 5_000), packed(b'[2,{"a":' + b"[" * 2_500),
    forged([], [1]), forged(None, [1]), forged({}, None), forged({}, {}), forged({}, "x"), forged({}, [[1]]),
    forged({}, [{}]), forged({}, [True]), forged({}, [float("nan")]), forged({}, [2**64]), forged({}, [10**400]),
    forged({}, []), forged({}, [1, 1, 1, 1]), forged({}, [1], 1), forged({}, [1], 3), forged({}, [1], "2"),
    forged({}, [1.0]), forged({}, ["1"]), forged({}, [0]), forged({}, [-1]), forged({}, [None]),
    forged({}, [FAR_PAST, "no id"]), forged({}, ["2026-13-01T00:00:00Z", ID]), forged({}, ["2026-01-01T00:00:00", ID]),
    forged({}, [FAR_FUTURE, ID]), forged({}, [FAR_PAST, ID]), forged({}, ["x", "x"]), forged({}, ["\x00", "\x00"]),
    forged({}, [1, "\x00"]), forged({}, [1, "a\ud800"]), forged({}, [10**30, "x"]), forged({}, [-1, -1]),
]  # fmt: skip


@pytest.fixture
async def world(gateway: RunningGateway, pool: "asyncpg.Pool[asyncpg.Record]", alerts: AlertMaker) -> World:
    return World(gateway, pool, alerts)


async def test_a_forged_cursor_is_a_400_of_every_list(gateway: RunningGateway, world: World) -> None:
    tenant = await world.tenant(uuid4().hex)
    headers = await world.headers(tenant.client_id, "admin")
    found = await lists(gateway)
    assert len(found) >= 16
    wrong = []
    for path, cursor in itertools.product(found, NEVER_GIVEN):
        answer = await gateway.http.get(path.format(**tenant.known), params={"cursor": cursor}, headers=headers)
        if answer.status_code != 400 or answer.json()["type"] != "urn:riskstream:problem:invalid-cursor":
            wrong.append((path, cursor[:80], answer.status_code))
    assert not wrong


async def test_whatever_a_cursor_holds_no_list_fails(gateway: RunningGateway, world: World) -> None:
    tenant = await world.tenant(uuid4().hex)
    headers = await world.headers(tenant.client_id, "admin")
    keys: list[list[Any]] = [[value] for value in VALUES]
    keys += [[*pair] for pair in itertools.product([None, 0, 2**31, 2**63 - 1, "x", FAR_PAST, "\x00"], VALUES)]
    keys += [
        [at, ident, number]
        for at in (1, 2**63 - 1, "x")
        for ident in ("x", "\x00", 1)
        for number in (0, 2**31, 2**63 - 1)
    ]
    cursors = [forged({}, key) for key in keys] + [forged(each, [1]) for each in QUESTIONS]
    wrong = []
    for path, cursor in itertools.product(await lists(gateway), cursors):
        answer = await gateway.http.get(path.format(**tenant.known), params={"cursor": cursor}, headers=headers)
        if answer.status_code not in (200, 400):
            wrong.append((path, base64.urlsafe_b64decode(cursor + "=="), answer.status_code))
    assert not wrong


async def test_the_document_says_that_a_list_can_refuse_its_cursor(gateway: RunningGateway) -> None:
    document = (await gateway.http.get("/openapi.json")).json()
    for path in await lists(gateway):
        assert "400" in document["paths"][path]["get"]["responses"], path
