"""The console as a person meets it: light, dark, narrow, by keyboard, and while the feed comes and goes."""

from pathlib import Path

import pytest
from desk import Desk, OpenPage
from playwright.async_api import Page, expect

from api.sessions import COOKIE

pytestmark = pytest.mark.browser
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
LOOKS = [(False, 1280), (True, 1280), (False, 360), (True, 360), (False, 820)]


async def signed_in(desk: Desk, page: Page) -> Page:
    await page.goto(await desk.link())
    await live(page)
    return page


async def live(page: Page) -> None:
    await expect(page.locator("#connection")).to_have_attribute("data-state", "live")


@pytest.mark.parametrize(("dark", "width"), LOOKS)
async def test_alerts_arrive_while_one_looks(desk: Desk, open_page: OpenPage, dark: bool, width: int) -> None:
    await desk.alerts.store(3)
    await desk.worker_reports()
    page = await signed_in(desk, await open_page(dark=dark, width=width))
    rows = page.locator(".alert")
    await expect(rows).to_have_count(3)
    await desk.alerts.store(2)
    await expect(rows).to_have_count(5)
    await expect(rows.first.locator(".amount")).to_have_text("€16.50")
    await expect(page.locator("#rate")).to_have_text("21.5")
    await expect(page.locator("#alert-rate")).to_have_text("5")
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await page.locator(".alert.fresh").first.evaluate(
        "row => Promise.all(row.getAnimations().map(each => each.finished))"
    )
    assert await page.evaluate(CONTRAST) == []
    await rows.nth(1).click()
    await expect(page.locator("#detail .reasons li")).to_have_count(1)
    await expect(page.locator("#detail")).to_contain_text("partition 0, offset 3")
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert await page.evaluate(CONTRAST) == []


async def test_the_theme_can_be_chosen_and_is_kept(desk: Desk, open_page: OpenPage) -> None:
    page = await signed_in(desk, await open_page(dark=False))
    light = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    await page.get_by_role("button", name="Switch to the dark theme").click()
    dark = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert light != dark
    await page.reload()
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


async def test_everything_by_keyboard(desk: Desk, open_page: OpenPage) -> None:
    await desk.alerts.store(3)
    page = await signed_in(desk, await open_page())
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the alerts")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Next case")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Pause")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator("#detail")).to_contain_text("offset 1")
    await expect(page.locator("#detail")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#detail")).to_contain_text("Choose an alert")
    await expect(page.locator(".alert").nth(1)).to_be_focused()


async def test_a_paused_list_holds_still_and_loses_nothing(desk: Desk, open_page: OpenPage) -> None:
    page = await signed_in(desk, await open_page())
    await expect(page.get_by_role("heading", name="No alerts yet")).to_be_visible()
    await page.get_by_role("button", name="Pause").click()
    await desk.alerts.store(3)
    await expect(page.locator("#pause")).to_have_text("Resume (3 new)")
    await expect(page.locator(".alert")).to_have_count(0)
    await page.locator("#pause").click()
    await expect(page.locator(".alert")).to_have_count(3)


async def test_rows_stay_bounded(desk: Desk, open_page: OpenPage) -> None:
    page = await signed_in(desk, await open_page())
    newest = (await desk.alerts.store(450))[-1]
    await expect(page.locator(f'.alert[data-id="{newest.alert_id}"]')).to_be_visible()
    await expect(page.locator(".alert")).to_have_count(200)
    await expect(page.locator("#list-end")).to_be_visible()


async def test_a_broken_connection_comes_back_with_what_was_missed(desk: Desk, open_page: OpenPage) -> None:
    await desk.alerts.store(1)
    page = await signed_in(desk, await open_page())
    await page.context.set_offline(True)
    desk.drop_sockets()
    await expect(page.locator("#connection")).to_have_attribute("data-state", "reconnecting")
    await desk.alerts.store(4)
    await page.context.set_offline(False)
    await live(page)
    await expect(page.locator(".alert")).to_have_count(5)


async def test_without_a_session_the_page_says_how_to_get_one(desk: Desk, open_page: OpenPage) -> None:
    page = await open_page()
    await page.goto(desk.url)
    await expect(page.get_by_role("heading", name="Sign in to see your alerts")).to_be_visible()
    await expect(page.locator("#signed-out")).to_contain_text("make run")
    assert await page.evaluate(CONTRAST) == []
    await page.get_by_label("API key", exact=True).fill("rsk_wrong")
    await page.locator("#key-form button").click()
    await expect(page.locator("#key-error")).to_have_text("This API key is not valid.")
    await page.get_by_label("API key", exact=True).fill(await desk.key())
    await page.keyboard.press("Enter")
    await live(page)
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in to see your alerts")).to_be_visible()


async def test_a_session_that_ends_says_so(desk: Desk, open_page: OpenPage) -> None:
    page = await signed_in(desk, await open_page())
    await page.context.clear_cookies(name=COOKIE)
    await expect(page.locator("#signed-out-why")).to_have_text("Your session is over.")


async def test_a_link_works_once(desk: Desk, open_page: OpenPage) -> None:
    link = await desk.link()
    first = await open_page()
    await first.goto(link)
    await live(first)
    second = await open_page(dark=True)
    await second.goto(link)
    await expect(second.get_by_role("heading", name="This link does not work any more")).to_be_visible()
    assert await second.evaluate(CONTRAST) == []


async def test_what_comes_from_outside_is_text(desk: Desk, open_page: OpenPage) -> None:
    page = await signed_in(desk, await open_page())
    hostile = '<img src=x onerror="window.hit = 1">'
    await page.evaluate(
        """async ([hostile, base]) => {
            const { AlertList } = await import(`${base}/alert-list.js`);
            const { Detail } = await import(`${base}/detail.js`);
            const alert = {
                alert_id: "00000000-0000-0000-0000-000000000000", sequence: 1, transaction_id: hostile,
                account: hostile, event_time_ms: 0, created_at_ms: Date.now(), amount: 1, currency: hostile,
                severity: hostile, recommendation: hostile, risk_score: 99, signals: { [hostile]: 1 },
                merchant_id: hostile, location: hostile,
                reasons: [{ feature: hostile, value: 1, norm: 1, contribution: 1, text: hostile }],
            };
            const detail = new Detail(() => {});
            new AlertList(() => {}, () => {}).replace([alert]);
            await detail.show(alert);
        }""",
        [hostile, await page.evaluate("document.querySelector('script[type=module]').src.replace('/app.js', '')")],
    )
    await expect(page.locator(".alert .reason")).to_have_text(hostile)
    assert await page.locator("main img").count() == 0
    assert await page.evaluate("window.hit") is None


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_the_reference_draws_without_the_internet(desk: Desk, open_page: OpenPage, path: str) -> None:
    page = await open_page()
    elsewhere: list[str] = []
    page.on("request", lambda request: elsewhere.append(request.url) if not request.url.startswith(desk.url) else None)
    await page.goto(desk.url + path)
    drawn_ms = 60_000  # Redoc lays out the whole document before it shows any of it
    await expect(page.get_by_text("/v1/alerts/{alert_id}").first).to_be_visible(timeout=drawn_ms)
    assert [url for url in elsewhere if not url.startswith(("data:", "blob:"))] == []
