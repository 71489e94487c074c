"""Clients and their users over HTTP."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
from running_gateway import RunningGateway

from api.accounts.tiers import FREE_TIER

PASSWORD = "giraffes read on tuesdays"
OTHER_PASSWORD = "tuesdays read no giraffes"


@dataclass
class Person:
    """Somebody who is signed in."""

    gateway: RunningGateway
    email: str
    tokens: dict[str, Any]
    password: str = PASSWORD
    headers: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}

    async def call(self, method: str, path: str, body: object = None, **more: Any) -> httpx.Response:
        return await self.gateway.http.request(method, path, json=body, headers=self.headers, **more)

    async def me(self) -> dict[str, Any]:
        response = await self.call("GET", "/auth/me")
        assert response.status_code == 200, response.text
        return response.json()

    async def invite(self, role: str, email: str | None = None) -> "Person":
        """Somebody who accepted an invitation."""
        email = email or new_email()
        invited = await self.call("POST", "/v1/users/invitations", {"email": email, "role": role})
        assert invited.status_code == 201, invited.text
        return await accept(self.gateway, invited.json()["token"], email)


def new_email() -> str:
    return f"person-{uuid4().hex[:10]}@bank.example"


async def register(gateway: RunningGateway, tier: str = "enterprise", email: str | None = None) -> Person:
    email = email or new_email()
    body = {"name": "A Bank", "email": email, "password": PASSWORD}
    response = await _post(gateway, "/auth/register", body)
    assert response.status_code == 201, response.text
    person = Person(gateway, email, response.json())
    if tier != FREE_TIER:
        await grant(gateway, person.tokens["client_id"], tier)
    return person


async def grant(gateway: RunningGateway, client_id: int, tier: str) -> None:
    """Give a client a tier, as `riskstream set-tier` does, without a word in the audit log."""
    async with gateway.parts.identity.pool() as pool, pool.acquire() as connection:
        await connection.execute("UPDATE subscriptions SET tier = $2 WHERE client_id = $1", client_id, tier)


async def accept(gateway: RunningGateway, token: str, email: str) -> Person:
    body = {"token": token, "name": "Somebody", "password": PASSWORD}
    response = await _post(gateway, "/auth/invitations/accept", body)
    assert response.status_code == 201, response.text
    return Person(gateway, email, response.json())


async def login(gateway: RunningGateway, email: str, password: str = PASSWORD) -> httpx.Response:
    return await _post(gateway, "/auth/login", {"email": email, "password": password})


async def _post(gateway: RunningGateway, path: str, body: dict[str, Any]) -> httpx.Response:
    """Post as a program that keeps no cookies: a known device is an affair of its own (test_auth_devices)."""
    gateway.http.cookies.clear()
    response = await gateway.http.post(path, json=body)
    gateway.http.cookies.clear()
    return response


async def sign_in(gateway: RunningGateway, email: str, password: str = PASSWORD) -> Person:
    response = await login(gateway, email, password)
    assert response.status_code == 200, response.text
    return Person(gateway, email, response.json(), password)


def kind_of(response: httpx.Response) -> tuple[int, str]:
    """Status and problem type, without the part that all types begin with."""
    return response.status_code, response.json()["type"].removeprefix("urn:riskstream:problem:")
