"""Signing a browser out ends its session on the server, whichever credential it was signed in with."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from running_gateway import RunningGateway

from api.keys import hash_sign_in_token, new_token
from api.sessions import COOKIE
from storage.sign_in_links import SignInLinkRepository

pytestmark = pytest.mark.asyncio(loop_scope="module")
MakeKey = Callable[..., Awaitable[str]]


def _origin(gateway: RunningGateway) -> dict[str, str]:
    return {"origin": f"http://{gateway.address}"}


async def _by_key(gateway: RunningGateway, key: str) -> str:
    answer = await gateway.http.post("/sign-in", json={"api_key": key}, headers=_origin(gateway))
    assert answer.status_code == 204, answer.text
    gateway.http.cookies.clear()
    return answer.cookies[COOKIE]


async def _by_link(gateway: RunningGateway) -> str:
    token = new_token()
    async with gateway.parts.identity.pool() as pool:
        ends = datetime.now(UTC) + timedelta(hours=1)
        await SignInLinkRepository(pool).create(hash_sign_in_token(gateway.parts.keyring.current, token), 1, ends)
    answer = await gateway.http.get("/sign-in", params={"token": token})
    assert answer.status_code == 303
    gateway.http.cookies.clear()
    return answer.cookies[COOKIE]


@pytest.mark.parametrize("way", ["key", "link"])
async def test_a_copied_cookie_opens_nothing_after_the_sign_out(
    gateway: RunningGateway, make_key: MakeKey, way: str
) -> None:
    cookie = await (_by_key(gateway, await make_key()) if way == "key" else _by_link(gateway))
    headers = {"cookie": f"{COOKIE}={cookie}"}
    assert (await gateway.http.get("/v1/session", headers=headers)).status_code == 200
    assert (await gateway.http.post("/sign-out", headers=headers | _origin(gateway))).status_code == 204
    assert (await gateway.http.get("/v1/session", headers=headers)).status_code == 401
    ticket = await gateway.http.post("/v1/alerts/stream/ticket", headers=headers | _origin(gateway))
    assert ticket.status_code == 401


async def test_other_sessions_of_the_same_key_go_on(gateway: RunningGateway, make_key: MakeKey) -> None:
    key = await make_key()
    one, other = await asyncio.gather(_by_key(gateway, key), _by_key(gateway, key))
    assert (
        await gateway.http.post("/sign-out", headers={"cookie": f"{COOKIE}={one}"} | _origin(gateway))
    ).status_code == 204
    assert (await gateway.http.get("/v1/session", headers={"cookie": f"{COOKIE}={other}"})).status_code == 200
    assert (await gateway.http.get("/v1/session", headers={"X-API-Key": key})).status_code == 200
