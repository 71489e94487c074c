"""Users, roles and invitations, through HTTP against the real Postgres."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from people import OTHER_PASSWORD, PASSWORD, Person, accept, kind_of, login, new_email, register, sign_in
from running_gateway import RunningGateway

from storage.audit import AuditFilter, AuditRepository

pytestmark = pytest.mark.asyncio(loop_scope="module")
MakeKey = Callable[..., Awaitable[str]]
NOBODY = 2**63 - 1


async def user_id_of(person: Person) -> int:
    return int((await person.me())["user_id"])


@pytest.mark.parametrize(
    ("role", "scopes"),
    [
        ("viewer", ["read"]),
        ("analyst", ["cases", "read"]),
        ("admin", ["admin", "cases", "read", "score"]),
    ],
)
async def test_an_invitation_makes_a_user_with_its_role(gateway: RunningGateway, role: str, scopes: list[str]) -> None:
    admin = await register(gateway)
    invited = await admin.invite(role)
    me = await invited.me()
    assert (me["client_id"], me["role"], me["scopes"]) == (admin.tokens["client_id"], role, scopes)
    assert (await invited.call("GET", "/v1/alerts")).status_code == 200
    expected = 200 if role == "admin" else 403
    for path in ("/v1/users", "/v1/users/invitations", "/v1/api-keys"):
        assert (await invited.call("GET", path)).status_code == expected, path


async def test_an_invitation_works_once(gateway: RunningGateway) -> None:
    admin, email = await register(gateway), new_email()
    invitation = (await admin.call("POST", "/v1/users/invitations", {"email": email, "role": "viewer"})).json()
    body = {"token": invitation["token"], "name": "Somebody", "password": PASSWORD}
    weak = await gateway.http.post("/auth/invitations/accept", json=body | {"password": "qwertyuiop"})
    assert kind_of(weak) == (422, "weak-password")  # which does not use it up
    answers = await asyncio.gather(*(gateway.http.post("/auth/invitations/accept", json=body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers)[0] == 201
    assert sum(answer.status_code == 201 for answer in answers) == 1
    assert kind_of(await gateway.http.post("/auth/invitations/accept", json=body)) == (410, "token-spent")
    [listed] = (await admin.call("GET", "/v1/users/invitations")).json()["items"]
    assert listed["accepted_at"] is not None
    assert "token" not in listed


async def test_an_invitation_that_is_withdrawn(gateway: RunningGateway) -> None:
    admin = await register(gateway)
    invitation = (await admin.call("POST", "/v1/users/invitations", {"email": new_email(), "role": "admin"})).json()
    path = f"/v1/users/invitations/{invitation['invitation_id']}"
    assert (await (await register(gateway)).call("DELETE", path)).status_code == 404  # another client's
    assert (await admin.call("DELETE", path)).status_code == 204
    assert (await admin.call("DELETE", path)).status_code == 404
    body = {"token": invitation["token"], "name": "Somebody", "password": PASSWORD}
    assert kind_of(await gateway.http.post("/auth/invitations/accept", json=body)) == (410, "token-spent")


async def test_who_registers_somebodys_address_does_not_block_their_invitation(gateway: RunningGateway) -> None:
    admin, squatter = await register(gateway), await register(gateway)
    invited = await admin.call("POST", "/v1/users/invitations", {"email": squatter.email, "role": "viewer"})
    body = {"token": invited.json()["token"], "name": "Somebody", "password": OTHER_PASSWORD}
    joined = await gateway.http.post("/auth/invitations/accept", json=body)
    assert joined.status_code == 201, joined.text

    theirs = await sign_in(gateway, squatter.email, OTHER_PASSWORD)
    assert (await theirs.me())["client_id"] == (await admin.me())["client_id"]
    still = await sign_in(gateway, squatter.email, PASSWORD)
    assert (await still.me())["client_id"] == (await squatter.me())["client_id"]


async def test_with_one_password_twice_the_number_of_the_client_decides(gateway: RunningGateway) -> None:
    admin, first = await register(gateway), await register(gateway)
    second = await admin.invite("viewer", first.email)
    clients = [(await person.me())["client_id"] for person in (first, second)]
    for client_id in clients:
        body = {"email": first.email, "password": PASSWORD, "client_id": client_id}
        signed = await gateway.http.post("/auth/login", json=body)
        assert (await Person(gateway, first.email, signed.json()).me())["client_id"] == client_id
    elsewhere = {"email": first.email, "password": PASSWORD, "client_id": 1}
    assert kind_of(await gateway.http.post("/auth/login", json=elsewhere)) == (401, "not-authenticated")


async def test_a_client_has_an_address_once(gateway: RunningGateway) -> None:
    admin = await register(gateway)
    invited = await admin.call("POST", "/v1/users/invitations", {"email": admin.email.upper(), "role": "viewer"})
    body = {"token": invited.json()["token"], "name": "Somebody", "password": PASSWORD}
    for _ in range(2):  # the token is not used up by it
        assert kind_of(await gateway.http.post("/auth/invitations/accept", json=body)) == (409, "email-taken")


async def test_a_role_counts_from_the_next_request_on(gateway: RunningGateway) -> None:
    admin = await register(gateway)
    colleague = await admin.invite("viewer")
    path = f"/v1/users/{await user_id_of(colleague)}"
    assert (await colleague.call("GET", "/v1/users")).status_code == 403
    assert (await admin.call("PATCH", path, {"role": "admin"})).json()["role"] == "admin"
    assert (await colleague.call("GET", "/v1/users")).status_code == 200
    assert (await admin.call("PATCH", path, {"role": "analyst"})).status_code == 200
    assert (await colleague.call("GET", "/v1/users")).status_code == 403


async def test_a_deactivated_user_is_out_at_once_and_may_come_back(gateway: RunningGateway) -> None:
    admin = await register(gateway)
    colleague = await admin.invite("analyst")
    path = f"/v1/users/{await user_id_of(colleague)}"
    changed = await admin.call("PATCH", path, {"active": False})
    assert changed.json()["deactivated_at"] is not None
    assert (await colleague.call("GET", "/v1/alerts")).status_code == 401
    body = {"refresh_token": colleague.tokens["refresh_token"]}
    assert (await gateway.http.post("/auth/refresh", json=body)).status_code == 401
    assert kind_of(await login(gateway, colleague.email)) == (401, "not-authenticated")
    assert (await admin.call("PATCH", path, {"active": True})).json()["deactivated_at"] is None
    assert (await colleague.call("GET", "/v1/alerts")).status_code == 401  # what ended does not come back
    assert (await gateway.http.post("/auth/refresh", json=body)).status_code == 401
    await sign_in(gateway, colleague.email)


async def test_the_last_administrator_stays(gateway: RunningGateway) -> None:
    admin = await register(gateway)
    path = f"/v1/users/{await user_id_of(admin)}"
    for change in ({"role": "analyst"}, {"active": False}):
        assert kind_of(await admin.call("PATCH", path, change)) == (409, "last-administrator")
    assert (await admin.call("PATCH", path, {"name": "Another Name"})).json()["name"] == "Another Name"
    await admin.invite("admin")
    assert (await admin.call("PATCH", path, {"role": "viewer"})).status_code == 200


async def test_two_administrators_who_remove_each_other_at_once(gateway: RunningGateway) -> None:
    for _ in range(5):
        one = await register(gateway)
        two = await one.invite("admin")
        paths = [f"/v1/users/{await user_id_of(person)}" for person in (one, two)]
        answers = await asyncio.gather(
            one.call("PATCH", paths[1], {"active": False}), two.call("PATCH", paths[0], {"role": "viewer"})
        )
        assert sum(answer.status_code == 200 for answer in answers) == 1
        assert {answer.status_code for answer in answers} <= {200, 401, 403, 409}


async def test_invitations_end_with_who_made_them(gateway: RunningGateway) -> None:
    admin = await register(gateway)
    leaving = await admin.invite("admin")
    email = new_email()
    kept = (await leaving.call("POST", "/v1/users/invitations", {"email": email, "role": "admin"})).json()["token"]
    assert (await admin.call("PATCH", f"/v1/users/{await user_id_of(leaving)}", {"active": False})).status_code == 200
    body = {"token": kept, "name": "Back Door", "password": PASSWORD}
    assert kind_of(await gateway.http.post("/auth/invitations/accept", json=body)) == (410, "token-spent")


async def test_nobody_gives_more_than_they_have(gateway: RunningGateway, make_key: MakeKey) -> None:
    limited = {"X-API-Key": await make_key(scopes=("admin", "read"))}
    invitation = {"email": new_email(), "role": "admin"}
    for role, status in (("admin", 403), ("analyst", 403), ("viewer", 201)):
        response = await gateway.http.post("/v1/users/invitations", json=invitation | {"role": role}, headers=limited)
        assert response.status_code == status, role


async def test_another_clients_users_are_not_there(gateway: RunningGateway) -> None:
    admin, other = await register(gateway), await register(gateway)
    foreign = await user_id_of(other)
    for number in (foreign, NOBODY):
        path = f"/v1/users/{number}"
        assert (await admin.call("GET", path)).status_code == 404
        assert (await admin.call("PATCH", path, {"active": False})).status_code == 404
    assert [user["email"] for user in (await admin.call("GET", "/v1/users")).json()["items"]] == [admin.email]
    await other.me()


async def test_numbers_that_no_column_holds(gateway: RunningGateway) -> None:
    admin = await register(gateway)
    for number in ("0", "-1", str(2**63), "one", "1.5"):
        for path in (f"/v1/users/{number}", f"/v1/users/invitations/{number}", f"/v1/api-keys/{number}"):
            method = "GET" if path.startswith("/v1/users/") and "invitations" not in path else "DELETE"
            assert (await admin.call(method, path)).status_code == 422, path


async def test_users_come_in_pages(gateway: RunningGateway) -> None:
    admin = await register(gateway)
    for _ in range(4):
        await admin.invite("viewer")
    found: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await admin.call("GET", "/v1/users", params=params)).json()
        found += [user["email"] for user in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(found) == len(set(found)) == 5
    assert (await admin.call("GET", "/v1/users", params={"cursor": "damaged"})).status_code == 400


async def test_every_change_is_in_the_audit_log(gateway: RunningGateway, pool) -> None:
    admin = await register(gateway)
    colleague = await admin.invite("viewer")
    number, mine = await user_id_of(colleague), await user_id_of(admin)
    path = f"/v1/users/{number}"
    for change in ({"role": "analyst"}, {"role": "analyst"}, {"name": "B"}, {"active": False}, {"active": True}, {}):
        assert (await admin.call("PATCH", path, change)).status_code == 200
    log = await AuditRepository(pool).page(admin.tokens["client_id"], AuditFilter())
    told = [(entry.actor, entry.action) for entry in reversed(log)]
    by_admin = ("user.role", "user.renamed", "user.deactivated", "user.activated")
    assert told == [
        (f"user:{mine}", "client.registered"),
        (f"user:{mine}", "user.invited"),
        (f"user:{number}", "user.joined"),
        *((f"user:{mine}", action) for action in by_admin),  # what changed nothing is not told
    ]
    assert log[-4].detail == {"role": {"from": "viewer", "to": "analyst"}}
    assert {entry.subject for entry in log[:4]} == {f"user:{number}"}


async def test_passwords_and_tokens_are_nowhere_in_answers_or_log(gateway: RunningGateway, pool) -> None:
    admin, email = await register(gateway), new_email()
    token = (await admin.call("POST", "/v1/users/invitations", {"email": email, "role": "viewer"})).json()["token"]
    await accept(gateway, token, email)
    tables = ("users", "invitations", "audit_log", "refresh_tokens", "user_sessions")
    stored = str([await pool.fetch(f"SELECT * FROM {table}") for table in tables])
    answers = [(await admin.call("GET", path)).text for path in ("/v1/users", "/v1/users/invitations", "/auth/me")]
    for secret in (PASSWORD, token, admin.tokens["refresh_token"], admin.tokens["access_token"]):
        assert secret not in stored
        assert all(secret not in answer for answer in answers)
    assert all("password_hash" not in answer and "argon2" not in answer for answer in answers)
