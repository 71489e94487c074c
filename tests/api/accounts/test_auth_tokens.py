"""Forged, foreign and stale tokens: each answers 401, and SECRET_KEY can be changed without locking anybody out."""

import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from people import Person, kind_of, register
from running_gateway import SECRET, RunningGateway, running, settings_for

from api.accounts.access_tokens import ACCESS_TOKEN_S, AUDIENCE, AccessTokens
from api.keyring import ALGORITHM, ISSUER, Keyring
from api.keys import derive, hash_key
from api.sessions import COOKIE
from storage.api_keys import ApiKeyRepository

pytestmark = pytest.mark.asyncio(loop_scope="module")
MakeKey = Callable[..., Awaitable[str]]
NEW_SECRET = "another-secret-for-tests-and-nothing-else-9876543210"
RIGHT = derive(SECRET, "access-token")
KEY_ID = derive(SECRET, "key-id").hex()[:16]


def forged(
    person_claims: dict[str, Any],
    secret: bytes | str | None = RIGHT,
    algorithm: str = ALGORITHM,
    headers: dict[str, Any] | None = None,
    **changes: object,
) -> str:
    """A token like the gateway's own, but for the changes; None takes a claim away."""
    claims = {name: value for name, value in (person_claims | changes).items() if value is not None}
    return jwt.encode(claims, secret, algorithm, headers={"kid": KEY_ID} if headers is None else headers)


def claims_of(person: Person) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(person.tokens["access_token"], options={"verify_signature": False})
    return claims


async def status_of(gateway: RunningGateway, token: str) -> int:
    for headers in ({"Authorization": f"Bearer {token}"}, {"X-API-Key": token}):
        response = await gateway.http.get("/auth/me", headers=headers)
        if response.status_code != 401:
            return response.status_code
        assert kind_of(response) == (401, "not-authenticated")
    return 401


async def test_what_a_token_holds(gateway: RunningGateway) -> None:
    person = await register(gateway)
    claims = claims_of(person)
    assert set(claims) == {"iss", "aud", "sub", "sid", "iat", "exp"}  # nothing that a reader could learn from
    assert (claims["iss"], claims["aud"]) == (ISSUER, AUDIENCE)
    assert claims["exp"] - claims["iat"] == ACCESS_TOKEN_S
    assert jwt.get_unverified_header(person.tokens["access_token"])["alg"] == ALGORITHM
    assert await status_of(gateway, forged(claims)) == 200  # so that what follows fails for the reason it names


async def test_attacks_on_tokens(gateway: RunningGateway) -> None:
    person, other = await register(gateway), await register(gateway)
    claims, foreign = claims_of(person), claims_of(other)
    token = person.tokens["access_token"]
    head, body, signature = token.split(".")
    now = int(time.time())
    attacks = {
        "unsigned": forged(claims, None, "none"),
        "unsigned, by hand": f"{jwt.encode(claims, None, 'none').split('.')[0]}.{body}.",
        "signature taken off": f"{head}.{body}.",
        "signature changed": f"{head}.{body}.{signature[:-4]}AAAA",
        "body exchanged": f"{head}.{other.tokens['access_token'].split('.')[1]}.{signature}",
        "another algorithm": forged(claims, RIGHT + RIGHT, "HS512"),
        "another secret": forged(claims, derive("guessed", "access-token")),
        "the secret itself": forged(claims, SECRET),
        "a key of another purpose": forged(claims, derive(SECRET, "console-session")),
        "no key id": forged(claims, headers={}),
        "unknown key id": forged(claims, headers={"kid": "0" * 16}),
        "key id of another type": forged(claims, headers={"kid": "../../etc/passwd"}),
        "over": forged(claims, exp=now - 1),
        "no expiry": forged(claims, exp=None),
        "expiry of another type": forged(claims, exp="tomorrow"),
        "another audience": forged(claims, aud="riskstream-console"),
        "no audience": forged(claims, aud=None),
        "another issuer": forged(claims, iss="elsewhere"),
        "no issuer": forged(claims, iss=None),
        "another user": forged(claims, sub=foreign["sub"]),
        "another user's session": forged(claims, sid=foreign["sid"]),
        "no user": forged(claims, sub=None),
        "a user that is no number": forged(claims, sub="admin"),
        "no session": forged(claims, sid=None),
        "a session that never was": forged(claims, sid=str(uuid4())),
        "a session that is no id": forged(claims, sid="'; DROP TABLE users"),
        "too long": forged(claims, note="x" * 5000),
        "no token": "a.b.c",
    }
    for name, attack in attacks.items():
        assert await status_of(gateway, attack) == 401, name


async def test_a_token_is_no_cookie_and_a_cookie_no_token(gateway: RunningGateway) -> None:
    person = await register(gateway)
    cookie = gateway.parts.sessions.issue(1)
    assert await status_of(gateway, cookie) == 401
    response = await gateway.http.get("/v1/session", headers={"cookie": f"{COOKIE}={person.tokens['access_token']}"})
    assert response.status_code == 401


async def test_a_token_ends_when_its_time_is_over(gateway: RunningGateway) -> None:
    person = await register(gateway)
    session_id = UUID(claims_of(person)["sid"])
    user_id = int(claims_of(person)["sub"])
    late = AccessTokens(Keyring(SECRET), lambda: time.time() - ACCESS_TOKEN_S - 1)
    assert await status_of(gateway, late.issue(user_id, session_id)) == 401
    assert await status_of(gateway, AccessTokens(Keyring(SECRET)).issue(user_id, session_id)) == 200


async def test_a_new_secret_key_takes_nothing_from_anybody_while_the_old_one_is_named(
    gateway: RunningGateway, database_url: str, pool, make_key: MakeKey
) -> None:
    person, key = await register(gateway), await make_key()
    cookie = {"cookie": f"{COOKIE}={gateway.parts.sessions.issue(1)}"}
    changed = settings_for(database_url, secret_key=NEW_SECRET, secret_key_previous=f" {SECRET} , older")
    async with running(changed) as second:
        await Person(second, person.email, person.tokens).me()
        body = {"refresh_token": person.tokens["refresh_token"]}
        renewed = await second.http.post("/auth/refresh", json=body)
        assert renewed.status_code == 200
        assert (await second.http.get("/v1/session", headers=cookie)).status_code == 200
        assert (await second.http.get("/v1/session", headers={"X-API-Key": key})).status_code == 200
        assert await ApiKeyRepository(pool).find(hash_key(NEW_SECRET, key)) is not None  # hashed anew at its first use
        assert await ApiKeyRepository(pool).find(hash_key(SECRET, key)) is None
    async with running(settings_for(database_url, secret_key=NEW_SECRET)) as third:
        assert (await third.http.get("/v1/session", headers={"X-API-Key": key})).status_code == 200
        await Person(third, person.email, renewed.json()).me()
        assert (await Person(third, person.email, person.tokens).call("GET", "/auth/me")).status_code == 401
        assert (await third.http.get("/v1/session", headers=cookie)).status_code == 401


async def test_strange_credentials_are_refused(gateway: RunningGateway) -> None:
    for token in ("rsk_a.b.c", "..", "a.b.c.d", "é.é.é"):
        headers = {"Authorization": b"Bearer " + token.encode()}
        assert (await gateway.http.get("/v1/session", headers=headers)).status_code == 401, token
