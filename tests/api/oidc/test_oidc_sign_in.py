"""People sign in through the provider: who they are here, what their groups give, and how it ends."""

import asyncio
import base64
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import asyncpg
import pytest
import typer
from identity_provider import CLIENT_ID
from people import PASSWORD, kind_of, login, new_email, register

from api.account_commands import _reset_token
from api.oidc.commands import _link
from api.oidc.flow import COOKIE as FLOW_COOKIE
from api.sessions import COOKIE
from tests.api.oidc.conftest import ADMINS, ANALYSTS, OTHERS, Bank, running_bank

pytestmark = pytest.mark.asyncio(loop_scope="module")


def somebody() -> str:
    return f"p{uuid4().hex[:10]}"


async def test_somebody_in_a_group_becomes_a_user_with_its_role(bank: Bank) -> None:
    browser = bank.person(somebody(), [ANALYSTS, "kitchen"])
    answer = await browser.sign_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    me = (await browser.me()).json()
    assert (me["role"], me["client_id"], me["email"]) == ("analyst", 1, f"{browser.subject}@bank.example")
    again = await browser.sign_in()
    assert again.status_code == 303
    assert (await browser.me()).json()["user_id"] == me["user_id"]
    joined = [entry for entry in await bank.audit("user.joined") if entry["subject"] == f"user:{me['user_id']}"]
    assert len(joined) == 1
    assert joined[0]["actor"] == "identity-provider"


async def test_the_request_to_the_provider_has_what_the_standard_asks_for(bank: Bank) -> None:
    browser = bank.person(somebody(), [ANALYSTS])
    started = await browser.get("/auth/oidc/start")
    query = {name: values[0] for name, values in parse_qs(urlsplit(started.headers["location"]).query).items()}
    assert query["response_type"] == "code"
    assert query["client_id"] == CLIENT_ID
    assert query["redirect_uri"] == f"http://{bank.gateway.address}/auth/oidc/callback"
    assert query["code_challenge_method"] == "S256"
    assert len({query["state"], query["nonce"], query["code_challenge"]}) == 3
    cookie = started.headers["set-cookie"]
    assert cookie.startswith(f"{FLOW_COOKIE}=")
    assert "httponly" in cookie.lower()
    assert "samesite=lax" in cookie.lower()
    assert "path=/auth/oidc" in cookie.lower()
    payload = cookie.partition("=")[2].split(".")[1]
    told = base64.urlsafe_b64decode(payload + "==").decode()
    assert query["state"] not in told
    assert query["nonce"] not in told


@pytest.mark.parametrize("way", ["public", "post", "elliptic-curve", "userinfo"])
async def test_other_kinds_of_providers(database_url: str, pool: object, other_client: int, way: str) -> None:
    changes = {"oidc_client_secret": ""} if way == "public" else {}
    async with running_bank(database_url, pool, other_client, **changes) as bank:  # type: ignore[arg-type]
        provider = bank.provider
        provider.public = way == "public"
        if way == "post":
            provider.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
        if way == "elliptic-curve":
            provider.use_elliptic_curve()
        provider.claims_in_token = way != "userinfo"
        browser = bank.person(somebody(), [ANALYSTS])
        assert (await browser.sign_in()).status_code == 303
        assert (await browser.me()).json()["role"] == "analyst"
        assert ("/userinfo" in provider.seen) == (way == "userinfo")


async def test_the_role_follows_the_groups(bank: Bank) -> None:
    browser = bank.person(somebody(), [ADMINS])
    await browser.sign_in()
    me = (await browser.me()).json()
    assert me["role"] == "admin"
    headers = browser.session | {"origin": f"http://{bank.gateway.address}"}
    email = new_email()
    invited = await bank.gateway.http.post(
        "/v1/users/invitations", json={"email": email, "role": "admin"}, headers=headers
    )
    assert invited.status_code == 201, invited.text
    bank.provider.people[browser.subject]["groups"] = [ANALYSTS]
    await browser.sign_in()
    assert (await browser.me()).json()["role"] == "analyst"
    changes = [entry for entry in await bank.audit("user.role") if entry["subject"] == f"user:{me['user_id']}"]
    assert len(changes) == 1
    assert b'"last_administrator":' in changes[0]["detail"]
    body = {"token": invited.json()["token"], "name": "Somebody", "password": PASSWORD}
    assert kind_of(await bank.gateway.http.post("/auth/invitations/accept", json=body)) == (410, "token-spent")


async def test_nobody_without_a_group_gets_in_and_is_told_what_to_ask_for(bank: Bank) -> None:
    browser = bank.person(somebody(), ["kitchen"])
    answer = await browser.sign_in()
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert "none of your groups has a role here" in answer.text
    assert browser.subject in answer.text
    assert ADMINS not in answer.text  # two clients share the provider: their groups are their own affair
    assert COOKIE not in browser.cookies
    known = await bank.pool.fetchval("SELECT count(*) FROM user_identities WHERE subject = $1", browser.subject)
    assert known == 0


async def test_who_left_every_group_is_signed_out_everywhere(bank: Bank) -> None:
    browser = bank.person(somebody(), [ANALYSTS])
    await browser.sign_in()
    first = browser.session
    user_id = (await browser.me()).json()["user_id"]
    bank.provider.people[browser.subject]["groups"] = []
    assert (await browser.sign_in()).status_code == 403
    assert (await bank.gateway.http.get("/auth/me", headers=first)).status_code == 401
    entries = [entry for entry in await bank.audit("user.shut_out") if entry["subject"] == f"user:{user_id}"]
    assert len(entries) == 1


async def test_groups_lead_to_another_client_and_to_one_at_a_time(bank: Bank) -> None:
    browser = bank.person(somebody(), [ANALYSTS])
    await browser.sign_in()
    here = browser.session
    bank.provider.people[browser.subject]["groups"] = [OTHERS]
    await browser.sign_in()
    assert (await browser.me()).json()["client_id"] == bank.other_client
    assert (await bank.gateway.http.get("/auth/me", headers=here)).status_code == 401
    bank.provider.people[browser.subject]["groups"] = [OTHERS, ANALYSTS]
    there = browser.session
    answer = await browser.sign_in()
    assert answer.status_code == 403
    assert "more than one client" in answer.text
    assert (await bank.gateway.http.get("/auth/me", headers=there)).status_code == 401


async def test_a_deactivated_user_stays_out(bank: Bank) -> None:
    browser = bank.person(somebody(), [ANALYSTS])
    await browser.sign_in()
    user_id = (await browser.me()).json()["user_id"]
    await bank.pool.execute("UPDATE users SET deactivated_at = now() WHERE user_id = $1", user_id)
    answer = await browser.sign_in()
    assert answer.status_code == 403
    assert "deactivated" in answer.text
    assert (await browser.me()).status_code == 401


async def test_an_account_is_not_taken_over_by_its_address(bank: Bank) -> None:
    local = await register(bank.gateway)
    client_id = local.tokens["client_id"]
    victim = await local.invite("admin")
    async with running_bank_of(bank, client_id) as other:
        browser = other.person(somebody(), [ADMINS], email=victim.email)
        answer = await browser.sign_in()
        assert answer.status_code == 409
        assert "not handed over because of an email address" in answer.text
        assert f"--subject {browser.subject}" in answer.text
        assert COOKIE not in browser.cookies
        assert (await victim.call("GET", "/auth/me")).status_code == 200  # undisturbed
        victims_id = (await victim.me())["user_id"]
        assert await _link(other.gateway.parts.settings, victim.email, browser.subject, client_id) == victims_id
        assert (await victim.call("GET", "/auth/me")).status_code == 401  # the password's sessions are over
        assert (await login(other.gateway, victim.email)).status_code == 401  # and so is the password
        assert (await browser.sign_in()).status_code == 303
        assert (await browser.me()).json()["user_id"] == victims_id
        assert len([each for each in await other.audit("user.linked") if each["client_id"] == client_id]) == 1


def running_bank_of(bank: Bank, client_id: int):  # type: ignore[no-untyped-def]
    """Another gateway on the same database, whose people belong to this client."""
    return running_bank(bank.gateway.parts.settings.database_url, bank.pool, bank.other_client, oidc_client=client_id)


@pytest.mark.parametrize("claims", [{"email_verified": False}, {"email_verified": "true"}, {"email": None}])
async def test_an_address_that_the_provider_does_not_vouch_for_is_not_taken(
    bank: Bank, claims: dict[str, object]
) -> None:
    browser = bank.person(somebody(), [ANALYSTS], **claims)
    assert (await browser.sign_in()).status_code == 303
    me = (await browser.me()).json()
    assert me["email"].endswith("@identity.invalid")
    assert me["name"] == browser.subject.title()


async def test_a_user_of_the_provider_has_no_password(bank: Bank) -> None:
    browser = bank.person(somebody(), [ANALYSTS])
    await browser.sign_in()
    email = (await browser.me()).json()["email"]
    for password in ("", "!", PASSWORD):
        answer = await login(bank.gateway, email, password)
        assert answer.status_code in (401, 422, 429)


async def test_the_operator_gives_no_password_to_a_user_of_the_provider(bank: Bank) -> None:
    browser = bank.person(somebody(), [ANALYSTS])
    await browser.sign_in()
    with pytest.raises(typer.BadParameter, match="no active user with a password"):
        await _reset_token(bank.gateway.parts.settings, f"{browser.subject}@bank.example", 1)


async def test_a_policy_that_asks_for_a_second_factor_leaves_it_to_the_provider(
    bank: Bank, pool: "asyncpg.Pool[asyncpg.Record]"
) -> None:
    local = await register(bank.gateway)
    client_id = local.tokens["client_id"]
    await pool.execute("INSERT INTO sign_in_policies VALUES ($1, $2, 'test', now())", client_id, ["admin"])
    assert (await local.call("GET", "/v1/users")).status_code == 403
    async with running_bank_of(bank, client_id) as other:
        browser = other.person(somebody(), [ADMINS])
        await browser.sign_in()
        answer = await other.gateway.http.get("/v1/users", headers=browser.session)
        assert answer.status_code == 200, answer.text


async def test_a_program_gets_a_refresh_token_that_works_once(bank: Bank) -> None:
    browser = bank.person(somebody(), [ANALYSTS])
    page = await browser.sign_in("api")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert COOKIE not in browser.cookies
    token = page.text.partition('<code id="refresh-token">')[2].partition("</code>")[0]
    first = await bank.gateway.http.post("/auth/refresh", json={"refresh_token": token})
    assert first.status_code == 200, first.text
    headers = {"Authorization": f"Bearer {first.json()['access_token']}"}
    assert (await bank.gateway.http.get("/auth/me", headers=headers)).json()["role"] == "analyst"
    assert (await bank.gateway.http.post("/auth/refresh", json={"refresh_token": token})).status_code == 401


async def test_a_session_of_the_provider_lasts_a_shift_for_programs_too(bank: Bank) -> None:
    await bank.person(somebody(), [ANALYSTS]).sign_in("api")
    lasts = await bank.pool.fetchval(
        "SELECT max(expires_at - opened_at) FROM user_sessions JOIN provider_sessions USING (session_id)"
    )
    assert lasts.total_seconds() == 12 * 3600


async def test_signing_out_here_signs_out_there(bank: Bank) -> None:
    browser = bank.person(somebody(), [ANALYSTS])
    await browser.sign_in()
    answer = await browser.sign_out()
    assert answer.status_code == 200
    target = answer.json()["continue_at"]
    query = parse_qs(urlsplit(target).query)
    assert target.startswith(f"{bank.provider.issuer}/logout?")
    assert query["post_logout_redirect_uri"] == [f"http://{bank.gateway.address}/"]
    assert query["id_token_hint"][0].count(".") == 2
    assert (await browser.me()).status_code == 401
    kept = await bank.pool.fetchval(
        "SELECT count(*) FROM provider_sessions WHERE subject = $1 AND id_token IS NOT NULL", browser.subject
    )
    assert kept == 0


async def test_the_provider_signs_somebody_out(bank: Bank) -> None:
    bank.provider.sid = uuid4().hex
    browser, colleague = bank.person(somebody(), [ANALYSTS]), bank.person(somebody(), [ANALYSTS])
    await browser.sign_in()
    bank.provider.sid = ""
    await colleague.sign_in()
    await browser.sign_in("api")  # another session of the same person, which the token does not name
    sid = await bank.pool.fetchval(
        "SELECT provider_session FROM provider_sessions WHERE subject = $1 AND provider_session IS NOT NULL",
        browser.subject,
    )
    token = bank.provider.logout_token(sub=browser.subject, sid=sid)
    answer = await bank.gateway.http.post("/auth/oidc/backchannel-logout", data={"logout_token": token})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert (await browser.me()).status_code == 401
    assert (await colleague.me()).status_code == 200
    still_open = """SELECT count(*) FROM user_sessions JOIN provider_sessions USING (session_id)
        WHERE subject = $1 AND ended_at IS NULL"""
    assert await bank.pool.fetchval(still_open, browser.subject) == 1  # the program's goes on
    await browser.sign_in()
    replayed = await bank.gateway.http.post("/auth/oidc/backchannel-logout", data={"logout_token": token})
    assert replayed.status_code == 400
    assert (await browser.me()).status_code == 200  # a token that came before ends nothing new
    whole = bank.provider.logout_token(sub=browser.subject)
    await bank.gateway.http.post("/auth/oidc/backchannel-logout", data={"logout_token": whole})
    assert (await browser.me()).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": None}, {"nonce": "n", "sub": "x"}, {"events": {}, "sub": "x"}, {"events": None, "sub": "x"},
        {"aud": "another", "sub": "x"}, {"iss": "https://elsewhere.example", "sub": "x"}, {"iat": 1, "sub": "x"},
        {"jti": None, "sub": "x"}, {"sub": "x", "sid": 7},
    ],
)  # fmt: skip
async def test_what_is_no_logout_token_signs_nobody_out(bank: Bank, changes: dict[str, object]) -> None:
    token = bank.provider.logout_token(**changes)
    answer = await bank.gateway.http.post("/auth/oidc/backchannel-logout", data={"logout_token": token})
    assert kind_of(answer) == (400, "malformed-request")


async def test_an_id_token_is_no_logout_token(bank: Bank) -> None:
    browser = bank.person(somebody(), [ANALYSTS])
    await browser.sign_in()
    id_token = await bank.pool.fetchval("SELECT id_token FROM provider_sessions WHERE subject = $1", browser.subject)
    answer = await bank.gateway.http.post("/auth/oidc/backchannel-logout", data={"logout_token": id_token})
    assert kind_of(answer) == (400, "malformed-request")
    assert (await browser.me()).status_code == 200


async def test_passwords_can_be_turned_off(database_url: str, pool: object, other_client: int) -> None:
    async with running_bank(database_url, pool, other_client, oidc_only=True) as bank:  # type: ignore[arg-type]
        http, origin = bank.gateway.http, {"origin": f"http://{bank.gateway.address}"}
        body = {"email": new_email(), "password": PASSWORD}
        for path, sent in (
            ("/auth/login", body), ("/sign-in", body), ("/auth/register", body | {"name": "A Bank"}),
            ("/auth/invitations/accept", {"token": "x", "name": "A", "password": PASSWORD}),
            ("/auth/password/reset", {"token": "x", "new_password": PASSWORD}),
        ):  # fmt: skip
            assert kind_of(await http.post(path, json=sent, headers=origin)) == (403, "forbidden"), path
        page = (await http.get("/")).text
        assert "Sign in with Bank Login" in page
        assert "<li hidden>\n        <h2>With email address and password" in page
        assert (await bank.person(somebody(), [ANALYSTS]).sign_in()).status_code == 303


async def test_a_browser_that_came_by_another_name_is_sent_to_the_public_one(bank: Bank) -> None:
    headers = {"host": "elsewhere.example"}
    answer = await bank.gateway.http.get("/auth/oidc/start?to=api", headers=headers)
    assert answer.headers["location"] == f"http://{bank.gateway.address}/auth/oidc/start?to=api&here=1"
    answer = await bank.gateway.http.get("/auth/oidc/start?here=1", headers=headers)  # a proxy that changes Host
    assert answer.headers["location"].startswith(f"{bank.provider.issuer}/authorize?")


async def test_many_first_sign_ins_at_once_make_one_user(bank: Bank) -> None:
    browser = bank.person(somebody(), [ANALYSTS])
    others = [bank.person(browser.subject, [ANALYSTS]) for _ in range(4)]
    ways = [await each.way_back() for each in others]
    answers = await asyncio.gather(*(each.get(way) for each, way in zip(others, ways, strict=True)))
    assert {answer.status_code for answer in answers} == {303}
    assert await bank.pool.fetchval("SELECT count(*) FROM user_identities WHERE subject = $1", browser.subject) == 1
