"""API keys through HTTP: made, shown once, listed, rotated, revoked."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from people import PASSWORD, Person, kind_of, new_email, register
from running_gateway import RunningGateway

from storage.audit import AuditFilter, AuditRepository

pytestmark = pytest.mark.asyncio(loop_scope="module")
MakeKey = Callable[..., Awaitable[str]]


async def made(admin: Person, **body: object) -> dict:
    response = await admin.call("POST", "/v1/api-keys", {"name": "checkout", "scopes": ["read"], **body})
    assert response.status_code == 201, response.text
    return response.json()


async def opens(gateway: RunningGateway, key: str) -> bool:
    return (await gateway.http.get("/v1/session", headers={"X-API-Key": key})).status_code == 200


async def test_a_key_is_shown_once_and_opens_what_its_scopes_say(gateway: RunningGateway) -> None:
    admin = await register(gateway)
    shown = await made(admin, scopes=["read", "read"])
    assert shown["key"].startswith(shown["prefix"])
    session = (await gateway.http.get("/v1/session", headers={"X-API-Key": shown["key"]})).json()
    assert (session["client_id"], session["scopes"]) == (admin.tokens["client_id"], ["read"])
    [listed] = (await admin.call("GET", "/v1/api-keys")).json()["items"]
    assert listed == {name: value for name, value in shown.items() if name != "key"} | {
        "last_used_at": listed["last_used_at"]
    }
    assert (await gateway.http.get("/v1/api-keys", headers={"X-API-Key": shown["key"]})).status_code == 403


async def test_a_revoked_key(gateway: RunningGateway) -> None:
    admin = await register(gateway)
    shown = await made(admin)
    path = f"/v1/api-keys/{shown['api_key_id']}"
    other = await register(gateway)
    assert (await other.call("DELETE", path)).status_code == 404
    assert (await other.call("POST", f"{path}/rotate")).status_code == 404
    assert await opens(gateway, shown["key"])
    assert (await admin.call("DELETE", path)).status_code == 204
    assert not await opens(gateway, shown["key"])
    assert (await admin.call("DELETE", path)).status_code == 404
    assert (await admin.call("POST", f"{path}/rotate")).status_code == 404


async def test_a_revoked_keys_open_invitations_end_with_it(gateway: RunningGateway) -> None:
    admin = await register(gateway)
    keys = [await made(admin, scopes=["read", "score", "cases", "admin"]) for _ in range(2)]
    invited = [
        await gateway.http.post(
            "/v1/users/invitations",
            json={"email": new_email(), "role": "admin"},
            headers={"X-API-Key": each["key"]},
        )
        for each in keys
    ]
    assert (await admin.call("DELETE", f"/v1/api-keys/{keys[0]['api_key_id']}")).status_code == 204
    body = {"token": invited[0].json()["token"], "name": "Somebody", "password": PASSWORD}
    refused = await gateway.http.post("/auth/invitations/accept", json=body)
    assert kind_of(refused) == (410, "token-spent")
    accepted = await gateway.http.post("/auth/invitations/accept", json=body | {"token": invited[1].json()["token"]})
    assert accepted.status_code == 201


async def test_a_rotated_key_stays_valid_for_the_overlap(gateway: RunningGateway, pool) -> None:
    admin = await register(gateway)
    old = await made(admin, scopes=["read", "cases"])
    answer = await admin.call("POST", f"/v1/api-keys/{old['api_key_id']}/rotate", {"overlap_s": 3600})
    assert answer.status_code == 201
    new = answer.json()
    assert (new["name"], new["scopes"], new["expires_at"]) == (old["name"], old["scopes"], None)
    assert await opens(gateway, old["key"])
    assert await opens(gateway, new["key"])
    ends = {key["api_key_id"]: key["expires_at"] for key in (await admin.call("GET", "/v1/api-keys")).json()["items"]}
    left = datetime.fromisoformat(ends[old["api_key_id"]]) - datetime.now(UTC)
    assert timedelta(minutes=55) < left <= timedelta(hours=1)
    await pool.execute("UPDATE api_keys SET expires_at = now() WHERE api_key_id = $1", old["api_key_id"])
    assert not await opens(gateway, old["key"])  # the overlap is over


async def test_a_key_that_is_rotated_at_once(gateway: RunningGateway) -> None:
    admin = await register(gateway)
    old = await made(admin)
    answer = await admin.call("POST", f"/v1/api-keys/{old['api_key_id']}/rotate", {"overlap_s": 0})
    assert not await opens(gateway, old["key"])
    assert await opens(gateway, answer.json()["key"])


async def test_of_concurrent_rotations_at_once_one_succeeds(gateway: RunningGateway) -> None:
    admin = await register(gateway)
    path = f"/v1/api-keys/{(await made(admin))['api_key_id']}/rotate"
    answers = await asyncio.gather(*(admin.call("POST", path, {"overlap_s": 0}) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 404, 404, 404, 404]


async def test_a_key_that_expires(gateway: RunningGateway, pool) -> None:
    admin = await register(gateway)
    shown = await made(admin, expires_in_days=30)
    left = datetime.fromisoformat(shown["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=29) < left <= timedelta(days=30)
    renewed = (await admin.call("POST", f"/v1/api-keys/{shown['api_key_id']}/rotate")).json()
    left = datetime.fromisoformat(renewed["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=29) < left <= timedelta(days=30)  # the same lifetime again
    await pool.execute("UPDATE api_keys SET expires_at = now() WHERE api_key_id = $1", renewed["api_key_id"])
    assert not await opens(gateway, renewed["key"])


async def test_a_key_makes_no_key_that_may_do_more(gateway: RunningGateway, make_key: MakeKey) -> None:
    admin_only = {"X-API-Key": await make_key(scopes=("admin", "score"))}
    for scopes, status in ((["score"], 201), (["admin", "score"], 201), (["read"], 403), (["score", "cases"], 403)):
        body = {"name": "n", "scopes": scopes}
        response = await gateway.http.post("/v1/api-keys", json=body, headers=admin_only)
        assert response.status_code == status, scopes
    stronger = await gateway.http.post(
        "/v1/api-keys", json={"name": "n", "scopes": ["read"]}, headers={"X-API-Key": await make_key()}
    )
    path = f"/v1/api-keys/{stronger.json()['api_key_id']}/rotate"
    assert kind_of(await gateway.http.post(path, headers=admin_only)) == (403, "forbidden")


REFUSED: list[dict[str, object]] = [
    {"name": ""},
    {"name": "a\x00b"},
    {"scopes": []},
    {"scopes": ["everything"]},
    {"scopes": "read"},
    {"expires_in_days": 0},
    {"expires_in_days": 10**9},
    {"client_id": 1},
]


async def test_a_key_that_is_refused(gateway: RunningGateway, key: str) -> None:
    for change in REFUSED:
        body = {"name": "checkout", "scopes": ["read"], **change}
        response = await gateway.http.post("/v1/api-keys", json=body, headers={"X-API-Key": key})
        assert response.status_code == 422, change


async def test_the_last_use_of_a_key_is_noted(gateway: RunningGateway) -> None:
    admin = await register(gateway)
    shown = await made(admin)
    assert shown["last_used_at"] is None
    assert await opens(gateway, shown["key"])
    await gateway.parts.accounts.key_use.write()
    [listed] = (await admin.call("GET", "/v1/api-keys")).json()["items"]
    assert listed["last_used_at"] is not None


async def test_what_happened_to_keys_is_in_the_audit_log(gateway: RunningGateway, pool) -> None:
    admin = await register(gateway)
    shown = await made(admin)
    new = (await admin.call("POST", f"/v1/api-keys/{shown['api_key_id']}/rotate")).json()
    await admin.call("DELETE", f"/v1/api-keys/{new['api_key_id']}")
    log = await AuditRepository(pool).page(admin.tokens["client_id"], AuditFilter())
    subjects = [f"key:{number}" for number in (new["api_key_id"], shown["api_key_id"], shown["api_key_id"])]
    told = [("key.revoked", subjects[0]), ("key.rotated", subjects[1]), ("key.created", subjects[2])]
    assert [(entry.action, entry.subject) for entry in log[:3]] == told
    assert log[1].detail == {"overlap_s": 86400, "new": f"key:{new['api_key_id']}"}
    assert all(shown["key"] not in str(entry) for entry in log)
