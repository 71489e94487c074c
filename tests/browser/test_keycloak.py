"""The whole sign-in with a real Keycloak, where its distribution is unpacked: KEYCLOAK_HOME names the folder."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from desk import OpenPage
from playwright.async_api import Page, expect

sys.path.append(str(Path(__file__).parents[1] / "api"))

from running_gateway import RunningGateway, running, settings_for

from api.sessions import COOKIE
from tests.api.oidc.conftest import free_port

HOME = os.environ.get("KEYCLOAK_HOME", "")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not HOME, reason="KEYCLOAK_HOME names no unpacked Keycloak"),
    pytest.mark.timeout(300),
]
REALM = (Path(__file__).parent / "keycloak_realm.json").read_text()
ADMIN, ADMIN_PASSWORD = "admin", "admin-of-the-test"
START_S = 150


@dataclass
class House:
    """A gateway before a Keycloak of its own."""

    gateway: RunningGateway
    url: str
    keycloak: str

    async def administer(self, method: str, path: str) -> httpx.Response:
        """Call Keycloak's own API."""
        async with httpx.AsyncClient(base_url=self.keycloak, timeout=30) as http:
            form = {
                "grant_type": "password", "client_id": "admin-cli", "username": ADMIN, "password": ADMIN_PASSWORD,
            }  # fmt: skip
            token = (await http.post("/realms/master/protocol/openid-connect/token", data=form)).json()["access_token"]
            answer = await http.request(
                method, f"/admin/realms/bank{path}", headers={"Authorization": f"Bearer {token}"}
            )
            assert answer.status_code < 300, answer.text
            return answer


@pytest_asyncio.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    port, keycloak_port = free_port(), free_port()
    url, keycloak = f"http://localhost:{port}", f"http://127.0.0.1:{keycloak_port}"
    realm = Path(HOME) / "data" / "import" / "bank.json"
    realm.parent.mkdir(parents=True, exist_ok=True)
    realm.write_text(REALM.replace("PUBLIC_URL", url).replace("GATEWAY", f"127.0.0.1:{port}"))
    environment = os.environ | {
        "KC_BOOTSTRAP_ADMIN_USERNAME": ADMIN, "KC_BOOTSTRAP_ADMIN_PASSWORD": ADMIN_PASSWORD,
        "JAVA_OPTS_KC_HEAP": "-Xms64m -Xmx512m",
    }  # fmt: skip
    with (tmp_path / "keycloak.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            f"{HOME}/bin/kc.sh", "start-dev", "--db", "dev-mem", "--http-host", "127.0.0.1", "--http-port",
            str(keycloak_port), "--import-realm", env=environment, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            await _answers(f"{keycloak}/realms/bank/.well-known/openid-configuration")
            settings = settings_for(
                database_url,
                oidc_issuer=f"{keycloak}/realms/bank",
                oidc_client_id="riskstream",
                oidc_client_secret="of-the-test-only",
                oidc_name="Keycloak",
                oidc_roles="fraud-admins=admin;fraud-analysts=analyst",
                public_url=url,
            )
            async with running(settings, port=port) as gateway:
                yield House(gateway, url, keycloak)
        finally:
            process.terminate()
            await process.wait()


async def _answers(address: str) -> None:
    async with asyncio.timeout(START_S), httpx.AsyncClient() as http:
        while True:
            with suppress(httpx.HTTPError):
                if (await http.get(address)).status_code == 200:
                    return
            await asyncio.sleep(0.5)


async def sign_in(page: Page, name: str) -> None:
    await page.get_by_role("link", name="Sign in with Keycloak").click()
    await page.get_by_label("Username or email").fill(name)
    await page.get_by_label("Password", exact=True).fill(f"{name}-at-the-bank")
    await page.get_by_role("button", name="Sign In").click()


async def test_sign_in_role_and_both_sign_outs(house: House, open_page: OpenPage) -> None:
    page = await open_page()
    await page.goto(house.url)
    await sign_in(page, "amina")
    await expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    cookie = next(each for each in await page.context.cookies() if each["name"] == COOKIE)
    headers = {"cookie": f"{COOKIE}={cookie['value']}"}
    me = (await house.gateway.http.get("/auth/me", headers=headers)).json()
    assert (me["role"], me["email"], me["name"]) == ("analyst", "amina@bank.example", "Amina Otieno")

    # Back-channel: Keycloak's administrator signs her out, and the gateway hears of it.
    user = (await house.administer("GET", "/users?username=amina")).json()[0]
    await house.administer("POST", f"/users/{user['id']}/logout")
    async with asyncio.timeout(10):
        while (await house.gateway.http.get("/auth/me", headers=headers)).status_code != 401:  # noqa: ASYNC110
            await asyncio.sleep(0.1)

    # Sign-out in the console ends Keycloak's session, too: it asks for the password again.
    await page.goto(house.url)
    await sign_in(page, "amina")
    await expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url(f"{house.url}/")
    await expect(page.get_by_role("link", name="Sign in with Keycloak")).to_be_visible()
    await page.goto(f"{house.url}/auth/oidc/start")
    await expect(page.get_by_label("Username or email")).to_be_visible()


async def test_somebody_without_a_group_and_who_lost_theirs(house: House, open_page: OpenPage) -> None:
    page = await open_page()
    await page.goto(house.url)
    await sign_in(page, "cook")
    await expect(page.get_by_role("heading")).to_have_text("You have no role here yet")

    page = await open_page()
    await page.goto(house.url)
    await sign_in(page, "amina")
    await expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    user = (await house.administer("GET", "/users?username=amina")).json()[0]
    group = (await house.administer("GET", f"/users/{user['id']}/groups")).json()[0]
    await house.administer("DELETE", f"/users/{user['id']}/groups/{group['id']}")
    await page.goto(f"{house.url}/auth/oidc/start")  # Keycloak still knows her; her groups are asked again
    await expect(page.get_by_role("heading")).to_have_text("You have no role here yet")
    await page.goto(house.url)
    await expect(page.get_by_role("link", name="Sign in with Keycloak")).to_be_visible()
