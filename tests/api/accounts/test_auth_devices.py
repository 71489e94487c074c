"""Who signed in from a device before gets in while others fail: a colleague behind the same address, or anybody."""

import pytest
import pytest_asyncio
from people import PASSWORD, Person, kind_of, login, new_email, register
from running_gateway import RunningGateway

from api.accounts.devices import COOKIE_PREFIX
from api.accounts.lockout import ADDRESS, DEVICE, PAIR

pytestmark = pytest.mark.asyncio(loop_scope="module")
GUESS = "not this one at all"


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def nothing_failed_yet(pool) -> None:
    """All tests come from one address, whose failures count together."""
    await pool.execute("DELETE FROM sign_in_failures")


async def _signed_in(gateway: RunningGateway) -> tuple[Person, dict[str, str]]:
    """Somebody, and the cookies that signing in left."""
    person = await register(gateway)
    body = {"email": person.email, "password": PASSWORD}
    answer = await gateway.http.post("/auth/login", json=body)
    cookies = dict(answer.cookies)
    gateway.http.cookies.clear()
    assert [name for name in cookies if name.startswith(COOKIE_PREFIX)]
    return person, cookies


async def _login_with(gateway: RunningGateway, cookies: dict[str, str], email: str, password: str):
    header = {"cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    answer = await gateway.http.post("/auth/login", json={"email": email, "password": password}, headers=header)
    gateway.http.cookies.clear()
    return answer


async def test_a_colleague_behind_the_same_address_locks_nobody_out(gateway: RunningGateway) -> None:
    person, cookies = await _signed_in(gateway)
    for _ in range(PAIR.free + 1):
        assert (await login(gateway, person.email, GUESS)).status_code == 401
    assert kind_of(await login(gateway, person.email)) == (429, "too-many-attempts")
    assert (await _login_with(gateway, cookies, person.email, PASSWORD)).status_code == 200


async def test_failures_on_many_accounts_lock_nobody_out_either(gateway: RunningGateway) -> None:
    person, cookies = await _signed_in(gateway)
    statuses = [(await login(gateway, new_email(), GUESS)).status_code for _ in range(ADDRESS.free + 2)]
    assert statuses[-1] == 429
    assert (await login(gateway, person.email)).status_code == 429
    assert (await _login_with(gateway, cookies, person.email, PASSWORD)).status_code == 200


async def test_nobody_waits_longer_than_a_minute_for_what_others_did(gateway: RunningGateway) -> None:
    assert max(PAIR.wait_s(1_000), ADDRESS.wait_s(1_000)) == 60


async def test_a_stolen_device_cookie_wins_a_few_guesses(gateway: RunningGateway) -> None:
    person, cookies = await _signed_in(gateway)
    answers = [await _login_with(gateway, cookies, person.email, GUESS) for _ in range(DEVICE.free + 3)]
    assert [answer.status_code for answer in answers] == [401] * (DEVICE.free + 1) + [429] * 2


async def test_a_device_is_known_to_its_own_account_only(gateway: RunningGateway) -> None:
    person, _ = await _signed_in(gateway)
    _, cookies_of_another = await _signed_in(gateway)
    renamed = {name: cookies_of_another[other] for other in cookies_of_another for name in _names_for(gateway, person)}
    for _ in range(PAIR.free + 1):
        assert (await _login_with(gateway, renamed, person.email, GUESS)).status_code == 401
    assert (await _login_with(gateway, renamed, person.email, PASSWORD)).status_code == 429


async def test_a_forged_device_cookie_counts_for_nothing(gateway: RunningGateway) -> None:
    person, cookies = await _signed_in(gateway)
    forged = {name: value[:-2] + ("AA" if value[-2:] != "AA" else "BB") for name, value in cookies.items()}
    for _ in range(PAIR.free + 1):
        assert (await _login_with(gateway, forged, person.email, GUESS)).status_code == 401
    assert (await _login_with(gateway, forged, person.email, PASSWORD)).status_code == 429


async def test_an_account_of_ones_own_under_the_victims_address_wins_no_guesses(gateway: RunningGateway) -> None:
    victim, attacker = await register(gateway), await register(gateway)
    invited = await attacker.call("POST", "/v1/users/invitations", {"email": victim.email, "role": "viewer"})
    own = "attackers keep many secrets"
    body = {"token": invited.json()["token"], "name": "e", "password": own}
    joined = await gateway.http.post("/auth/invitations/accept", json=body)
    cookies = dict(joined.cookies)
    statuses = []
    for _ in range(4):
        guesses = [await _login_with(gateway, cookies, victim.email, GUESS) for _ in range(PAIR.free - 1)]
        statuses += [guess.status_code for guess in guesses]
        signed = await _login_with(gateway, cookies, victim.email, own)
        cookies |= dict(signed.cookies)
    assert statuses.count(401) <= PAIR.free + 1
    assert statuses[-1] == 429


def _names_for(gateway: RunningGateway, person: Person) -> list[str]:
    """The names under which a device of this account is looked for."""
    from api.accounts.devices import NAME_HEX, _account

    return [COOKIE_PREFIX + _account(gateway.parts.keyring.current, person.email.lower())[:NAME_HEX]]
