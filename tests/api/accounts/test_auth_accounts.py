"""Registering, signing in, renewing, signing out: through HTTP against the real Postgres."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from people import OTHER_PASSWORD, PASSWORD, Person, kind_of, login, new_email, register, sign_in
from running_gateway import RunningGateway, running, settings_for

from contracts.transaction import DEMO_CLIENT_ID
from storage.audit import AuditFilter, AuditRepository
from storage.clients import ClientRepository

pytestmark = pytest.mark.asyncio(loop_scope="module")
MakeKey = Callable[..., Awaitable[str]]


async def test_registering_makes_a_client_and_its_administrator(gateway: RunningGateway, pool) -> None:
    email = new_email()
    body = {"name": "Acme Pay", "email": email, "password": PASSWORD, "subscription_tier": "starter"}
    response = await gateway.http.post("/auth/register", json=body)
    assert response.status_code == 201
    answer = response.json()
    assert answer["client_id"] != DEMO_CLIENT_ID
    assert (answer["name"], answer["email"], answer["subscription_tier"]) == ("Acme Pay", email, "starter")
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 900)

    me = await Person(gateway, email, answer).me()
    assert (me["client_id"], me["client_name"], me["role"]) == (answer["client_id"], "Acme Pay", "admin")
    assert me["scopes"] == ["admin", "cases", "read", "score"]
    assert (await ClientRepository(pool).all())[answer["client_id"]].name == "Acme Pay"
    [entry] = await AuditRepository(pool).page(answer["client_id"], AuditFilter())
    assert (entry.action, entry.detail) == ("client.registered", {"tier": "starter"})
    assert entry.request_id == response.headers["x-request-id"]


async def test_many_register_at_once_and_each_gets_a_client_of_its_own(gateway: RunningGateway) -> None:
    people = await asyncio.gather(*(register(gateway) for _ in range(10)))
    clients = {person.tokens["client_id"] for person in people}
    assert len(clients) == 10
    assert DEMO_CLIENT_ID not in clients


async def test_one_email_address_has_one_account(gateway: RunningGateway, pool) -> None:
    email = new_email()
    before = len(await ClientRepository(pool).all())
    body = {"name": "A Bank", "email": email, "password": PASSWORD}
    answers = await asyncio.gather(*(gateway.http.post("/auth/register", json=body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    again = await gateway.http.post("/auth/register", json=body | {"email": email.upper()})
    assert kind_of(again) == (409, "email-taken")
    assert len(await ClientRepository(pool).all()) == before + 1  # those who failed left no client behind


REFUSED: list[dict[str, object]] = [
    {"email": "nobody"},
    {"email": "a@b@c"},
    {"email": "a\x00@b.example"},
    {"email": None},
    {"name": ""},
    {"name": "   "},
    {"name": "a\x00b"},
    {"name": "a" * 101},
    {"subscription_tier": "gold"},
    {"password": "short"},
    {"password": "x" * 129},
    {"client_id": 1},
    {"role": "admin"},
]


async def test_a_registration_that_is_refused(gateway: RunningGateway) -> None:
    for change in REFUSED:
        body = {"name": "A Bank", "email": new_email(), "password": PASSWORD, **change}
        assert (await gateway.http.post("/auth/register", json=body)).status_code == 422, change


async def test_passwords_that_are_easy_to_guess_are_refused(gateway: RunningGateway) -> None:
    body = {"name": "Amina Otieno", "email": "amina.otieno@bank.example"}
    for password in ("qwertyuiop", "Password123!", "aaaaaaaaaaaa", "aminaotieno1"):
        response = await gateway.http.post("/auth/register", json=body | {"password": password})
        assert kind_of(response) == (422, "weak-password"), password
        assert password not in response.text


async def test_signing_in(gateway: RunningGateway) -> None:
    person = await register(gateway)
    for email in (person.email, person.email.upper(), f" {person.email} "):
        assert (await (await sign_in(gateway, email)).me())["email"] == person.email


async def test_a_wrong_password_and_an_unknown_address_are_told_apart_by_nobody(gateway: RunningGateway) -> None:
    person = await register(gateway)
    wrong = await login(gateway, person.email, "not this one at all")
    unknown = await login(gateway, new_email(), "not this one at all")
    bodies = [response.json() | {"request_id": ""} for response in (wrong, unknown)]
    assert (wrong.status_code, bodies[0]) == (unknown.status_code, bodies[1])
    assert kind_of(wrong) == (401, "not-authenticated")
    assert "www-authenticate" in wrong.headers


async def test_a_refresh_token_brings_the_next_pair(gateway: RunningGateway) -> None:
    person = await register(gateway)
    tokens = person.tokens
    for _ in range(3):
        response = await gateway.http.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert response.status_code == 200
        tokens = response.json()
        assert (await Person(gateway, person.email, tokens).me())["email"] == person.email


async def test_a_refresh_token_that_is_used_twice_ends_its_session_and_no_other(gateway: RunningGateway) -> None:
    person = await register(gateway)
    elsewhere = await sign_in(gateway, person.email)
    stolen = {"refresh_token": person.tokens["refresh_token"]}
    thief = Person(gateway, person.email, (await gateway.http.post("/auth/refresh", json=stolen)).json())
    await thief.me()
    assert kind_of(await gateway.http.post("/auth/refresh", json=stolen)) == (401, "not-authenticated")
    for caller in (thief, person):
        assert (await caller.call("GET", "/auth/me")).status_code == 401
    following = {"refresh_token": thief.tokens["refresh_token"]}
    assert (await gateway.http.post("/auth/refresh", json=following)).status_code == 401
    await elsewhere.me()


async def test_of_concurrent_uses_of_a_refresh_token_at_most_one_succeeds(gateway: RunningGateway) -> None:
    body = {"refresh_token": (await register(gateway)).tokens["refresh_token"]}
    answers = await asyncio.gather(*(gateway.http.post("/auth/refresh", json=body) for _ in range(10)))
    assert sorted({answer.status_code for answer in answers}) in ([200, 401], [401])
    assert sum(answer.status_code == 200 for answer in answers) <= 1


async def test_a_refresh_token_that_never_was(gateway: RunningGateway) -> None:
    for token, status in (("rsr_unknown", 401), ("x", 401), ("a\x00b", 422)):  # no text with a NUL reaches Postgres
        assert (await gateway.http.post("/auth/refresh", json={"refresh_token": token})).status_code == status


async def test_signing_out_ends_both_tokens_in_every_gateway(gateway: RunningGateway, database_url: str) -> None:
    person = await register(gateway)
    elsewhere = await sign_in(gateway, person.email)
    async with running(settings_for(database_url)) as second:
        await Person(second, person.email, person.tokens).me()
        assert (await person.call("POST", "/auth/logout")).status_code == 204
        assert (await Person(second, person.email, person.tokens).call("GET", "/auth/me")).status_code == 401
    assert (await person.call("GET", "/auth/me")).status_code == 401
    body = {"refresh_token": person.tokens["refresh_token"]}
    assert (await gateway.http.post("/auth/refresh", json=body)).status_code == 401
    await elsewhere.me()


async def test_a_new_password_ends_the_other_sessions(gateway: RunningGateway) -> None:
    person = await register(gateway)
    elsewhere = await sign_in(gateway, person.email)
    change = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
    wrong = await person.call("POST", "/auth/password", change | {"current_password": "not this one at all"})
    assert kind_of(wrong) == (401, "not-authenticated")
    weak = await person.call("POST", "/auth/password", change | {"new_password": "qwertyuiop"})
    assert kind_of(weak) == (422, "weak-password")
    await elsewhere.me()
    assert (await person.call("POST", "/auth/password", change)).status_code == 204
    await person.me()
    assert (await elsewhere.call("GET", "/auth/me")).status_code == 401
    assert (await login(gateway, person.email)).status_code == 401
    await sign_in(gateway, person.email, OTHER_PASSWORD)


async def test_only_the_newest_sessions_of_a_user_stay_open(gateway: RunningGateway) -> None:
    person = await register(gateway)
    for _ in range(20):
        newest = await sign_in(gateway, person.email)
    await newest.me()
    assert (await person.call("GET", "/auth/me")).status_code == 401


async def test_what_belongs_to_users_is_not_for_keys(gateway: RunningGateway, make_key: MakeKey) -> None:
    headers = {"X-API-Key": await make_key()}
    for method, path, body in (
        ("GET", "/auth/me", None),
        ("POST", "/auth/logout", None),
        ("POST", "/auth/password", {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}),
    ):
        response = await gateway.http.request(method, path, json=body, headers=headers)
        assert kind_of(response) == (403, "forbidden"), path


async def test_a_browser_signs_in_by_password_and_out(gateway: RunningGateway) -> None:
    person = await register(gateway)
    own_page = {"origin": f"http://{gateway.address}"}
    body = {"email": person.email, "password": PASSWORD}
    assert (await gateway.http.post("/sign-in", json=body)).status_code == 403
    wrong = await gateway.http.post("/sign-in", json=body | {"password": "no"}, headers=own_page)
    assert (wrong.status_code, "set-cookie" in wrong.headers) == (401, False)
    assert (await gateway.http.post("/sign-in", json=body, headers=own_page)).status_code == 204
    session = (await gateway.http.get("/v1/session")).json()
    assert (session["via"], session["scopes"]) == ("session", ["admin", "cases", "read", "score"])
    assert (await gateway.http.get("/v1/users")).status_code == 200
    invitation = {"email": new_email(), "role": "viewer"}
    assert (await gateway.http.post("/v1/users/invitations", json=invitation)).status_code == 403
    assert (await gateway.http.post("/v1/users/invitations", json=invitation, headers=own_page)).status_code == 201

    cookie = gateway.http.cookies["riskstream_session"]
    assert (await gateway.http.post("/sign-out", headers=own_page)).status_code == 204
    kept = {"cookie": f"riskstream_session={cookie}"}
    assert (await gateway.http.get("/v1/session", headers=kept)).status_code == 401  # who kept the cookie has nothing
    gateway.http.cookies.clear()
