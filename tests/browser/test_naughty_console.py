"""Naughty strings in the console: each is shown as text, letter by letter, and nothing in it runs."""

import sys
from pathlib import Path

import pytest
from desk import Desk, OpenPage
from playwright.async_api import Page, expect

sys.path.append(str(Path(__file__).parents[1] / "api"))  # the gateway's own test parts

from desk_client import Payment, Payments

from tests.judges.naughty import Naughty, own, suite
from tests.judges.suites import Verdicts

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
ROWS_MAX = 200  # that the list shows
MARKUP = "script, img, iframe, object, embed, video, [onerror], [onload], [onclick], [href^='javascript']"


def is_allowed(text: str) -> bool:
    """Whether a payment may hold it at all."""
    return len(text) <= 64 and all(letter >= " " and letter != "\x7f" for letter in text)


async def shown_wrong(desk: Desk, page: Page, strings: list[Naughty]) -> dict[str, str]:
    """The strings that are not shown as they are, where an alert holds them in every text that it has."""
    payments = [
        Payment(f"pay-{number}", text, number, merchant=text, device=text, place=text, ip=None, sentence=text)
        for number, (_, text) in enumerate(strings)
    ]
    await Payments(desk.pool).store(*payments)
    said: list[str] = []

    async def close(dialog: object) -> None:
        said.append(str(dialog))
        await dialog.dismiss()  # type: ignore[attr-defined]

    page.on("dialog", close)
    await page.goto(await desk.link())
    rows = page.locator(".alert")
    await expect(rows).to_have_count(len(strings))
    wrong: dict[str, str] = {}
    for place, (name, text) in enumerate(reversed(strings)):  # newest first
        await rows.nth(place).click()
        detail = page.locator("#detail")
        await expect(detail).to_contain_text(f"offset {len(strings) - 1 - place}")
        content = await detail.evaluate("detail => detail.textContent")
        if content.count(text) < 2:  # its reason and its merchant at least
            wrong[name] = content
    assert said == []
    assert await page.evaluate("window.naughty") is None
    assert await page.locator("main").locator(MARKUP).count() == 0
    return wrong


async def test_our_own_are_shown_as_text(desk: Desk, open_page: OpenPage) -> None:
    strings = [each for each in own() if is_allowed(each.text)]
    assert await shown_wrong(desk, await open_page(), strings) == {}


async def test_the_list(desk: Desk, open_page: OpenPage) -> None:
    """Those that look like markup or script, and some of every other kind."""
    allowed = [each for each in suite() if is_allowed(each.text)]
    active = [each for each in allowed if "<" in each.text or "script" in each.text]
    strings = (active + [each for each in allowed if each not in active][::3])[:ROWS_MAX]
    verdicts = Verdicts("Naughty strings", "console")
    wrong = await shown_wrong(desk, await open_page(), strings)
    for name, _ in strings:
        verdicts.judge(name, name not in wrong, wrong.get(name))
    verdicts.check()
