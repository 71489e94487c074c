"""Second factors through HTTP against the real Postgres: every way in, and what must not let anybody in."""

import asyncio
import time
from typing import Any

import httpx
import pyotp
import pytest
from people import PASSWORD, Person, kind_of, login, register, sign_in
from running_gateway import RunningGateway, running, settings_for
from software_authenticator import PRESENT, SoftwareAuthenticator

from api.accounts.devices import COOKIE_PREFIX
from storage.audit import AuditFilter, AuditRepository

pytestmark = pytest.mark.asyncio(loop_scope="module")
ORIGIN = "http://localhost:8000"  # without a PUBLIC_URL
FINISH = "/auth/login/second-factor"
Pool = Any
ENROLLED_WITH: dict[str, str] = {}  # secret -> code


def code_of(secret: str, steps: int = 1) -> str:
    """The next step's code: the gateway takes it now, and still when the step changes meanwhile."""
    return pyotp.TOTP(secret).at(int(time.time()) + 30 * steps)


def wrong(secret: str) -> str:
    right = {code_of(secret, steps) for steps in range(-3, 4)}
    return next(code for code in (f"{number:06}" for number in range(100)) if code not in right)


async def enrol_totp(person: Person) -> tuple[str, list[str]]:
    """The secret and the recovery codes. The code of this step is used up, not the next one's."""
    begun = await person.call("POST", "/auth/factors/totp", {"name": "phone"})
    assert begun.status_code == 201, begun.text
    secret = begun.json()["secret"]
    path = f"/auth/factors/totp/{begun.json()['factor_id']}/confirm"
    code = ENROLLED_WITH[secret] = code_of(secret, 0)
    done = await person.call("POST", path, {"code": code})
    assert done.status_code == 200, done.text
    return secret, done.json()["recovery_codes"]


async def enrol_key(person: Person, key: SoftwareAuthenticator) -> httpx.Response:
    begun = (await person.call("POST", "/auth/factors/webauthn/begin")).json()
    body = {"challenge": begun["challenge"], "name": "blue key", "credential": key.create(begun["options"])}
    return await person.call("POST", "/auth/factors/webauthn", body)


async def challenge_of(gateway: RunningGateway, email: str) -> str:
    response = await login(gateway, email)
    assert kind_of(response) == (401, "second-factor-required"), response.text
    return response.json()["challenge"]


async def finish(gateway: RunningGateway, challenge: str, **given: Any) -> httpx.Response:
    return await gateway.http.post(FINISH, json={"challenge": challenge, **given})


async def options_for(gateway: RunningGateway, challenge: str) -> dict[str, Any]:
    response = await gateway.http.post("/auth/login/webauthn-options", json={"challenge": challenge})
    assert response.status_code == 200, response.text
    return response.json()["options"]


async def actions(pool: Pool, person: Person) -> list[str]:
    client_id = (await person.me())["client_id"]
    return [entry.action for entry in await AuditRepository(pool).page(client_id, AuditFilter())]


async def age(pool: Pool, person: Person) -> None:
    """Make the person's sessions old enough that they have to say once more who they are."""
    await pool.execute(
        "UPDATE user_sessions SET opened_at = opened_at - interval '6 minutes', proved_at = NULL"
        " WHERE user_id = (SELECT user_id FROM users WHERE email = $1)",
        person.email,
    )


async def test_enrolling_and_signing_in_with_a_code(gateway: RunningGateway, pool: Pool) -> None:
    person = await register(gateway)
    other = await sign_in(gateway, person.email)
    secret, codes = await enrol_totp(person)
    assert len(set(codes)) == 10
    assert (await other.call("GET", "/auth/me")).status_code == 401  # the other session ended
    listed = (await person.call("GET", "/auth/factors")).json()
    assert [(each["kind"], each["name"]) for each in listed["factors"]] == [("totp", "phone")]
    assert (listed["recovery_codes_left"], listed["required"]) == (10, False)
    assert secret not in str(listed)

    answer = await login(gateway, person.email)
    assert answer.json()["factors"] == ["totp", "recovery_code"]
    assert "access_token" not in answer.text
    done = await finish(gateway, answer.json()["challenge"], code=code_of(secret))
    assert done.status_code == 200, done.text
    assert any(name.startswith(COOKIE_PREFIX) for name in done.cookies)  # the device is known from now on
    again = Person(gateway, person.email, done.json())
    assert (await again.me())["scopes"] == ["admin", "cases", "read", "score"]
    assert (await actions(pool, again))[0] == "user.factor_added"


async def test_the_secret_is_nowhere_in_the_clear(gateway: RunningGateway, pool: Pool) -> None:
    person = await register(gateway)
    secret, codes = await enrol_totp(person)
    [row] = await pool.fetch(
        "SELECT sealed_secret FROM second_factors WHERE user_id = $1", (await person.me())["user_id"]
    )
    assert secret.encode() not in row["sealed_secret"]
    hashes = [r["code_hash"] for r in await pool.fetch("SELECT code_hash FROM recovery_codes")]
    assert all(code.encode() not in each for code in codes for each in hashes)


async def test_a_code_counts_once(gateway: RunningGateway) -> None:
    person = await register(gateway)
    secret, _ = await enrol_totp(person)
    again = await finish(gateway, await challenge_of(gateway, person.email), code=ENROLLED_WITH[secret])
    assert kind_of(again) == (401, "second-factor-wrong")
    challenges = [await challenge_of(gateway, person.email) for _ in range(4)]
    code = code_of(secret)
    answers = await asyncio.gather(*(finish(gateway, challenge, code=code) for challenge in challenges))
    assert [answer.status_code for answer in answers].count(200) == 1
    assert {answer.status_code for answer in answers} <= {200, 401, 429}


async def test_a_challenge_counts_once(gateway: RunningGateway) -> None:
    person = await register(gateway)
    secret, codes = await enrol_totp(person)
    challenge = await challenge_of(gateway, person.email)
    answers = await asyncio.gather(*(finish(gateway, challenge, recovery_code=code) for code in codes[:3]))
    assert sorted(answer.status_code for answer in answers)[0] == 200
    assert [answer.status_code for answer in answers].count(200) == 1
    assert kind_of(await finish(gateway, challenge, code=code_of(secret))) == (410, "token-spent")


async def test_a_challenge_ends_after_five_attempts_and_the_user_waits(gateway: RunningGateway, pool: Pool) -> None:
    person = await register(gateway)
    secret, _ = await enrol_totp(person)
    key = SoftwareAuthenticator(ORIGIN)
    assert (await enrol_key(person, key)).status_code == 201
    challenge = await challenge_of(gateway, person.email)
    for _ in range(5):
        assert (await finish(gateway, challenge, code=wrong(secret))).status_code == 401
    assert kind_of(await finish(gateway, challenge, code=code_of(secret)))[0] == 410
    sixth = await finish(gateway, await challenge_of(gateway, person.email), code=wrong(secret))
    assert sixth.status_code == 401
    # The sixth guess has begun a wait of two seconds; made longer here, for a machine that is slow.
    await pool.execute(
        "UPDATE sign_in_failures SET blocked_until = blocked_until + interval '1 minute' WHERE failures > 5"
    )
    refused = await finish(gateway, await challenge_of(gateway, person.email), code=code_of(secret))
    assert kind_of(refused) == (429, "too-many-attempts")
    assert int(refused.headers["retry-after"]) >= 1
    assert (await actions(pool, person)).count("user.second_factor_failed") == 6
    # Somebody who guesses codes cannot keep the owner out who has a key.
    challenge = await challenge_of(gateway, person.email)
    done = await finish(gateway, challenge, credential=key.get(await options_for(gateway, challenge)))
    assert done.status_code == 200, done.text


async def test_many_guesses_at_once_are_bounded_too(gateway: RunningGateway) -> None:
    person = await register(gateway)
    secret, _ = await enrol_totp(person)
    challenges = [await challenge_of(gateway, person.email) for _ in range(6)]
    guesses = [finish(gateway, each, code=wrong(secret)) for each in challenges for _ in range(5)]
    looked_at = [answer.status_code for answer in await asyncio.gather(*guesses)].count(401)
    assert looked_at <= 6


async def test_a_challenge_that_is_over(gateway: RunningGateway, pool: Pool) -> None:
    person = await register(gateway)
    secret, _ = await enrol_totp(person)
    challenge = await challenge_of(gateway, person.email)
    await pool.execute(
        "UPDATE factor_challenges SET expires_at = now() WHERE user_id = $1", (await person.me())["user_id"]
    )
    assert kind_of(await finish(gateway, challenge, code=code_of(secret))) == (410, "token-spent")


async def test_another_users_challenge_is_no_use(gateway: RunningGateway) -> None:
    owner, thief = await register(gateway), await register(gateway)
    colleague = await owner.invite("analyst")
    await enrol_totp(owner)
    key = SoftwareAuthenticator(ORIGIN)
    assert (await enrol_key(owner, SoftwareAuthenticator(ORIGIN))).status_code == 201
    for person in (thief, colleague):  # of another client, and of the same
        secret, codes = await enrol_totp(person)
        key = SoftwareAuthenticator(ORIGIN)
        assert (await enrol_key(person, key)).status_code == 201
        stolen = await challenge_of(gateway, owner.email)
        options = await options_for(gateway, stolen)
        assert (await finish(gateway, stolen, credential=key.get(options))).status_code == 401
        assert (await finish(gateway, stolen, recovery_code=codes[0])).status_code == 401
        assert (await finish(gateway, stolen, code=code_of(secret))).status_code == 401


async def test_a_password_that_changes_ends_a_half_done_sign_in(gateway: RunningGateway) -> None:
    person = await register(gateway)
    secret, _ = await enrol_totp(person)
    challenge = await challenge_of(gateway, person.email)
    body = {"current_password": PASSWORD, "new_password": "tuesdays read no giraffes"}
    assert (await person.call("POST", "/auth/password", body)).status_code == 204
    assert (await finish(gateway, challenge, code=code_of(secret))).status_code == 410


async def test_a_challenge_for_tokens_opens_no_browser_and_the_other_way_round(gateway: RunningGateway) -> None:
    person = await register(gateway)
    secret, _ = await enrol_totp(person)
    origin = {"Origin": f"http://{gateway.address}"}
    body = {"email": person.email, "password": PASSWORD}
    of_browser = await gateway.http.post("/sign-in", json=body, headers=origin)
    assert kind_of(of_browser) == (401, "second-factor-required")
    assert "set-cookie" not in of_browser.headers
    challenge = of_browser.json()["challenge"]
    assert (await finish(gateway, challenge, code=code_of(secret))).status_code == 410
    given = {"challenge": await challenge_of(gateway, person.email), "code": code_of(secret)}
    assert (await gateway.http.post("/sign-in/second-factor", json=given, headers=origin)).status_code == 410
    given["challenge"] = challenge
    assert (await gateway.http.post("/sign-in/second-factor", json=given)).status_code == 403  # a foreign page
    done = await gateway.http.post("/sign-in/second-factor", json=given, headers=origin)
    assert done.status_code == 204, done.text
    cookie = {"Cookie": done.headers["set-cookie"].partition(";")[0]}
    gateway.http.cookies.clear()
    assert (await gateway.http.get("/v1/session", headers=cookie)).json()["via"] == "session"


async def test_a_recovery_code_works_once_and_they_can_be_renewed(gateway: RunningGateway, pool: Pool) -> None:
    person = await register(gateway)
    _, codes = await enrol_totp(person)
    typed = codes[0].upper().replace("-", " ")
    done = await finish(gateway, await challenge_of(gateway, person.email), recovery_code=typed)
    assert done.status_code == 200, done.text
    person = Person(gateway, person.email, done.json())
    assert (await finish(gateway, await challenge_of(gateway, person.email), recovery_code=codes[0])).status_code == 401
    assert (await person.call("GET", "/auth/factors")).json()["recovery_codes_left"] == 9
    renewed = await person.call("POST", "/auth/factors/recovery-codes")
    assert renewed.status_code == 201
    assert (await finish(gateway, await challenge_of(gateway, person.email), recovery_code=codes[1])).status_code == 401
    new = renewed.json()["recovery_codes"]
    assert (await finish(gateway, await challenge_of(gateway, person.email), recovery_code=new[1])).status_code == 200
    assert {"user.recovery_codes_renewed", "user.recovery_code_used"} <= set(await actions(pool, person))


async def test_signing_in_with_a_security_key(gateway: RunningGateway) -> None:
    person = await register(gateway)
    key = SoftwareAuthenticator(ORIGIN)
    enrolled = await enrol_key(person, key)
    assert enrolled.status_code == 201, enrolled.text
    assert len(enrolled.json()["recovery_codes"]) == 10
    challenge = await challenge_of(gateway, person.email)
    assertion = key.get(await options_for(gateway, challenge))
    assert (await finish(gateway, challenge, credential=assertion)).status_code == 200
    assert (await finish(gateway, challenge, credential=assertion)).status_code == 410
    challenge = await challenge_of(gateway, person.email)
    await options_for(gateway, challenge)
    assert (await finish(gateway, challenge, credential=assertion)).status_code == 401  # signed another challenge


async def test_a_key_that_counts_backwards_is_a_copy(gateway: RunningGateway) -> None:
    person = await register(gateway)
    key = SoftwareAuthenticator(ORIGIN)
    key.count = 7
    assert (await enrol_key(person, key)).status_code == 201
    key.count = 6  # the next assertion says 7 again
    challenge = await challenge_of(gateway, person.email)
    answer = await finish(gateway, challenge, credential=key.get(await options_for(gateway, challenge)))
    assert kind_of(answer) == (401, "second-factor-wrong")
    answer = await finish(gateway, challenge, credential=key.get(await options_for(gateway, challenge)))
    assert answer.status_code == 200


async def test_a_key_that_does_not_count_still_works(gateway: RunningGateway) -> None:
    person = await register(gateway)
    key = SoftwareAuthenticator(ORIGIN, counts=False)
    assert (await enrol_key(person, key)).status_code == 201
    for _ in range(2):
        challenge = await challenge_of(gateway, person.email)
        answer = await finish(gateway, challenge, credential=key.get(await options_for(gateway, challenge)))
        assert answer.status_code == 200


async def test_what_an_authenticator_signed_for_another_site_or_attempt(gateway: RunningGateway) -> None:
    person = await register(gateway)
    for elsewhere in (SoftwareAuthenticator("https://evil.example"), SoftwareAuthenticator(ORIGIN, "evil.example")):
        assert kind_of(await enrol_key(person, elsewhere)) == (401, "second-factor-wrong")
    key = SoftwareAuthenticator(ORIGIN)
    assert (await enrol_key(person, key)).status_code == 201
    assert kind_of(await enrol_key(person, key))[0] == 409  # twice
    challenge = await challenge_of(gateway, person.email)
    options = await options_for(gateway, challenge)
    key.origin = "http://localhost:9000"
    assert (await finish(gateway, challenge, credential=key.get(options))).status_code == 401
    key.origin = ORIGIN
    assert (await finish(gateway, challenge, credential=key.get(options))).status_code == 401  # given out once
    for nonsense in ({}, {"id": 1}, {"id": "a", "rawId": "a", "type": "public-key", "response": {"x": [1]}}):
        given = await challenge_of(gateway, person.email)
        await options_for(gateway, given)
        assert (await finish(gateway, given, credential=nonsense)).status_code == 401


async def test_a_registration_belongs_to_its_session(gateway: RunningGateway) -> None:
    owner, thief = await register(gateway), await register(gateway)
    begun = (await owner.call("POST", "/auth/factors/webauthn/begin")).json()
    body = {"challenge": begun["challenge"], "credential": SoftwareAuthenticator(ORIGIN).create(begun["options"])}
    same = await sign_in(gateway, owner.email)
    for person in (thief, same):
        assert kind_of(await person.call("POST", "/auth/factors/webauthn", body)) == (410, "token-spent")
    begun = await owner.call("POST", "/auth/factors/totp", {})
    path = f"/auth/factors/totp/{begun.json()['factor_id']}/confirm"
    assert (await thief.call("POST", path, {"code": code_of(begun.json()["secret"])})).status_code == 404


async def test_user_verification_can_be_required(database_url: str) -> None:
    settings = settings_for(database_url, webauthn_user_verification="required", public_url="https://localhost")
    async with running(settings) as gateway:
        person = await register(gateway)
        touched = SoftwareAuthenticator("https://localhost", flags=PRESENT)
        assert (await enrol_key(person, touched)).status_code == 401
        assert (await enrol_key(person, SoftwareAuthenticator("https://localhost"))).status_code == 201


async def test_changes_ask_for_a_fresh_proof(gateway: RunningGateway, pool: Pool) -> None:
    person = await register(gateway)
    secret, _ = await enrol_totp(person)
    [factor] = (await person.call("GET", "/auth/factors")).json()["factors"]
    changes = (
        ("DELETE", f"/auth/factors/{factor['factor_id']}", None),
        ("POST", "/auth/factors/recovery-codes", None),
        ("POST", "/auth/factors/totp", {}),
        ("POST", "/auth/factors/webauthn/begin", None),
        ("PUT", "/v1/sign-in-policy", {"second_factor_roles": ["admin"]}),
    )
    await age(pool, person)
    for method, path, body in changes:
        assert kind_of(await person.call(method, path, body)) == (403, "proof-required"), path
    assert (await person.call("POST", "/auth/confirm", {"password": "not this one"})).status_code == 401
    assert (await person.call("POST", "/auth/confirm", {"code": wrong(secret)})).status_code == 401
    assert (await person.call("POST", "/auth/confirm", {"password": PASSWORD, "code": "123456"})).status_code == 422
    assert (await person.call("POST", "/auth/confirm", {})).status_code == 422
    code = code_of(secret)
    assert (await person.call("POST", "/auth/confirm", {"code": code})).status_code == 204
    assert (await person.call("POST", "/auth/confirm", {"code": code})).status_code == 401  # it counted
    assert (await person.call("POST", "/auth/factors/totp", {})).status_code == 201
    await age(pool, person)
    assert (await person.call("POST", "/auth/confirm", {"password": PASSWORD})).status_code == 204
    assert (await person.call("DELETE", f"/auth/factors/{factor['factor_id']}")).status_code == 204
    assert (await login(gateway, person.email)).status_code == 200
    assert "user.factor_removed" in await actions(pool, person)
    assert (await person.call("GET", "/auth/factors")).json() == {
        "factors": [],
        "recovery_codes_left": 0,
        "required": False,
    }


async def test_a_factor_of_somebody_else_cannot_be_removed(gateway: RunningGateway) -> None:
    owner, thief = await register(gateway), await register(gateway)
    await enrol_totp(owner)
    [factor] = (await owner.call("GET", "/auth/factors")).json()["factors"]
    assert (await thief.call("DELETE", f"/auth/factors/{factor['factor_id']}")).status_code == 404
    assert len((await owner.call("GET", "/auth/factors")).json()["factors"]) == 1


async def test_a_policy_lets_users_without_a_factor_only_enrol(gateway: RunningGateway, pool: Pool, make_key) -> None:
    admin = await register(gateway)
    analyst, viewer = await admin.invite("analyst"), await admin.invite("viewer")
    client_id = (await admin.me())["client_id"]
    key = {"X-API-Key": await make_key(client_id)}
    assert kind_of(await analyst.call("PUT", "/v1/sign-in-policy", {"second_factor_roles": []}))[0] == 403
    by_key = await gateway.http.put("/v1/sign-in-policy", json={"second_factor_roles": []}, headers=key)
    assert kind_of(by_key) == (403, "forbidden")
    answer = await admin.call("PUT", "/v1/sign-in-policy", {"second_factor_roles": ["analyst"]})
    assert (answer.status_code, answer.json()["users_without_factor"]) == (200, 3)
    assert (await actions(pool, admin))[0] == "sign_in_policy.changed"

    # The session that is open, and a new one: nothing but enrolment. Others, and keys, are not concerned.
    for person in (analyst, await sign_in(gateway, analyst.email)):
        assert (await person.me())["scopes"] == []
        for method, path in (("GET", "/v1/alerts"), ("GET", "/v1/session"), ("POST", "/v1/alerts/stream/ticket")):
            assert kind_of(await person.call(method, path)) == (403, "enrolment-required"), path
        assert (await person.call("GET", "/auth/factors")).json()["required"] is True
    assert (await viewer.call("GET", "/v1/alerts")).status_code == 200
    assert (await gateway.http.get("/v1/alerts", headers=key)).status_code == 200

    await enrol_totp(analyst)
    assert (await analyst.me())["scopes"] == ["cases", "read"]
    [factor] = (await analyst.call("GET", "/auth/factors")).json()["factors"]
    assert (await analyst.call("DELETE", f"/auth/factors/{factor['factor_id']}")).status_code == 204
    assert (await analyst.me())["scopes"] == []


async def test_secrets_outlive_a_change_of_the_secret_key(database_url: str, pool: Pool) -> None:
    async with running(settings_for(database_url)) as before:
        person = await register(before)
        secret, codes = await enrol_totp(person)
    old = before.parts.settings.secret_key.get_secret_value()
    changed = {"secret_key": "another-secret-for-tests-9876543210-abcdefg"}
    async with running(settings_for(database_url, secret_key_previous=old, **changed)) as between:
        for given in ({"code": code_of(secret)}, {"recovery_code": codes[0]}):
            assert (await finish(between, await challenge_of(between, person.email), **given)).status_code == 200
    await pool.execute("UPDATE second_factors SET last_step = NULL")  # the test does not wait for another step
    async with running(settings_for(database_url, **changed)) as after:
        challenge = await challenge_of(after, person.email)
        done = await finish(after, challenge, code=code_of(secret))  # sealed under the new key at its use
        assert done.status_code == 200, done.text
        listed = (await Person(after, person.email, done.json()).call("GET", "/auth/factors")).json()
        assert listed["recovery_codes_left"] == 0  # made under a key that is gone
