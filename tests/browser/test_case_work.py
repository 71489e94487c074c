"""An analyst's work in the console: the next case, a verdict, second thoughts, a note; signing in by password."""

from pathlib import Path

import pytest
from desk import Desk, OpenPage
from playwright.async_api import Page, expect

pytestmark = pytest.mark.browser
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()


async def at_work(desk: Desk, page: Page, alerts: int = 1) -> Page:
    await desk.alerts.store(alerts)
    await page.goto(await desk.link())
    await page.get_by_role("button", name="Next case").click()
    await expect(page.locator("#detail .case")).to_be_visible()
    return page


@pytest.mark.parametrize(("dark", "width"), [(False, 1280), (True, 360)])
async def test_a_case_is_decided_and_the_decision_undone(
    desk: Desk, open_page: OpenPage, dark: bool, width: int
) -> None:
    page = await at_work(desk, await open_page(dark=dark, width=width))
    case = page.locator("#detail .case")
    await expect(case).to_contain_text("the only alert of this case, held by session")
    assert await page.evaluate(CONTRAST) == []
    await case.get_by_label("Reason").fill("The customer did not make this payment.")
    await case.get_by_role("button", name="Fraud").click()
    await expect(case).to_contain_text("The customer did not make this payment.")
    await expect(page.locator(".alert .worked").first).to_have_text("Fraud")
    assert await page.evaluate(CONTRAST) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await case.get_by_role("button", name="Undo").click()
    await expect(case.get_by_role("button", name="Fraud")).to_be_visible()


async def test_a_verdict_needs_a_reason(desk: Desk, open_page: OpenPage) -> None:
    page = await at_work(desk, await open_page())
    case = page.locator("#detail .case")
    await case.get_by_role("button", name="Legitimate").click()
    await expect(case.get_by_label("Reason")).to_be_focused()
    await expect(case).to_contain_text("held by")


async def test_notes_are_kept_and_are_text(desk: Desk, open_page: OpenPage) -> None:
    page = await at_work(desk, await open_page())
    hostile = "<img src=x onerror=alert(1)> called back"
    await page.get_by_label("Note").fill(hostile)
    await page.get_by_role("button", name="Add").click()
    await expect(page.locator("#detail .notes li")).to_contain_text(hostile)
    await page.reload()
    await page.locator(".alert").first.click()
    await expect(page.locator("#detail .notes li")).to_contain_text(hostile)
    assert await page.locator("main img").count() == 0


async def test_when_nothing_waits_the_page_says_so(desk: Desk, open_page: OpenPage) -> None:
    page = await open_page()
    await page.goto(await desk.link())
    await page.get_by_role("button", name="Next case").click()
    await expect(page.locator("#list-note")).to_contain_text("Nothing waits")


async def test_what_somebody_else_decided_is_shown_after_a_reload(desk: Desk, open_page: OpenPage) -> None:
    page = await at_work(desk, await open_page(), alerts=3)
    await page.get_by_label("Reason").fill("Known customer, called.")
    await page.get_by_role("button", name="Legitimate").click()
    await expect(page.locator(".alert.closed")).not_to_have_count(0)
    marked = await page.locator(".alert.closed").count()
    await page.reload()
    await expect(page.locator(".alert.closed")).to_have_count(marked)


async def test_signing_in_by_password(desk: Desk, open_page: OpenPage) -> None:
    account = {
        "name": "Bank of the Lake",
        "email": "ana@lake.example",
        "password": "seventeen grey herons",
        "subscription_tier": "starter",
    }
    page = await open_page()
    await page.goto(desk.url)
    answer = await page.request.post(f"{desk.url}/auth/register", data=account)
    assert answer.status == 201
    await page.get_by_label("Email address").fill(account["email"])
    await page.get_by_label("Password", exact=True).fill("not the password")
    await page.locator("#password-form button").click()
    await expect(page.locator("#password-error")).to_contain_text("do not belong together")
    await page.get_by_label("Password", exact=True).fill(account["password"])
    await page.locator("#password-form button").click()
    await expect(page.locator("#client")).to_have_text("Bank of the Lake")
    await expect(page.get_by_role("heading", name="No alerts yet")).to_be_visible()
