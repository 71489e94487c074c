"""Guessing passwords gets slower and slower, and whose password is guessed still gets in."""

import asyncio

import pytest
from people import PASSWORD, kind_of, login, new_email, register, sign_in
from running_gateway import RunningGateway, running, settings_for

from api.accounts.lockout import ACCOUNT, PAIR
from api.accounts.passwords import Passwords
from api.parts import SIGN_IN_POOL_SIZE_MAX

GUESS = "not this one at all"


@pytest.fixture
def elsewhere(database_url: str):
    """A gateway behind a proxy that says from where callers come."""
    return running(settings_for(database_url, trusted_proxies="127.0.0.1", auth_rate_limit="100000/minute"))


async def attempt(gateway: RunningGateway, email: str, password: str, address: str):
    gateway.http.cookies.clear()
    body = {"email": email, "password": password}
    return await gateway.http.post("/auth/login", json=body, headers={"X-Forwarded-For": address})


async def test_a_guesser_waits_and_even_the_right_password_does_not_help(gateway: RunningGateway) -> None:
    person = await register(gateway)
    for _ in range(PAIR.free + 1):
        assert (await login(gateway, person.email, GUESS)).status_code == 401
    refused = await login(gateway, person.email, PASSWORD)
    assert kind_of(refused) == (429, "too-many-attempts")
    assert 0 < int(refused.headers["retry-after"]) <= PAIR.first_s


async def test_an_unknown_address_is_slowed_down_alike(gateway: RunningGateway) -> None:
    email = new_email()
    for _ in range(PAIR.free + 1):
        assert (await login(gateway, email, GUESS)).status_code == 401
    assert kind_of(await login(gateway, email, GUESS)) == (429, "too-many-attempts")


async def test_of_many_guesses_at_once_no_more_are_looked_at(gateway: RunningGateway) -> None:
    person = await register(gateway)
    answers = await asyncio.gather(*(login(gateway, person.email, GUESS) for _ in range(30)))
    assert sum(answer.status_code == 401 for answer in answers) == PAIR.free + 1
    assert {answer.status_code for answer in answers} == {401, 429}


async def test_two_gateways_count_together(gateway: RunningGateway, database_url: str) -> None:
    person = await register(gateway)
    async with running(settings_for(database_url)) as second:
        for turn in range(PAIR.free + 1):
            assert (await login((gateway, second)[turn % 2], person.email, GUESS)).status_code == 401
        for each in (gateway, second):
            assert (await login(each, person.email, GUESS)).status_code == 429


async def test_who_mistypes_sometimes_and_gets_it_right_is_not_slowed_down(gateway: RunningGateway) -> None:
    person = await register(gateway)
    for _ in range(3):
        for _ in range(PAIR.free):
            assert (await login(gateway, person.email, GUESS)).status_code == 401
        await sign_in(gateway, person.email)


async def test_a_victim_gets_in_from_where_it_signed_in_before(elsewhere) -> None:
    async with elsewhere as gateway:
        person = await register(gateway)
        assert (await attempt(gateway, person.email, PASSWORD, "192.0.2.7")).status_code == 200
        for number in range(ACCOUNT.free + 1):  # each from another address
            assert (await attempt(gateway, person.email, GUESS, f"198.51.100.{number}")).status_code == 401
        stranger = await attempt(gateway, person.email, PASSWORD, "203.0.113.9")
        assert kind_of(stranger) == (429, "too-many-attempts")
        assert int(stranger.headers["retry-after"]) <= ACCOUNT.longest_s
        assert (await attempt(gateway, person.email, PASSWORD, "192.0.2.7")).status_code == 200


async def test_one_address_does_not_guess_many_accounts(elsewhere) -> None:
    async with elsewhere as gateway:
        answers = [await attempt(gateway, new_email(), GUESS, "198.51.100.1") for _ in range(60)]
        assert {answer.status_code for answer in answers[:50]} == {401}
        assert answers[-1].status_code == 429
        assert (await attempt(gateway, new_email(), GUESS, "198.51.100.2")).status_code == 401


async def test_all_addresses_of_one_ipv6_customer_are_one(elsewhere) -> None:
    async with elsewhere as gateway:
        email = new_email()
        for number in range(PAIR.free + 1):
            assert (await attempt(gateway, email, GUESS, f"2001:db8:1:1::{number:x}")).status_code == 401
        assert (await attempt(gateway, email, GUESS, "2001:db8:1:1:ffff::1")).status_code == 429
        assert (await attempt(gateway, email, GUESS, "2001:db8:1:2::1")).status_code == 401


async def test_who_is_no_trusted_proxy_cannot_say_where_it_comes_from(gateway: RunningGateway) -> None:
    email = new_email()
    answers = [await attempt(gateway, email, GUESS, f"198.51.100.{number}") for number in range(PAIR.free + 2)]
    assert answers[-1].status_code == 429


async def test_an_attempt_that_was_turned_away_is_no_failed_one(database_url: str) -> None:
    passwords = Passwords(memory_kib=8, passes=1)
    async with running(settings_for(database_url), passwords=passwords) as gateway:
        person = await register(gateway)
        passwords._waiting_max = 0  # as in a storm of sign-ins
        for _ in range(PAIR.free + 3):
            assert kind_of(await login(gateway, person.email)) == (503, "busy")
        passwords._waiting_max = 32
        assert (await login(gateway, person.email)).status_code == 200


async def test_calls_do_not_wait_for_sign_ins_that_wait_for_each_other(gateway: RunningGateway, pool) -> None:
    person = await register(gateway)
    await login(gateway, person.email, GUESS)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM sign_in_failures FOR UPDATE")  # an attempt that does not end
        attempts = [asyncio.create_task(login(gateway, person.email)) for _ in range(10)]
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        async with asyncio.timeout(20):
            while await pool.fetchval(waiting) < SIGN_IN_POOL_SIZE_MAX:  # noqa: ASYNC110 - it is Postgres' to say
                await asyncio.sleep(0.01)
        assert (await person.call("GET", "/v1/session")).status_code == 200
    await asyncio.gather(*attempts)
