"""Who may register a client, and with which tier."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from people import PASSWORD, Person, kind_of, new_email, register
from running_gateway import RunningGateway, running, settings_for

from api.accounts.signing_in import email_key
from api.keys import hash_client_invitation, new_token
from settings import Settings
from storage.client_invitations import ClientInvitationRepository

pytestmark = pytest.mark.asyncio(loop_scope="module")


def _form(email: str, **more: Any) -> dict[str, Any]:
    return {"name": "A Bank", "email": email, "password": PASSWORD, **more}


async def _invitation(gateway: RunningGateway, email: str, tier: str, days: float = 1) -> str:
    token = new_token()
    token_hash = hash_client_invitation(gateway.parts.keyring.current, token)
    async with gateway.parts.identity.pool() as pool:
        ends = datetime.now(UTC) + timedelta(days=days)
        await ClientInvitationRepository(pool).add(token_hash, email, email_key(email), tier, ends)
    return token


async def test_who_registers_gets_the_free_tier_only(gateway: RunningGateway) -> None:
    for tier in ("growth", "enterprise"):
        answer = await gateway.http.post("/auth/register", json=_form(new_email(), subscription_tier=tier))
        assert kind_of(answer) == (403, "forbidden")
    person = await register(gateway, tier="starter")
    assert (await person.me())["subscription_tier"] == "starter"


async def test_nobody_grants_themselves_a_higher_tier(gateway: RunningGateway) -> None:
    person = await register(gateway, tier="growth")
    assert kind_of(await person.call("PUT", "/v1/subscription", {"tier": "enterprise"})) == (403, "forbidden")
    assert (await person.call("PUT", "/v1/subscription", {"tier": "starter"})).json()["tier"] == "starter"
    assert kind_of(await person.call("PUT", "/v1/subscription", {"tier": "growth"})) == (403, "forbidden")


async def test_an_invitation_grants_its_tier_once_to_its_address(gateway: RunningGateway) -> None:
    email = new_email()
    token = await _invitation(gateway, email, "growth")
    stranger = await gateway.http.post("/auth/register", json=_form(new_email(), invitation=token))
    assert kind_of(stranger) == (410, "token-spent")
    first = await gateway.http.post("/auth/register", json=_form(email.upper(), invitation=token))
    assert first.status_code == 201, first.text
    assert first.json()["subscription_tier"] == "growth"
    assert (await Person(gateway, email, first.json()).me())["subscription_tier"] == "growth"
    again = await gateway.http.post("/auth/register", json=_form(email, invitation=token))
    assert kind_of(again) == (410, "token-spent")


async def test_an_expired_invitation_is_none(gateway: RunningGateway) -> None:
    email = new_email()
    token = await _invitation(gateway, email, "growth", days=-1)
    answer = await gateway.http.post("/auth/register", json=_form(email, invitation=token))
    assert kind_of(answer) == (410, "token-spent")


async def test_where_an_invitation_is_needed_nobody_registers_without_one(database_url: str) -> None:
    async with running(settings_for(database_url, registration="invite")) as gateway:
        email = new_email()
        assert kind_of(await gateway.http.post("/auth/register", json=_form(email))) == (403, "forbidden")
        token = await _invitation(gateway, email, "starter")
        answer = await gateway.http.post("/auth/register", json=_form(email, invitation=token))
        assert answer.status_code == 201, answer.text


async def test_where_registration_is_closed_nobody_registers(database_url: str) -> None:
    async with running(settings_for(database_url, registration="closed")) as gateway:
        email = new_email()
        token = await _invitation(gateway, email, "starter")
        for form in (_form(email), _form(email, invitation=token)):
            assert kind_of(await gateway.http.post("/auth/register", json=form)) == (403, "forbidden")


@pytest.mark.parametrize(
    ("environment", "registration", "mode"),
    [
        ("development", None, "open"),
        ("test", None, "open"),
        ("production", None, "closed"),
        ("production", "open", "open"),
        ("production", "invite", "invite"),
    ],
)
async def test_registration_is_closed_in_production_unless_set(environment: Any, registration: Any, mode: str) -> None:
    known = settings_for("postgresql://nobody@127.0.0.1:1/none")
    settings = Settings.model_construct(**dict(known) | {"environment": environment, "registration": registration})
    assert settings.registration_mode == mode
