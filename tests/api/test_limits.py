"""How fast a client and an address may call; headers; several gateways; Redis away or hanging."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import pytest
from people import PASSWORD, kind_of, login, new_email, register
from running_gateway import RunningGateway, running, settings_for

from api.accounts.counters import Counters
from api.accounts.tiers import TIERS, Rate, tier_of
from contracts.errors import SettingsError
from tests.conftest import Stack

MakeKey = Callable[..., Awaitable[str]]
PATH = "/v1/session"
PATIENT_S = 20.0  # a machine that is busy with other tests must not look like a Redis that is away


async def statuses(gateway: RunningGateway, key: str, count: int) -> list[int]:
    return [(await gateway.http.get(PATH, headers={"X-API-Key": key})).status_code for _ in range(count)]


async def test_a_client_that_calls_too_often_is_told_when_to_come_back(database_url: str, make_key: MakeKey) -> None:
    async with running(settings_for(database_url, rate_limit="5/hour")) as gateway:
        headers = {"X-API-Key": await make_key()}
        answers = [await gateway.http.get(PATH, headers=headers) for _ in range(7)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
        assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"client";q=5;w=3600'}
        remaining = [answer.headers["ratelimit"].split(";")[1] for answer in answers]
        assert remaining == ["r=4", "r=3", "r=2", "r=1", "r=0", "r=0", "r=0"]
        refused = answers[-1]
        assert kind_of(refused) == (429, "rate-limited")
        assert refused.headers["retry-after"] == refused.headers["ratelimit"].split("t=")[1]
        assert 0 < int(refused.headers["retry-after"]) <= 3600
        assert (await gateway.http.get("/v1/alerts", headers=headers)).status_code == 429  # any guarded address
        assert (await gateway.http.get("/livez")).status_code == 200  # what orchestrators ask is not counted


async def test_a_problem_says_where_the_caller_stands_too(gateway: RunningGateway, key: str) -> None:
    missing = await gateway.http.get("/v1/transactions/unknown", headers={"X-API-Key": key})
    assert missing.status_code == 404
    assert "ratelimit" in missing.headers


async def test_all_credentials_of_a_client_count_together_and_clients_apart(
    database_url: str, make_key: MakeKey, other_client: int
) -> None:
    async with running(settings_for(database_url, rate_limit="4/hour")) as gateway:
        one, two, foreign = await make_key(), await make_key(), await make_key(other_client)
        assert await statuses(gateway, one, 2) + await statuses(gateway, two, 3) == [200] * 4 + [429]
        assert await statuses(gateway, foreign, 5) == [200] * 4 + [429]


async def test_gateways_count_together(database_url: str, stack: Stack, redis_prefix: str, make_key: MakeKey) -> None:
    key = await make_key()
    settings = settings_for(database_url, rate_limit="6/hour", redis_url=stack.redis_url, redis_key_prefix=redis_prefix)
    async with running(settings) as one, running(settings) as two:
        for gateway in (one, two):
            gateway.parts.accounts.counters.answer_s = PATIENT_S
        answers = [await statuses(gateway, key, 1) for gateway in (one, two) * 4]
    assert answers == [[200]] * 6 + [[429]] * 2


async def test_the_tier_says_how_fast(gateway: RunningGateway) -> None:
    for tier in ("starter", "growth"):
        rate = TIERS[tier].rate
        answer = await (await register(gateway, tier)).call("GET", PATH)
        assert answer.headers["ratelimit-policy"] == f'"client";q={rate.amount};w={rate.window_s}'


async def test_a_registered_starter_is_refused_beyond_its_burst(gateway: RunningGateway) -> None:
    person = await register(gateway, "starter")
    answers = []
    while not answers or answers[-1] != 429:
        answers += [
            answer.status_code for answer in await asyncio.gather(*(person.call("GET", PATH) for _ in range(7)))
        ]
    assert answers.count(200) >= 100
    assert set(answers) == {200, 429}


def test_the_demos_client_may_call_three_hundred_times_a_second() -> None:
    rate = tier_of(None).rate
    assert rate.amount / rate.window_s >= 3 * 300
    assert tier_of(None).quota is None


async def test_an_address_signs_in_so_often_only(database_url: str) -> None:
    settings = settings_for(database_url, auth_rate_limit="3/hour", trusted_proxies="127.0.0.1")
    async with running(settings) as gateway:
        assert (await login(gateway, new_email())).status_code == 401
        body = {"name": "A", "email": new_email(), "password": PASSWORD}
        assert (await gateway.http.post("/auth/register", json=body)).status_code == 201
        assert (await gateway.http.post("/auth/refresh", json={"refresh_token": "x"})).status_code == 401
        refused = await login(gateway, new_email())
        assert kind_of(refused) == (429, "rate-limited")
        assert refused.headers["ratelimit-policy"] == '"address";q=3;w=3600'
        elsewhere = {"X-Forwarded-For": "192.0.2.1"}
        body = {"email": new_email(), "password": PASSWORD}
        assert (await gateway.http.post("/auth/login", json=body, headers=elsewhere)).status_code == 401


@pytest.mark.parametrize("setting", ["often", "0/minute", "-1/second", "10"])
def test_a_limit_that_cannot_be_read(setting: str) -> None:
    with pytest.raises(SettingsError, match="RATE_LIMIT"):
        Rate.parse(setting, "RATE_LIMIT")


def test_limits_as_settings_say_them() -> None:
    assert Rate.parse("600/minute", "RATE_LIMIT") == Rate(600, 60)
    assert Rate.parse("50 per 10 seconds", "RATE_LIMIT") == Rate(50, 10)


class Valve:
    """A way to the real Redis that can be shut: then nothing comes through, and nothing is refused either."""

    def __init__(self, redis_url: str) -> None:
        parts = urlsplit(redis_url)
        self._host, self._port = parts.hostname, parts.port
        self._url = parts
        self.open = asyncio.Event()
        self.open.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        credentials = f"{self._url.username or ''}:{self._url.password}@" if self._url.password else ""
        try:
            yield self._url._replace(netloc=f"{credentials}127.0.0.1:{port}").geturl()
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, before = await asyncio.open_connection(self._host, self._port)
        with suppress(ConnectionError):
            await asyncio.gather(self._pass_on(reader, before), self._pass_on(behind, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(65536):
            await self.open.wait()
            writer.write(chunk)
            await writer.drain()
        writer.close()


async def test_a_redis_that_hangs_is_not_waited_for_and_found_again(stack: Stack, redis_prefix: str) -> None:
    valve = Valve(stack.redis_url)
    async with valve.running() as url:
        counters = Counters(url, redis_prefix, look_again_s=0.02)
        counters.answer_s = PATIENT_S
        assert [await counters.hit("k", 100) for _ in range(3)] == [1, 2, 3]
        valve.open.clear()
        counters.answer_s = 0.05
        counts = await asyncio.gather(*(counters.hit("k", 100) for _ in range(20)))
        assert sorted(counts) == list(range(1, 21))  # alone, from the beginning, and nobody was refused
        assert not counters.together
        valve.open.set()
        counters.answer_s = PATIENT_S
        async with asyncio.timeout(20):
            while not counters.together:  # noqa: ASYNC110 - it looks by itself
                await asyncio.sleep(0.01)
        assert await counters.hit("k", 100) > 3
        await counters.close()


async def test_counting_at_once_is_exact_alone_and_told_to_the_others(stack: Stack, redis_prefix: str) -> None:
    one, two = (Counters(stack.redis_url, redis_prefix) for _ in range(2))
    for counters in (one, two):
        counters.answer_s = PATIENT_S
    assert [one.hit_at_once("k", 100) for _ in range(50)] == list(range(1, 51))
    assert one.hit_at_once("k", 100, 25) == 75
    async with asyncio.timeout(20):
        while await two.hit("k", 100, 0) < 75:  # noqa: ASYNC110 - it is told by itself
            await asyncio.sleep(0.01)
        two.hit_at_once("k", 100)
        while two.hit_at_once("k", 100, 0) < 76:  # noqa: ASYNC110 - the others' are known after the first telling
            await asyncio.sleep(0.01)
    assert await one.hit("k", 100) == 77
    await one.close()
    await two.close()
