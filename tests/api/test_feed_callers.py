"""Who may watch the feed, how long, and whose: by every kind of caller, until its standing ends."""

import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from alert_maker import AlertMaker
from callers import CALLERS, SCOPES, World
from feed_client import feed, opened
from people import Person, register
from running_gateway import RunningGateway, running, settings_for
from wire import wire_to

from api.accounts.access_tokens import AccessTokens
from api.feed.limits import FeedLimits

WATCHFUL = FeedLimits(poll_s=0.02, recheck_s=0.02)
REFUSED: tuple[list[int], int] = ([], 4401)


@pytest_asyncio.fixture
async def world(gateway: RunningGateway, pool: "asyncpg.Pool[asyncpg.Record]", alerts: AlertMaker) -> World:
    return World(gateway, pool, alerts)


async def test_who_may_read_watches_the_own_alerts_only(
    gateway: RunningGateway, world: World, alerts: AlertMaker
) -> None:
    ours, theirs = await world.tenant(uuid4().hex), await world.tenant(uuid4().hex)
    for caller in CALLERS:
        headers = await world.headers(ours.client_id, caller)
        ticket = await gateway.http.post("/v1/alerts/stream/ticket", headers=headers)
        if "read" not in SCOPES[caller]:
            assert ticket.status_code in (401, 403)
            async with opened(gateway.address, headers=headers) as client:
                await client.socket.send('{"type":"hello","resume_from":0}')
                assert await client.until_closed() == REFUSED
            continue
        wanted = {"account": [theirs.known["account"]]}
        async with (
            feed(gateway.address, headers=headers, resume_from=0) as by_header,
            feed(gateway.address, ticket=ticket.json()["ticket"], resume_from=0) as by_ticket,
            feed(gateway.address, headers=headers, resume_from=0, wanted=wanted) as nothing,
        ):
            assert await by_header.numbers(3) == await by_ticket.numbers(3) == [1, 2, 3]
            await alerts.store(1, client_id=theirs.client_id)
            (mine,) = await alerts.store(1, client_id=ours.client_id)
            message = await by_header.message()
            assert (message["seq"], message["alert"]["alert_id"]) == (4, mine.alert_id)
            assert nothing.seq == 0
        ours = await world.tenant(uuid4().hex)  # its numbers begin anew


End = Callable[[RunningGateway, Person, Person], Awaitable[object]]


async def sign_out(_: RunningGateway, __: Person, watcher: Person) -> None:
    assert (await watcher.call("POST", "/auth/logout")).status_code == 204


async def deactivate(_: RunningGateway, admin: Person, watcher: Person) -> None:
    user_id = (await watcher.me())["user_id"]
    assert (await admin.call("PATCH", f"/v1/users/{user_id}", {"active": False})).status_code == 200


@pytest.mark.parametrize("end", [sign_out, deactivate])
async def test_a_feed_ends_with_its_users_session(database_url: str, end: End) -> None:
    async with running(settings_for(database_url), WATCHFUL) as gateway:
        admin = await register(gateway)
        watcher = await admin.invite("viewer")
        ticket = (await watcher.call("POST", "/v1/alerts/stream/ticket")).json()["ticket"]
        async with (
            feed(gateway.address, headers=admin.headers) as other,
            feed(gateway.address, headers=watcher.headers) as by_token,
            feed(gateway.address, ticket=ticket) as by_ticket,
        ):
            await end(gateway, admin, watcher)
            assert await by_token.until_closed() == REFUSED
            assert await by_ticket.until_closed() == REFUSED
            assert await other.socket.ping() is not None


async def test_a_feed_ends_when_its_token_does(database_url: str) -> None:
    """Also while Postgres is away: the clock needs no database."""
    async with wire_to(database_url) as wire, running(settings_for(wire.url(database_url)), WATCHFUL) as gateway:
        admin = await register(gateway)
        caller = await gateway.parts.authenticator.by_token(admin.tokens["access_token"])
        assert caller is not None
        assert caller.user_id is not None
        assert caller.session_id is not None
        early = AccessTokens(gateway.parts.keyring, lambda: time.time() - 15 * 60 + 3)
        token = early.issue(caller.user_id, caller.session_id)  # has three seconds left
        async with (
            feed(gateway.address, headers={"Authorization": f"Bearer {token}"}) as short,
            feed(gateway.address, headers=admin.headers) as long,
        ):
            await wire.cut()
            assert await short.until_closed() == REFUSED
            assert await long.socket.ping() is not None
