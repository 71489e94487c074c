"""What an operator does on the server: `create-user`, `reset-password` and `reset-second-factor`."""

import time

import pyotp
import pytest
import typer
from people import OTHER_PASSWORD, PASSWORD, kind_of, login, new_email, register, sign_in
from running_gateway import SECRET, RunningGateway
from typer.testing import CliRunner

from api import account_commands
from settings import load_settings
from storage.audit import AuditFilter, AuditRepository


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path):
    """Runs a command line against the test's database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("SECRET_KEY", SECRET)
    load_settings.cache_clear()
    app = typer.Typer()
    account_commands.register(app)

    def run(*arguments: str, typed: str = "") -> tuple[int, str]:
        result = CliRunner().invoke(app, arguments, input=typed)
        return result.exit_code, result.output

    yield run
    load_settings.cache_clear()


async def off_loop(run, *arguments: str, typed: str = "") -> tuple[int, str]:
    """The commands have an event loop of their own."""
    import asyncio

    return await asyncio.to_thread(lambda: run(*arguments, typed=typed))


async def test_a_user_whom_the_operator_makes_signs_in(gateway: RunningGateway, run) -> None:
    email = new_email()
    arguments = ("create-user", email, "--role", "analyst", "--name", "An Analyst")
    code, said = await off_loop(run, *arguments, typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert (code, PASSWORD in said) == (0, False)
    me = await (await sign_in(gateway, email)).me()
    assert (me["client_id"], me["role"], me["name"]) == (1, "analyst", "An Analyst")
    code, said = await off_loop(run, *arguments, typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert code != 0
    assert "account already" in said


@pytest.mark.parametrize(
    ("arguments", "password"),
    [
        (("nobody",), PASSWORD),
        (("a@bank.example",), "qwertyuiop"),
        (("a@bank.example", "--client-id", "99"), PASSWORD),
    ],
)
async def test_what_the_operator_cannot_make(run, arguments: tuple[str, ...], password: str) -> None:
    code, _ = await off_loop(run, "create-user", *arguments, typed=f"{password}\n{password}\n")
    assert code != 0


async def test_a_lost_password(gateway: RunningGateway, pool, run) -> None:
    person = await register(gateway)
    code, said = await off_loop(run, "reset-password", person.email.upper())
    assert code == 0
    token = said.split('"token": "')[1].split('"')[0]
    body = {"token": token, "new_password": OTHER_PASSWORD}
    weak = await gateway.http.post("/auth/password/reset", json=body | {"new_password": "qwertyuiop"})
    assert kind_of(weak) == (422, "weak-password")  # which does not use the token up
    assert (await gateway.http.post("/auth/password/reset", json=body)).status_code == 204
    assert kind_of(await gateway.http.post("/auth/password/reset", json=body)) == (410, "token-spent")

    assert (await person.call("GET", "/auth/me")).status_code == 401  # every session ended
    assert (await login(gateway, person.email)).status_code == 401
    client_id = (await (await sign_in(gateway, person.email, OTHER_PASSWORD)).me())["client_id"]
    actions = [entry.action for entry in await AuditRepository(pool).page(client_id, AuditFilter())]
    assert actions == ["user.password_reset", "user.password_reset_offered", "client.registered"]


async def test_a_reset_opens_the_door_for_who_was_slowed_down(gateway: RunningGateway, run) -> None:
    person = await register(gateway)
    while (await login(gateway, person.email, "not this one at all")).status_code == 401:
        pass
    _, said = await off_loop(run, "reset-password", person.email)
    token = said.split('"token": "')[1].split('"')[0]
    body = {"token": token, "new_password": OTHER_PASSWORD}
    assert (await gateway.http.post("/auth/password/reset", json=body)).status_code == 204
    await sign_in(gateway, person.email, OTHER_PASSWORD)


async def test_nobody_has_this_address(run) -> None:
    code, said = await off_loop(run, "reset-password", "nobody@bank.example")
    assert code != 0
    assert "curl" not in said


async def test_a_second_factor_that_is_lost(gateway: RunningGateway, run, pool) -> None:
    person = await register(gateway)
    begun = (await person.call("POST", "/auth/factors/totp", {})).json()
    code = pyotp.TOTP(begun["secret"]).at(int(time.time()))
    confirmed = await person.call("POST", f"/auth/factors/totp/{begun['factor_id']}/confirm", {"code": code})
    assert confirmed.status_code == 200, confirmed.text
    half_done = await login(gateway, person.email)
    assert kind_of(half_done) == (401, "second-factor-required")
    code, said = await off_loop(run, "reset-second-factor", person.email.upper())
    assert code == 0, said
    assert (await person.call("GET", "/auth/me")).status_code == 401  # every session ended
    given = {"challenge": half_done.json()["challenge"], "recovery_code": confirmed.json()["recovery_codes"][0]}
    assert (await gateway.http.post("/auth/login/second-factor", json=given)).status_code == 410
    me = await (await sign_in(gateway, person.email)).me()
    [entry, *_] = await AuditRepository(pool).page(me["client_id"], AuditFilter())
    assert (entry.actor, entry.action, entry.subject) == (
        "operator", "user.second_factor_reset", f"user:{me['user_id']}"
    )  # fmt: skip
    code, said = await off_loop(run, "reset-second-factor", "nobody@bank.example")
    assert (code != 0, "no active user" in said) == (True, True)


async def test_an_operator_invites_a_client_with_its_tier(gateway: RunningGateway, run) -> None:
    email = new_email()
    code, said = await off_loop(run, "invite-client", email, "--tier", "growth")
    assert code == 0
    token = said.split('"invitation": "')[1].split('"')[0]
    form = {"name": "A Bank", "email": email, "password": PASSWORD, "invitation": token}
    answer = await gateway.http.post("/auth/register", json=form)
    assert answer.status_code == 201, answer.text
    assert answer.json()["subscription_tier"] == "growth"


async def test_an_operator_grants_a_tier(gateway: RunningGateway, pool, run) -> None:
    person = await register(gateway, tier="starter")
    client_id = (await person.me())["client_id"]
    code, _ = await off_loop(run, "set-tier", str(client_id), "enterprise")
    assert code == 0
    assert (await person.me())["subscription_tier"] == "enterprise"
    entry, *_ = await AuditRepository(pool).page(client_id, AuditFilter())
    assert (entry.actor, entry.action, entry.detail) == ("operator", "subscription.changed", {"tier": "enterprise"})


@pytest.mark.parametrize(
    "arguments", [("set-tier", "999999", "growth"), ("set-tier", "1", "gold"), ("invite-client", "nobody")]
)
async def test_what_an_operator_cannot_grant(run, arguments: tuple[str, ...]) -> None:
    code, _ = await off_loop(run, *arguments)
    assert code != 0


async def test_a_reset_says_whose_where_an_address_has_several_accounts(gateway: RunningGateway, run) -> None:
    admin, first = await register(gateway), await register(gateway)
    second = await admin.invite("viewer", first.email)
    code, said = await off_loop(run, "reset-password", first.email)
    assert code != 0
    assert "--client-id" in said
    client_id = str((await second.me())["client_id"])
    code, said = await off_loop(run, "reset-password", first.email, "--client-id", client_id)
    assert code == 0
    body = {"token": said.split('"token": "')[1].split('"')[0], "new_password": OTHER_PASSWORD}
    assert (await gateway.http.post("/auth/password/reset", json=body)).status_code == 204
    assert (await first.call("GET", "/auth/me")).status_code == 200  # the other account keeps its sessions
    assert (await second.call("GET", "/auth/me")).status_code == 401
