"""Who may do what, with which credentials."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from itertools import product

import asyncpg
from running_gateway import SECRET, RunningGateway

from api.keyring import Keyring
from api.keys import SCOPE_SCORE, hash_key, hash_sign_in_token, new_token
from api.sessions import COOKIE, SESSION_S, Sessions
from storage.api_keys import ApiKeyRepository
from storage.sign_in_links import SignInLinkRepository

AN_ALERT = "/v1/alerts/00000000-0000-0000-0000-000000000000"
GUARDED = ["/v1/alerts", AN_ALERT, "/v1/transactions/x", "/v1/stream", "/v1/session"]
OPEN = ["/", "/livez", "/readyz", "/v1/health", "/metrics", "/docs", "/redoc", "/openapi.json"]


def session_cookie(cookie: str | None = None) -> dict[str, str]:
    return {"cookie": f"{COOKIE}={cookie or Sessions(Keyring(SECRET)).issue(1)}"}


async def new_link(pool: "asyncpg.Pool[asyncpg.Record]", client_id: int = 1, *, minutes: float = 5) -> str:
    token = new_token()
    expires_at = datetime.now(UTC) + timedelta(minutes=minutes)
    await SignInLinkRepository(pool).create(hash_sign_in_token(SECRET, token), client_id, expires_at)
    return token


INVALID: list[dict[str, str]] = [
    {},
    {"X-API-Key": ""},
    {"X-API-Key": "rsk_wrong"},
    {"X-API-Key": "k" * 10_000},
    {"Authorization": "Bearer rsk_wrong"},
    {"Authorization": "Bearer"},
    {"Authorization": "Basic cnNrOng="},
    {"cookie": f"{COOKIE}=a.b.c"},
]


async def test_open_to_anybody(gateway: RunningGateway) -> None:
    async with asyncio.timeout(60):
        while (await gateway.http.get("/readyz")).status_code == 503:  # noqa: ASYNC110 - scoring warms up
            await asyncio.sleep(0.05)
    for path in OPEN:
        assert (await gateway.http.get(path)).status_code == 200, path


async def test_without_valid_credentials(gateway: RunningGateway) -> None:
    for path, headers in product(GUARDED, INVALID):
        response = await gateway.http.get(path, headers=headers)
        assert response.status_code == 401, (path, headers)
        assert response.headers["www-authenticate"].startswith("Bearer")
        assert response.json()["type"] == "urn:riskstream:problem:not-authenticated"


async def test_a_key_in_either_header(gateway: RunningGateway, key: str) -> None:
    owner = {
        "client_id": 1,
        "client_name": "Demo",
        "via": "key",
        "scopes": ["admin", "cases", "read", "score"],
        "expires_at": None,
    }
    for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {key}"}, {"Authorization": f"bearer {key}"}):
        assert (await gateway.http.get("/v1/session", headers=headers)).json() == owner


async def test_a_key_without_the_scope(gateway: RunningGateway, make_key) -> None:
    headers = {"X-API-Key": await make_key(scopes=(SCOPE_SCORE,))}
    response = await gateway.http.get("/v1/alerts", headers=headers)
    assert (response.status_code, response.json()["type"]) == (403, "urn:riskstream:problem:forbidden")


async def test_a_revoked_key_opens_nothing(gateway: RunningGateway, pool, key: str) -> None:
    stored = await ApiKeyRepository(pool).find(hash_key(SECRET, key))
    assert stored is not None
    await ApiKeyRepository(pool).revoke(stored.api_key_id)
    assert (await gateway.http.get("/v1/alerts", headers={"X-API-Key": key})).status_code == 401


async def test_a_link_signs_a_browser_in_once(gateway: RunningGateway, pool) -> None:
    token = await new_link(pool)
    first = await gateway.http.get("/sign-in", params={"token": token})
    assert (first.status_code, first.headers["location"]) == (303, "/")
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert f"Max-Age={SESSION_S}" in cookie
    assert (await gateway.http.get("/v1/session")).json()["via"] == "session"  # the client kept the cookie

    again = await gateway.http.get("/sign-in", params={"token": token})
    assert again.status_code == 303  # the same browser is signed in already
    gateway.http.cookies.clear()
    elsewhere = await gateway.http.get("/sign-in", params={"token": token})
    assert elsewhere.status_code == 410
    assert "riskstream sign-in" in elsewhere.text
    assert "set-cookie" not in elsewhere.headers


async def test_a_link_that_never_was(gateway: RunningGateway) -> None:
    for token in ("", "unknown", "x" * 256):
        assert (await gateway.http.get("/sign-in", params={"token": token})).status_code == 410


async def test_a_link_whose_time_is_over(gateway: RunningGateway, pool) -> None:
    token = await new_link(pool, minutes=-1)
    assert (await gateway.http.get("/sign-in", params={"token": token})).status_code == 410


async def test_a_browser_that_looks_ahead_does_not_use_a_link_up(gateway: RunningGateway, pool) -> None:
    token = await new_link(pool)
    ahead = await gateway.http.get("/sign-in", params={"token": token}, headers={"Sec-Purpose": "prefetch;prerender"})
    assert ahead.status_code == 503
    assert (await gateway.http.get("/sign-in", params={"token": token})).status_code == 303


async def test_a_key_signs_a_browser_in_and_out(gateway: RunningGateway, pool, key: str) -> None:
    own_page = {"origin": f"http://{gateway.address}"}
    assert (await gateway.http.post("/sign-in", json={"api_key": key}, headers=own_page)).status_code == 204
    assert (await gateway.http.get("/v1/alerts")).status_code == 200
    stored = await ApiKeyRepository(pool).find(hash_key(SECRET, key))
    assert stored is not None
    await ApiKeyRepository(pool).revoke(stored.api_key_id)
    assert (await gateway.http.get("/v1/alerts")).status_code == 401  # the session ends with its key
    assert (await gateway.http.post("/sign-out", headers=own_page)).status_code == 204
    assert not gateway.http.cookies


async def test_only_our_page_signs_in_by_key(gateway: RunningGateway, key: str) -> None:
    elsewhere: list[dict[str, str]] = [{}, {"origin": "https://evil.example"}, {"origin": "null"}]
    for headers in elsewhere:
        assert (await gateway.http.post("/sign-in", json={"api_key": key}, headers=headers)).status_code == 403


async def test_a_wrong_key_does_not_sign_in(gateway: RunningGateway) -> None:
    own_page = {"origin": f"http://{gateway.address}"}
    response = await gateway.http.post("/sign-in", json={"api_key": "rsk_wrong"}, headers=own_page)
    assert (response.status_code, "set-cookie" in response.headers) == (401, False)


async def test_a_session_that_is_over(gateway: RunningGateway) -> None:
    old = Sessions(Keyring(SECRET), lambda: time.time() - SESSION_S - 1).issue(1)
    assert (await gateway.http.get("/v1/alerts", headers=session_cookie(old))).status_code == 401


async def test_a_session_asks_for_a_ticket_from_our_page_only(gateway: RunningGateway) -> None:
    path, cookie = "/v1/alerts/stream/ticket", session_cookie()
    assert (await gateway.http.post(path, headers=cookie)).status_code == 403
    for origin in ("https://evil.example", "http://127.0.0.1:1", "null", f"http://{gateway.address}.evil.example"):
        assert (await gateway.http.post(path, headers=cookie | {"origin": origin})).status_code == 403
    own_page = {"origin": f"http://{gateway.address}"}
    assert (await gateway.http.post(path, headers=cookie | own_page)).status_code == 201


async def test_a_key_needs_no_origin_for_a_ticket(gateway: RunningGateway, key: str) -> None:
    response = await gateway.http.post("/v1/alerts/stream/ticket", headers={"X-API-Key": key})
    assert response.status_code == 201
    assert response.json()["expires_in_s"] == 30
