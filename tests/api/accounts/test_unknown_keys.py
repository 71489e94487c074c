"""Unknown credentials are bounded by address, and valid ones behind the same address go on."""

from collections.abc import Awaitable, Callable

import pytest
from people import kind_of, register
from running_gateway import RunningGateway, running, settings_for

from api.accounts.counters import Counters
from api.accounts.tiers import Rate
from api.accounts.unknown_keys import UnknownKeys
from api.problems import Problem

pytestmark = pytest.mark.asyncio(loop_scope="module")
MakeKey = Callable[..., Awaitable[str]]
ALLOWED = 5


@pytest.fixture
def strict(database_url: str):
    return running(settings_for(database_url, auth_rate_limit=f"{ALLOWED}/hour", trusted_proxies="127.0.0.1"))


def _key(number: int) -> dict[str, str]:
    return {"X-API-Key": f"rsk_{number:040}"}


async def test_an_address_tries_some_unknown_keys_and_no_more(strict, make_key: MakeKey) -> None:
    async with strict as gateway:
        valid = {"X-API-Key": await make_key()}
        assert (await gateway.http.get("/v1/session", headers=valid)).status_code == 200
        answers = [await gateway.http.get("/v1/session", headers=_key(number)) for number in range(ALLOWED + 2)]
        assert [answer.status_code for answer in answers] == [401] * ALLOWED + [429] * 2
        assert int(answers[-1].headers["retry-after"]) > 0
        assert kind_of(await gateway.http.post("/v1/score", json={}, headers=_key(99))) == (429, "rate-limited")
        bearer = {"Authorization": "Bearer rsk_unknown"}
        assert kind_of(await gateway.http.get("/v1/alerts", headers=bearer)) == (429, "rate-limited")
        once = _key(98) | {"Idempotency-Key": "1"}
        assert kind_of(await gateway.http.post("/v1/api-keys", json={}, headers=once)) == (429, "rate-limited")

        assert (await gateway.http.get("/v1/session", headers=valid)).status_code == 200
        elsewhere = _key(97) | {"X-Forwarded-For": "192.0.2.9"}
        assert (await gateway.http.get("/v1/session", headers=elsewhere)).status_code == 401


async def test_unknown_links_are_bounded_too(strict) -> None:
    async with strict as gateway:
        answers = [await gateway.http.get("/sign-in", params={"token": f"no-{n}"}) for n in range(ALLOWED + 1)]
        assert answers[-1].status_code == 429
        assert 429 not in [answer.status_code for answer in answers[:-1]]


async def test_a_key_that_was_revoked_counts_as_unknown(gateway: RunningGateway) -> None:
    person = await register(gateway)
    made = (await person.call("POST", "/v1/api-keys", {"name": "a", "scopes": ["read"]})).json()
    headers = {"X-API-Key": made["key"]}
    assert (await gateway.http.get("/v1/session", headers=headers)).status_code == 200
    assert (await person.call("DELETE", f"/v1/api-keys/{made['api_key_id']}")).status_code == 204
    assert (await gateway.http.get("/v1/session", headers=headers)).status_code == 401


async def test_a_window_ends() -> None:
    now = [0.0]
    counters = Counters("redis://127.0.0.1:1/0", "test")
    unknown = UnknownKeys(counters, Rate(2, 60), lambda: now[0])
    try:
        for number in range(2):
            unknown.admit("192.0.2.1", f"{number}")
            unknown.note("192.0.2.1", f"{number}", valid=False)
        with pytest.raises(Problem):
            unknown.admit("192.0.2.1", "2")
        now[0] = 60.0
        unknown.admit("192.0.2.1", "2")
    finally:
        await counters.close()
