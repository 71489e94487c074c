"""The feed: each alert once and in order, whoever connects, leaves, or stops reading."""

import asyncio
import random
import socket
from collections.abc import Awaitable, Callable

from alert_maker import AlertMaker
from feed_client import feed, opened
from running_gateway import QUICK, SECRET, RunningGateway, running, settings_for
from wire import wire_to

from api.feed.channel import Channel, Listener
from api.feed.limits import FeedLimits
from api.feed.tickets import Tickets
from api.keyring import Keyring
from api.keys import hash_key
from api.sessions import COOKIE, Sessions
from storage.api_keys import ApiKeyRepository

MakeKey = Callable[..., Awaitable[str]]


async def test_new_alerts_arrive_in_order(gateway: RunningGateway, alerts: AlertMaker, key: str) -> None:
    await alerts.store(3)
    async with feed(gateway.address, key) as client:
        assert client.seq == 3
        await alerts.store(2)
        await alerts.store(4)
        assert await client.numbers(6) == [4, 5, 6, 7, 8, 9]


async def test_a_replay_and_what_is_new_have_no_seam(gateway: RunningGateway, alerts: AlertMaker, key: str) -> None:
    last = len(await alerts.store(500))
    for resume_from in (0, 1, 450, 499, 500):
        async with feed(gateway.address, key, resume_from=resume_from) as client:
            assert client.seq == resume_from
            last += len(await alerts.store(3))
            assert await client.numbers(last - resume_from) == list(range(resume_from + 1, last + 1))


async def test_a_number_from_another_history_starts_at_the_end(
    gateway: RunningGateway, alerts: AlertMaker, key: str
) -> None:
    await alerts.store(2)
    async with feed(gateway.address, key, resume_from=99) as client:
        assert client.seq == 2
        await alerts.store()
        assert await client.numbers(1) == [3]


async def test_a_client_that_comes_and_goes_gets_each_alert_once(
    gateway: RunningGateway, alerts: AlertMaker, key: str
) -> None:
    chance = random.Random(7)

    async def publish() -> None:
        for _ in range(60):
            await alerts.store(chance.randint(1, 5))

    publishing = asyncio.create_task(publish())
    seen: list[int] = []
    while not publishing.done():
        async with feed(gateway.address, key, resume_from=len(seen)) as client:
            seen += await client.numbers(min(chance.randint(1, 30), await remaining(gateway, seen)))
    await publishing
    async with feed(gateway.address, key, resume_from=len(seen)) as client:
        seen += await client.numbers(await remaining(gateway, seen))
    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) == await gateway.parts.last_sequence(1)


async def remaining(gateway: RunningGateway, seen: list[int]) -> int:
    return await gateway.parts.last_sequence(1) - len(seen)


async def test_clients_meet_only_their_own_alerts(
    gateway: RunningGateway,
    alerts: AlertMaker,
    make_key,
    other_client: int,
) -> None:
    ours, theirs = await make_key(1), await make_key(other_client)
    async with feed(gateway.address, ours) as one, feed(gateway.address, theirs) as other:
        await alerts.store(3, client_id=1)
        await alerts.store(2, client_id=other_client)
        for client, client_id, count in ((one, 1, 3), (other, other_client, 2)):
            messages = [await client.message() for _ in range(count)]
            assert {message["alert"]["client_id"] for message in messages} == {client_id}
            assert [message["seq"] for message in messages] == list(range(1, count + 1))


async def test_a_socket_that_stops_reading_is_closed_and_harms_nobody(
    database_url: str, alerts: AlertMaker, key: str
) -> None:
    count, limits = 120, FeedLimits(poll_s=0.02, backlog_max=30, chunk=10)
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    async with running(settings_for(database_url), limits) as gateway:
        host, port = gateway.address.split(":")
        narrow.setblocking(False)
        await asyncio.get_running_loop().sock_connect(narrow, (host, int(port)))
        async with (
            feed(gateway.address, key, sock=narrow, max_queue=1) as stuck,
            feed(gateway.address, key) as reading,
        ):
            for first in range(1, count + 1, 10):
                await alerts.store(10, padding=8_000)
                assert await reading.numbers(10) == list(range(first, first + 10))
            got, code = await stuck.until_closed()
        assert code == 4409
        assert got == list(range(1, len(got) + 1))
        assert len(got) < count
        async with feed(gateway.address, key, resume_from=len(got)) as again:
            assert await again.numbers(count - len(got)) == list(range(len(got) + 1, count + 1))


async def test_a_send_that_takes_too_long_is_too_slow(database_url: str, alerts: AlertMaker, key: str) -> None:
    await alerts.store(120, padding=8_000)
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.setblocking(False)
    async with running(settings_for(database_url), FeedLimits(send_s=0.3)) as gateway:
        host, port = gateway.address.split(":")
        await asyncio.get_running_loop().sock_connect(narrow, (host, int(port)))
        async with feed(gateway.address, key, resume_from=0, sock=narrow, max_queue=1) as stuck:
            await given_up(gateway)
            got, code = await stuck.until_closed()
        assert code == 4409
        assert got == list(range(1, len(got) + 1))


async def given_up(gateway: RunningGateway) -> None:
    """Returns when the gateway has let go of a socket; until then nothing is read from it."""
    hub, left = gateway.parts.hub, asyncio.Event()
    leave = hub.leave

    def noticed(channel: Channel, listener: Listener) -> None:
        leave(channel, listener)
        left.set()

    hub.leave = noticed  # type: ignore[method-assign]
    async with asyncio.timeout(20):
        await left.wait()


async def test_no_hello(database_url: str, key: str) -> None:
    async with (
        running(settings_for(database_url), FeedLimits(hello_s=0.05)) as gateway,
        opened(gateway.address, key) as client,
    ):
        assert await client.until_closed() == ([], 4408)


async def test_a_first_message_that_is_no_hello(gateway: RunningGateway, key: str) -> None:
    bad_numbers = ('{"type":"hello","resume_from":-1}', '{"type":"hello","resume_from":"1"}')
    for message in ("", "{", "[]", '{"type":"bye"}', *bad_numbers, b"\xff"):
        async with opened(gateway.address, key) as client:
            await client.socket.send(message)
            assert await client.until_closed() == ([], 1008)


async def test_fields_that_are_not_known_are_passed_over(gateway: RunningGateway, key: str) -> None:
    async with opened(gateway.address, key) as client:
        await client.socket.send('{"type":"hello","colour":"blue"}')
        assert await client.message() == {"type": "ready", "seq": 0}


async def test_silence_is_filled_with_heartbeats(database_url: str, key: str) -> None:
    async with (
        running(settings_for(database_url), FeedLimits(heartbeat_s=0.02)) as gateway,
        feed(gateway.address, key) as client,
    ):
        assert [await client.message() for _ in range(3)] == [{"type": "heartbeat", "seq": 0}] * 3


async def test_a_wrong_key_is_refused_before_any_hello(gateway: RunningGateway) -> None:
    for headers in ({"X-API-Key": "rsk_wrong"}, {"Authorization": "Bearer rsk_wrong"}):
        async with opened(gateway.address, headers=headers) as client:
            assert await client.until_closed() == ([], 4401)


async def test_neither_key_nor_ticket(gateway: RunningGateway) -> None:
    async with opened(gateway.address) as client:
        await client.socket.send('{"type":"hello"}')
        assert await client.until_closed() == ([], 4401)


async def test_a_bearer_key(gateway: RunningGateway, key: str) -> None:
    async with feed(gateway.address, headers={"Authorization": f"Bearer {key}"}) as client:
        assert client.seq == 0


async def test_a_cookie_counts_for_our_own_page_only(gateway: RunningGateway) -> None:
    cookie = {"cookie": f"{COOKIE}={Sessions(Keyring(SECRET)).issue(1)}"}
    elsewhere = ({}, {"origin": "https://evil.example"}, {"origin": "null"}, {"origin": "http://127.0.0.1:1"})
    for origin in elsewhere:
        async with opened(gateway.address, headers=cookie | origin) as client:
            await client.socket.send('{"type":"hello"}')
            assert await client.until_closed() == ([], 4401)
    async with feed(gateway.address, headers=cookie | {"origin": f"http://{gateway.address}"}) as client:
        assert client.seq == 0


async def ticket_of(gateway: RunningGateway, key: str) -> str:
    response = await gateway.http.post("/v1/alerts/stream/ticket", headers={"X-API-Key": key})
    ticket: str = response.json()["ticket"]
    return ticket


async def test_a_ticket_opens_one_feed_on_any_gateway(
    gateway: RunningGateway, database_url: str, alerts: AlertMaker, key: str
) -> None:
    await alerts.store(2)
    ticket = await ticket_of(gateway, key)
    async with running(settings_for(database_url)) as another:
        async with feed(another.address, ticket=ticket, resume_from=0) as client:
            assert await client.numbers(2) == [1, 2]
        for each in (gateway, another):
            async with opened(each.address) as client:
                await client.socket.send(f'{{"type":"hello","ticket":"{ticket}"}}')
                assert await client.until_closed() == ([], 4401)


async def test_a_ticket_is_used_once_even_by_many_at_once(gateway: RunningGateway, key: str) -> None:
    ticket = await ticket_of(gateway, key)
    callers = await asyncio.gather(*(gateway.parts.tickets.redeem(ticket) for _ in range(20)))
    assert sum(caller is not None for caller in callers) == 1


async def test_a_ticket_lasts_thirty_seconds(gateway: RunningGateway, key: str) -> None:
    parts, now_s = gateway.parts, [1_800_000_000.0]
    tickets = Tickets(SECRET, parts.identity, parts.authenticator, lambda: now_s[0])
    caller = await parts.authenticator.by_key(key)
    assert caller is not None
    for waited_s, welcome in ((29, True), (31, False)):
        ticket = await tickets.issue(caller)
        now_s[0] += waited_s
        assert (await tickets.redeem(ticket) is not None) == welcome


async def test_a_revoked_key_ends_its_feeds_and_tickets(database_url: str, pool, key: str) -> None:
    limits = FeedLimits(recheck_s=0.02)
    async with running(settings_for(database_url), limits) as gateway:
        ticket = await ticket_of(gateway, key)
        async with feed(gateway.address, key) as client:
            stored = await ApiKeyRepository(pool).find(hash_key(SECRET, key))
            assert stored is not None
            await ApiKeyRepository(pool).revoke(stored.api_key_id)
            assert await client.until_closed() == ([], 4401)
        assert await gateway.parts.tickets.redeem(ticket) is None


async def test_more_sockets_than_allowed(database_url: str, key: str) -> None:
    async with (
        running(settings_for(database_url), FeedLimits(sockets_max=1)) as gateway,
        feed(gateway.address, key),
        opened(gateway.address, key) as second,
    ):
        assert await second.until_closed() == ([], 1013)


async def test_one_client_does_not_take_the_feed_from_the_others(
    database_url: str, make_key: MakeKey, other_client: int
) -> None:
    key, others = await make_key(), await make_key(other_client)
    async with (
        running(settings_for(database_url), FeedLimits(sockets_max=2, client_sockets_max=1)) as gateway,
        feed(gateway.address, key),
        opened(gateway.address, key) as second,
    ):
        await second.socket.send('{"type":"hello"}')
        assert await second.until_closed() == ([], 1013)
        async with feed(gateway.address, others) as welcome:
            assert welcome.seq == 0


async def test_what_clients_say_after_their_hello_changes_nothing(
    gateway: RunningGateway, alerts: AlertMaker, key: str
) -> None:
    async with feed(gateway.address, key) as client:
        for _ in range(50):
            await client.socket.send('{"type":"hello","resume_from":0}')
        await alerts.store(2)
        assert await client.numbers(2) == [1, 2]


async def test_the_feed_outlives_postgres(database_url: str, alerts: AlertMaker, key: str) -> None:
    async with wire_to(database_url) as wire, running(settings_for(wire.url(database_url)), QUICK) as gateway:
        async with feed(gateway.address, key) as client:
            await alerts.store(2)
            assert await client.numbers(2) == [1, 2]
            await wire.cut()
            assert (await gateway.http.get("/readyz")).status_code == 503
            await alerts.store(3)  # by another way: only the gateway has lost its database
            await wire.mend()
            assert await client.numbers(3) == [3, 4, 5]
        assert (await gateway.http.get("/v1/alerts", headers={"X-API-Key": key})).status_code == 200
