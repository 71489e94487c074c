"""Signing in through a provider in a real browser, across sites: `localhost` is not the site of 127.0.0.1."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from desk import OpenPage
from playwright.async_api import Page, expect

sys.path.append(str(Path(__file__).parents[1] / "api"))

from identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider, identity_provider
from running_gateway import RunningGateway, running, settings_for

from api.oidc.flow import COOKIE as FLOW_COOKIE
from api.sessions import COOKIE
from tests.api.oidc.conftest import free_port

pytestmark = pytest.mark.browser
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
LOOKS = [(False, 1280), (True, 360)]


class House:
    """A gateway with its provider; `url` is where browsers find it."""

    def __init__(self, gateway: RunningGateway, provider: IdentityProvider, url: str) -> None:
        self.gateway, self.provider, self.url = gateway, provider, url

    def person(self, name: str, *groups: str) -> None:
        self.provider.people[name] = {
            "name": name.title(), "email": f"{name}@bank.example", "email_verified": True, "groups": list(groups),
        }  # fmt: skip


@pytest_asyncio.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    port = free_port()
    async with identity_provider() as provider:
        settings = settings_for(
            database_url,
            oidc_issuer=provider.issuer,
            oidc_client_id=CLIENT_ID,
            oidc_client_secret=CLIENT_SECRET,
            oidc_name="Bank Login",
            oidc_roles="fraud-admins=admin;fraud-analysts=analyst",
            public_url=f"http://localhost:{port}",
        )
        async with running(settings, port=port) as gateway:
            yield House(gateway, provider, f"http://localhost:{port}")


async def looks_right(page: Page, width: int, name: str) -> None:
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert await page.evaluate(CONTRAST) == []


@pytest.mark.parametrize(("dark", "width"), LOOKS)
async def test_sign_in_work_and_sign_out(house: House, open_page: OpenPage, dark: bool, width: int) -> None:
    house.person("amina", "fraud-analysts")
    page = await open_page(dark=dark, width=width)
    await page.goto(house.url)
    button = page.get_by_role("link", name="Sign in with Bank Login")
    await expect(button).to_be_visible()
    await looks_right(page, width, "sign-in")
    await button.click()
    await page.get_by_role("link", name="amina").click()
    await expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    assert page.url == f"{house.url}/"
    names = {cookie["name"]: cookie for cookie in await page.context.cookies(house.url + "/auth/oidc/callback")}
    assert FLOW_COOKIE not in names
    assert names[COOKIE]["httpOnly"]
    assert names[COOKIE]["sameSite"] == "Strict"
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("link", name="Sign in with Bank Login")).to_be_visible()
    await page.wait_for_url(f"{house.url}/")
    assert "/logout" in house.provider.seen


@pytest.mark.parametrize(("dark", "width"), LOOKS)
async def test_somebody_without_a_group_reads_what_to_ask_for(
    house: House, open_page: OpenPage, dark: bool, width: int
) -> None:
    house.person("cook", "kitchen")
    page = await open_page(dark=dark, width=width)
    await page.goto(f"{house.url}/auth/oidc/start")
    await page.get_by_role("link", name="cook").click()
    await expect(page.get_by_role("heading")).to_have_text("You have no role here yet")
    await expect(page.locator("main")).to_contain_text("fraud-analysts")
    await looks_right(page, width, "no-role")
    house.person("cook", "fraud-analysts")  # the group is given; the same page leads on
    await page.get_by_role("link", name="Sign in again").click()
    await page.get_by_role("link", name="cook").click()
    await expect(page.locator("#connection")).to_have_attribute("data-state", "live")


@pytest.mark.parametrize(("dark", "width"), LOOKS)
async def test_a_program_gets_its_token_by_a_page(house: House, open_page: OpenPage, dark: bool, width: int) -> None:
    house.person("amina", "fraud-analysts")
    page = await open_page(dark=dark, width=width)
    await page.goto(f"{house.url}/auth/oidc/start?to=api")
    await page.get_by_role("link", name="amina").click()
    token = await page.locator("#refresh-token").text_content()
    await looks_right(page, width, "token")
    answer = await house.gateway.http.post("/auth/refresh", json={"refresh_token": token})
    assert answer.status_code == 200, answer.text


async def test_the_page_of_a_gateway_without_a_provider_offers_none(database_url: str, open_page: OpenPage) -> None:
    async with running(settings_for(database_url)) as gateway:
        page = await open_page()
        await page.goto(f"http://{gateway.address}/")
        await expect(page.locator("#password-form")).to_be_visible()
        await expect(page.locator("#provider")).to_have_count(0)
        answer = await page.goto(f"http://{gateway.address}/auth/oidc/start")
        assert answer is not None
        assert answer.status == 404
