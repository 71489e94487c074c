"""Filters in the hello, the gap where alerts are gone, and the numbers by which a client resumes."""

import asyncpg
import msgspec
import pytest
from alert_maker import AlertMaker
from feed_client import feed, opened
from hypothesis import given
from hypothesis import strategies as st
from running_gateway import RunningGateway, running, settings_for
from test_feed_channel import alert

from api.feed.limits import FeedLimits
from api.feed.protocol import Filter
from contracts.decision import Alert, RiskLevel

BEATING = FeedLimits(poll_s=0.02, heartbeat_s=0.05)

some_alert = st.builds(
    lambda **changes: msgspec.structs.replace(alert(1), **changes),
    severity=st.sampled_from(RiskLevel),
    risk_score=st.floats(0, 100),
    account=st.sampled_from("ab"),
    merchant_id=st.sampled_from([None, "a", "b"]),
    device_id=st.sampled_from([None, "a", "b"]),
)
some_values = st.none() | st.frozensets(st.sampled_from("abc"), max_size=2)


@given(some_alert, st.none() | st.frozensets(st.sampled_from(RiskLevel)), st.none() | st.floats(0, 100), some_values)
def test_an_alert_passes_if_it_meets_every_condition(
    one: Alert, severity: frozenset[RiskLevel] | None, score_min: float | None, values: frozenset[str] | None
) -> None:
    wanted = Filter(severity=severity, score_min=score_min, account=values, merchant=values, device=values)
    conditions = [
        severity is None or one.severity in severity,
        score_min is None or one.risk_score >= score_min,
        *(values is None or value in values for value in (one.account, one.merchant_id, one.device_id)),
    ]
    assert wanted.passes(one) == all(conditions)


async def test_only_what_passes_is_sent_and_the_rest_is_still_behind_the_client(
    database_url: str, alerts: AlertMaker, key: str
) -> None:
    await alerts.store(300)  # more than a chunk, so that a replay reads twice
    wanted = {"account": ["acct-00004", "acct-00290", "acct-00302"], "severity": ["CRITICAL"], "score_min": 90}
    async with running(settings_for(database_url), BEATING) as gateway:
        async with feed(gateway.address, key, resume_from=0, wanted=wanted) as client:
            assert await client.numbers(2) == [5, 291]
            await alerts.store(5)
            assert await client.numbers(1) == [303]
            while (message := await client.message())["seq"] < 305:
                assert message["type"] == "heartbeat"
        async with feed(gateway.address, key, resume_from=305, wanted=wanted) as again:
            assert await again.message() == {"type": "heartbeat", "seq": 305}


async def test_heartbeats_come_although_traffic_that_is_left_out_never_pauses(
    database_url: str, alerts: AlertMaker, key: str
) -> None:
    limits = FeedLimits(poll_s=0.01, heartbeat_s=0.3)
    async with (
        running(settings_for(database_url), limits) as gateway,
        feed(gateway.address, key, wanted={"account": ["nobody"]}) as client,
    ):
        beats: list[int] = []
        while len(beats) < 2:
            await alerts.store()
            try:
                beats.append((await client.message_within(0.001))["seq"])
            except TimeoutError:
                continue
        assert 0 < beats[0] < beats[1]


@pytest.mark.parametrize(
    "wanted",
    [
        '{"severity":["AWFUL"]}',
        '{"colour":["blue"]}',
        '{"score_min":101}',
        '{"account":"a"}',
        '{"account":[""]}',
        '{"device":[' + ",".join(f'"{number}"' for number in range(51)) + "]}",
    ],
)
async def test_a_filter_that_is_none_ends_the_feed(gateway: RunningGateway, key: str, wanted: str) -> None:
    async with opened(gateway.address, key) as client:
        await client.socket.send(f'{{"type":"hello","filter":{wanted}}}')
        assert await client.until_closed() == ([], 1008)


async def test_alerts_that_are_no_longer_kept_are_a_gap(
    gateway: RunningGateway, alerts: AlertMaker, pool: "asyncpg.Pool[asyncpg.Record]", key: str
) -> None:
    await alerts.store(10)
    await pool.execute("DELETE FROM alerts WHERE sequence <= 6")
    async with feed(gateway.address, key, resume_from=2) as client:
        assert client.seq == 2
        assert await client.message() == {"type": "gap", "seq": 6, "missing_from": 3}
        assert await client.numbers(4) == [7, 8, 9, 10]
    async with feed(gateway.address, key, resume_from=6) as client:
        assert (await client.message())["seq"] == 7


async def test_a_gap_that_reaches_the_end(
    gateway: RunningGateway, alerts: AlertMaker, pool: "asyncpg.Pool[asyncpg.Record]", key: str
) -> None:
    await alerts.store(4)
    await pool.execute("DELETE FROM alerts")
    async with feed(gateway.address, key, resume_from=0) as client:
        assert await client.message() == {"type": "gap", "seq": 4, "missing_from": 1}
        await alerts.store()
        assert await client.numbers(1) == [5]


async def test_a_ticket_from_an_unknown_page_is_refused_and_not_used_up(gateway: RunningGateway, key: str) -> None:
    ticket = (await gateway.http.post("/v1/alerts/stream/ticket", headers={"X-API-Key": key})).json()["ticket"]
    async with opened(gateway.address, headers={"origin": "https://evil.example"}) as client:
        await client.socket.send(f'{{"type":"hello","ticket":"{ticket}"}}')
        assert await client.until_closed() == ([], 4401)
    async with feed(gateway.address, ticket=ticket, headers={"origin": f"http://{gateway.address}"}) as client:
        assert client.seq == 0
