"""The Python client against the real gateway: calls that survive its restarts, alerts that are decided, the feed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest
from alert_maker import AlertMaker
from people import PASSWORD, register
from running_gateway import NOWHERE, RunningGateway, running, settings_for
from wire import wire_to

from contracts.errors import SettingsError
from riskstream_client import (
    AlertStatus,
    Client,
    Feed,
    FeedAlert,
    FeedFilter,
    FeedGap,
    FeedRefused,
    ProblemError,
    RiskLevel,
    StoreUnavailable,
    Verdict,
    WorkedAlert,
)
from riskstream_client.answers import Tokens
from riskstream_client.calls import Calls
from riskstream_client.credentials import SignedIn


@asynccontextmanager
async def client_of(gateway: RunningGateway, key: str) -> AsyncIterator[Client]:
    async with Client(f"http://{gateway.address}", key) as client:
        yield client


async def take(feed: Feed, count: int) -> list[FeedAlert | FeedGap]:
    """The next so many events."""
    found: list[FeedAlert | FeedGap] = []
    async with asyncio.timeout(30), aclosing(feed.__aiter__()) as events:
        async for event in events:
            found.append(event)
            if len(found) >= count:
                break
    return found


async def test_alerts_are_listed_claimed_and_decided(gateway: RunningGateway, alerts: AlertMaker, key: str) -> None:
    stored = await alerts.store(120)
    async with client_of(gateway, key) as client:
        listed = [alert async for alert in client.alerts(severity=[RiskLevel.CRITICAL])]
        assert [alert.sequence for alert in listed] == list(range(120, 0, -1))
        assert [alert async for alert in client.alerts(score_min=99)] == []
        claimed = await client.claim_next()
        assert isinstance(claimed, WorkedAlert)
        assert claimed.assignee is not None
        assert await client.alert(claimed.alert_id) == claimed
        decision = await client.decide(claimed.alert_id, Verdict.LEGITIMATE, "the customer was called")
        assert (decision.alert_id, decision.verdict) == (claimed.alert_id, Verdict.LEGITIMATE)
        other = next(alert for alert in listed if alert.alert_id != claimed.alert_id)
        moved = await client.set_status(other, AlertStatus.IN_REVIEW)
        assert moved.status == AlertStatus.IN_REVIEW
        with pytest.raises(ProblemError) as refused:
            await client.set_status(other, AlertStatus.DISMISSED)
        assert refused.value.kind == "changed-meanwhile"
    assert len(stored) == 120


async def test_a_refusal_says_what_the_gateway_said(gateway: RunningGateway, key: str) -> None:
    async with client_of(gateway, key) as client:
        with pytest.raises(ProblemError, match="no alert") as refused:
            await client.alert("5a0e1c1e-0d8e-5c39-9c3c-4c7f6f2a6d11")
    assert (refused.value.status, refused.value.kind) == (404, "not-found")
    assert len(refused.value.request_id) == 32


async def test_nobody_there() -> None:
    async with Client(f"http://{NOWHERE}", "rsk_any", patience_s=0.1) as client:
        with pytest.raises(StoreUnavailable, match="does not answer"):
            await client.claim_next()


async def test_a_call_outlasts_an_outage(database_url: str, alerts: AlertMaker, key: str) -> None:
    (stored,) = await alerts.store()
    async with (
        wire_to(database_url) as wire,
        running(settings_for(wire.url(database_url))) as gateway,
        client_of(gateway, key) as client,
    ):
        assert (await client.alert(stored.alert_id)).sequence == 1
        await wire.cut()
        waiting = asyncio.create_task(client.decide(stored.alert_id, Verdict.CONFIRMED_FRAUD, "stolen card"))
        assert (await gateway.http.get(f"/v1/alerts/{stored.alert_id}", headers={"X-API-Key": key})).status_code == 503
        await wire.mend()
        async with asyncio.timeout(30):
            assert (await waiting).verdict is Verdict.CONFIRMED_FRAUD


async def test_a_user_signs_in(gateway: RunningGateway) -> None:
    person = await register(gateway)
    async with await Client.signed_in(f"http://{gateway.address}", person.email, PASSWORD) as client:
        assert await client.claim_next() is None
    with pytest.raises(ProblemError) as refused:
        await Client.signed_in(f"http://{gateway.address}", person.email, "not the password")
    assert refused.value.status == 401


async def test_tokens_are_renewed_once_for_all_calls(gateway: RunningGateway) -> None:
    """A second use of the refresh token would end the session."""
    person = await register(gateway)
    credentials = SignedIn(gateway.http, Tokens("ex.pi.red", person.tokens["refresh_token"]))
    calls = Calls(gateway.http, credentials)
    for answer in await asyncio.gather(*(calls.call("GET", "/auth/me") for _ in range(8))):
        assert answer.json()["email"] == person.email
    await gateway.http.post("/auth/logout", headers=credentials.headers())
    with pytest.raises(ProblemError) as refused:
        await calls.call("GET", "/auth/me")
    assert refused.value.status == 401


async def test_the_feed_goes_on_over_restarts(database_url: str, alerts: AlertMaker, key: str) -> None:
    settings, total = settings_for(database_url), 60

    async def publish() -> None:
        for _ in range(total):
            await alerts.store()

    async with running(settings) as first:
        port = int(first.address.rpartition(":")[2])
    feed = Client(f"http://127.0.0.1:{port}", key).feed(resume_from=0)
    reading = asyncio.create_task(take(feed, total))
    publishing = asyncio.create_task(publish())
    while not reading.done():
        async with running(settings, port=port):
            goal = min(total, (feed.position or 0) + 15)
            while not reading.done() and (feed.position or 0) < goal:
                await asyncio.wait([reading], timeout=0.01)
    await publishing
    seen = [event.seq for event in await reading]
    assert seen == list(range(1, total + 1))


async def test_a_feed_says_what_is_gone_and_leaves_out_what_is_not_wanted(
    gateway: RunningGateway, alerts: AlertMaker, pool, key: str
) -> None:
    await alerts.store(8)
    await pool.execute("DELETE FROM alerts WHERE sequence <= 3")
    wanted = FeedFilter(account=["acct-00002", "acct-00005"], severity={RiskLevel.CRITICAL})
    async with client_of(gateway, key) as client:
        feed = client.feed(resume_from=1, wanted=wanted)
        gap, alert = await take(feed, 2)
        assert gap == FeedGap(3, 2)
        assert isinstance(alert, FeedAlert)
        assert (alert.seq, alert.alert.account, feed.position) == (6, "acct-00005", 6)


async def test_a_feed_that_may_not_be_read(gateway: RunningGateway, key: str) -> None:
    async with client_of(gateway, "rsk_wrong") as client:
        with pytest.raises(FeedRefused, match="4401"):
            await take(client.feed(), 1)
    async with client_of(gateway, key) as client:
        with pytest.raises(FeedRefused, match="1008"):
            await take(client.feed(wanted=FeedFilter(score_min=101)), 1)


@pytest.mark.parametrize("address", ["localhost:8000", "", "ftp://127.0.0.1", "http://", "127.0.0.1"])
def test_what_is_no_address_is_refused_at_once(address: str) -> None:
    with pytest.raises(SettingsError, match="is not the address of a gateway"):
        Client(address, "rsk_any")


@pytest.mark.parametrize("key", ["rsk_a\n", "rsk a", "rsk_é", "rsk_\x00"])
def test_what_is_no_key_is_refused_at_once(key: str) -> None:
    with pytest.raises(SettingsError, match="the API key holds"):
        Client("http://127.0.0.1:8000", key)


async def test_an_address_where_nobody_ever_answered_fails_at_once() -> None:
    """Not after the patience that a gateway gets which restarts: the test's own time limit would end it."""
    async with asyncio.timeout(20), Client(f"http://{NOWHERE}", "rsk_any", patience_s=3600) as client:
        with pytest.raises(StoreUnavailable, match=f"{NOWHERE} does not answer: check the address"):
            await client.alert("any")
        with pytest.raises(StoreUnavailable, match="check the address"):
            await anext(client.feed().__aiter__())


async def test_a_wrong_key_is_one_sentence_at_once(gateway: RunningGateway) -> None:
    async with client_of(gateway, "rsk_wrong") as client:
        with pytest.raises(ProblemError) as refused:
            await client.score({"transaction_id": "t"})
        assert refused.value.status == 401
        assert "key" in str(refused.value).lower()
        with pytest.raises(FeedRefused):
            await anext(client.feed().__aiter__())
