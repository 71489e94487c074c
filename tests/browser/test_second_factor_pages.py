"""Second factors in a real browser, with Chromium's virtual authenticator."""

import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pyotp
import pytest
import pytest_asyncio
from desk import OpenPage
from people import PASSWORD, Person, register
from playwright.async_api import CDPSession, Page, expect
from running_gateway import RunningGateway, running, settings_for

pytestmark = pytest.mark.browser
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
KEY = {
    "protocol": "ctap2",
    "transport": "usb",
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


@pytest_asyncio.fixture
async def site(database_url: str) -> AsyncIterator[tuple[RunningGateway, str]]:
    """A gateway under a name, for browsers know no security keys at an address in numbers."""
    port = free_port()
    url = f"http://localhost:{port}"
    async with running(settings_for(database_url, public_url=url), port=port) as gateway:
        yield gateway, url


async def password_step(page: Page, url: str, person: Person) -> None:
    await page.goto(url)
    await page.get_by_label("Email address").fill(person.email)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.locator("#password-form button").click()


async def signed_in(page: Page) -> None:
    await expect(page.locator("#client")).to_have_text("A Bank")


async def sign_out(page: Page, url: str) -> None:
    await page.goto(url)
    await signed_in(page)
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.locator("#signed-out")).to_be_visible()


async def virtual_key(page: Page) -> CDPSession:
    driver = await page.context.new_cdp_session(page)
    await driver.send("WebAuthn.enable")
    await driver.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    return driver


async def enrol_app(page: Page) -> tuple[str, list[str]]:
    await page.get_by_role("button", name="Begin").click()
    await expect(page.get_by_label("Code that the app shows")).to_be_focused()
    assert await page.locator("#qr").evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    secret = await page.locator("#secret").inner_text()
    await page.get_by_label("Code that the app shows").fill(pyotp.TOTP(secret).now())
    await page.keyboard.press("Enter")
    await expect(page.locator("#codes")).to_be_focused()
    return secret, await page.locator("#code-list li").all_inner_texts()


async def test_enrol_an_app_and_sign_in_with_it_and_a_recovery_code(
    site: tuple[RunningGateway, str], open_page: OpenPage
) -> None:
    gateway, url = site
    person = await register(gateway)
    page = await open_page()
    await password_step(page, url, person)
    await signed_in(page)
    await page.get_by_role("link", name="Sign-in").click()
    secret, codes = await enrol_app(page)
    assert len(codes) == 10
    await expect(page.locator("#factors li")).to_have_count(1)
    assert await page.evaluate(CONTRAST) == []
    await sign_out(page, url)

    await password_step(page, url, person)
    field = page.get_by_label("Code of your authenticator app")
    await expect(field).to_be_focused()
    assert await page.evaluate(CONTRAST) == []
    await field.fill("abc")
    await page.keyboard.press("Enter")
    await expect(page.locator("#factor-error")).to_have_text("The code has 6 digits.")
    await field.fill(pyotp.TOTP(secret).at(int(time.time()) + 30))
    await page.keyboard.press("Enter")
    await signed_in(page)
    await sign_out(page, url)

    await password_step(page, url, person)
    await page.get_by_role("button", name="Use a recovery code instead").click()
    await page.get_by_label("Recovery code").fill(codes[0])
    await page.keyboard.press("Enter")
    await signed_in(page)
    await page.goto(f"{url}/account")
    await expect(page.locator("#codes-left")).to_have_text("9 recovery codes are left.")


async def test_enrol_a_security_key_and_sign_in_with_it(site: tuple[RunningGateway, str], open_page: OpenPage) -> None:
    gateway, url = site
    person = await register(gateway)
    page = await open_page(dark=True, width=360)
    await virtual_key(page)
    await password_step(page, url, person)
    await signed_in(page)
    await page.goto(f"{url}/account")
    await page.locator("#key-form button").click()
    await expect(page.locator("#code-list li")).to_have_count(10)
    await expect(page.locator("#factors li")).to_have_count(1)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    assert await page.evaluate(CONTRAST) == []
    await page.locator("#key-form button").click()
    await expect(page.locator("#error")).to_have_text("This security key is enrolled already.")
    await sign_out(page, url)

    await password_step(page, url, person)
    await expect(page.get_by_role("button", name="Use security key or passkey")).to_be_focused()
    await page.keyboard.press("Enter")
    await signed_in(page)


async def test_who_has_to_enrol_is_led_there(site: tuple[RunningGateway, str], open_page: OpenPage) -> None:
    gateway, url = site
    admin = await register(gateway)
    person = await admin.invite("analyst")
    await admin.call("PUT", "/v1/sign-in-policy", {"second_factor_roles": ["analyst"]})
    page = await open_page()
    await password_step(page, url, person)
    await expect(page.locator("#required")).to_be_visible()
    await enrol_app(page)
    await expect(page.locator("#required")).to_be_hidden()
    await page.get_by_role("link", name="Back to the console").click()
    await signed_in(page)


async def test_after_a_while_the_page_asks_once_more_who_it_is(
    site: tuple[RunningGateway, str], open_page: OpenPage
) -> None:
    gateway, url = site
    person = await register(gateway)
    page = await open_page()
    await password_step(page, url, person)
    await signed_in(page)
    async with gateway.parts.accounts.sign_ins.pool() as pool:
        await pool.execute("UPDATE user_sessions SET opened_at = opened_at - interval '6 minutes'")
    await page.goto(f"{url}/account")
    await page.get_by_role("button", name="Begin").click()
    field = page.get_by_label("Password, or a code")
    await expect(field).to_be_focused()
    await field.fill("not this one")
    await page.keyboard.press("Enter")
    await expect(page.locator("#error")).to_have_text("That is not right, or was used before.")
    await field.fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator("#secret")).not_to_have_text("")
