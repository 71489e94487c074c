"""A gateway whose people sign in through a provider on loopback, and a browser without JavaScript."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import asyncpg
import httpx
import pytest
import pytest_asyncio
from identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider, identity_provider
from running_gateway import RunningGateway, running, settings_for

from api.sessions import COOKIE
from settings import Settings
from storage.clients import ClientRepository
from storage.database import connect
from tests.conftest import Stack, fresh_database

ADMINS, ANALYSTS, OTHERS = "fraud-admins", "fraud-analysts", "other-bank"


@pytest.fixture(scope="module")
def database_url(stack: Stack, template_database: str) -> Iterator[str]:
    with fresh_database(stack, template_database) as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool(database_url: str) -> AsyncIterator["asyncpg.Pool[asyncpg.Record]"]:
    async with await connect(database_url, size_max=4) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def other_client(pool: "asyncpg.Pool[asyncpg.Record]") -> int:
    return await ClientRepository(pool).create("Another Bank")


@dataclass
class Bank:
    """The gateway, and the provider that its people sign in with."""

    gateway: RunningGateway
    provider: IdentityProvider
    pool: "asyncpg.Pool[asyncpg.Record]"
    other_client: int

    def person(self, subject: str, groups: list[str], **claims: Any) -> "Browser":
        """Somebody whom the provider knows, before a browser of their own."""
        self.provider.people[subject] = {
            "name": subject.title(), "email": f"{subject}@bank.example", "email_verified": True, "groups": groups,
        } | claims  # fmt: skip
        return Browser(self, subject)

    async def audit(self, action: str) -> list[asyncpg.Record]:
        return await self.pool.fetch("SELECT * FROM audit_log WHERE action = $1 ORDER BY audit_id", action)


@dataclass
class Browser:
    """Follows redirects between gateway and provider, and keeps the cookies of the gateway."""

    bank: Bank
    subject: str
    cookies: dict[str, str] = field(default_factory=dict)

    async def get(self, address: str) -> httpx.Response:
        """One request, without following anything."""
        url = address if address.startswith("http") else f"http://{self.bank.gateway.address}{address}"
        ours = url.startswith(f"http://{self.bank.gateway.address}")
        async with httpx.AsyncClient(timeout=20, cookies=self.cookies if ours else None) as http:
            answer = await http.get(url)
        if ours:
            for header in answer.headers.get_list("set-cookie"):
                name, _, rest = header.partition("=")
                value = rest.partition(";")[0].strip('"')
                if value:
                    self.cookies[name] = value
                else:
                    self.cookies.pop(name, None)
        return answer

    async def way_back(self, to: str = "console") -> str:
        """Sign in at the provider; the address that it sends the browser back to."""
        started = await self.get(f"/auth/oidc/start?to={to}")
        assert started.status_code == 303, started.text
        self.bank.provider.here = self.subject
        answer = await self.get(started.headers["location"])
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    async def sign_in(self, to: str = "console") -> httpx.Response:
        return await self.get(await self.way_back(to))

    @property
    def session(self) -> dict[str, str]:
        return {"cookie": f"{COOKIE}={self.cookies.get(COOKIE, '')}"}

    async def me(self) -> httpx.Response:
        return await self.bank.gateway.http.get("/auth/me", headers=self.session)

    async def sign_out(self) -> httpx.Response:
        headers = self.session | {"origin": f"http://{self.bank.gateway.address}"}
        return await self.bank.gateway.http.post("/sign-out", headers=headers)


def changed(address: str, **changes: str | None) -> str:
    """An address with other parameters; None takes one away."""
    query = dict(parse_qsl(urlsplit(address).query)) | changes
    return f"{address.partition('?')[0]}?{urlencode({name: each for name, each in query.items() if each is not None})}"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def bank_settings(database_url: str, issuer: str, other_client: int, port: int, **changes: Any) -> Settings:
    known = {
        "auth_rate_limit": "100000/minute",
        "oidc_issuer": issuer,
        "oidc_client_id": CLIENT_ID,
        "oidc_client_secret": CLIENT_SECRET,
        "oidc_name": "Bank Login",
        "oidc_roles": f"{ADMINS}=admin;{ANALYSTS}=analyst;{OTHERS}=analyst@{other_client}",
        "public_url": f"http://127.0.0.1:{port}",
    }
    return settings_for(database_url, **(known | changes))


@asynccontextmanager
async def running_bank(
    database_url: str, pool: "asyncpg.Pool[asyncpg.Record]", other_client: int, **changes: Any
) -> AsyncIterator[Bank]:
    port = free_port()
    async with identity_provider() as provider:
        settings = bank_settings(database_url, provider.issuer, other_client, port, **changes)
        async with running(settings, port=port) as gateway:
            yield Bank(gateway, provider, pool, other_client)


@pytest_asyncio.fixture(loop_scope="module")
async def bank(database_url: str, pool: "asyncpg.Pool[asyncpg.Record]", other_client: int) -> AsyncIterator[Bank]:
    async with running_bank(database_url, pool, other_client) as started:
        yield started
