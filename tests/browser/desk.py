"""A real browser before a gateway on a real database."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import which

import asyncpg
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

sys.path.append(str(Path(__file__).parents[1] / "api"))  # the gateway's own test parts

from alert_maker import AlertMaker
from running_gateway import SECRET, RunningGateway, running, settings_for

from api.keys import SCOPES_ALL, hash_key, hash_sign_in_token, new_key, new_token
from storage.api_keys import ApiKeyRepository
from storage.database import connect
from storage.sign_in_links import SignInLinkRepository
from storage.worker_status import WorkerStatus, WorkerStatusRepository

PATIENCE_MS = 15_000
# Nothing but the page itself: no updates, no sync, no first-run pages.
OPTIONS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Desk:
    """A gateway, and what a person needs to work with it."""

    def __init__(self, gateway: RunningGateway, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self.gateway = gateway
        self.alerts = AlertMaker(pool)
        self.url = f"http://{gateway.address}"
        self.pool = self._pool = pool

    async def link(self) -> str:
        """A one-time sign-in link for client 1."""
        token = new_token()
        expires_at = datetime.now(UTC) + timedelta(minutes=5)
        await SignInLinkRepository(self._pool).create(hash_sign_in_token(SECRET, token), 1, expires_at)
        return f"{self.url}/sign-in?token={token}"

    async def key(self) -> str:
        key, prefix = new_key()
        await ApiKeyRepository(self._pool).create(1, "test", hash_key(SECRET, key), prefix, SCOPES_ALL)
        return key

    async def worker_reports(self) -> None:
        now = datetime.now(UTC)
        status = WorkerStatus(
            worker_id="one",
            started_at=now,
            reported_at=now,
            state="running",
            per_second=21.5,
            lag=7,
            latency_ms_p99=18,
        )
        await WorkerStatusRepository(self._pool).report(status)

    def drop_sockets(self) -> None:
        for channel in self.gateway.parts.hub.channels:
            for listener in channel.listeners:
                listener.too_slow.set()


@pytest_asyncio.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    pool = await connect(database_url, size_max=4)
    async with running(settings_for(database_url)) as gateway:
        yield Desk(gateway, pool)
    await pool.close()


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    program = which("chromium") or which("chromium-browser") or which("google-chrome")
    assert program, "install Chromium: `make test-browser` drives the one on the PATH"
    async with async_playwright() as driver:
        started = await driver.chromium.launch(executable_path=program, args=OPTIONS, chromium_sandbox=False)
        yield started
        await started.close()


OpenPage = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture
async def open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    """Opens a page of a given size and colour scheme; fails the test if the page reports an error of its own."""
    complaints: list[str] = []

    async def opened(*, dark: bool = False, width: int = 1280, height: int = 860) -> Page:
        context = await browser.new_context(
            color_scheme="dark" if dark else "light", viewport={"width": width, "height": height}, locale="en-GB"
        )
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None)
        return page

    yield opened
    assert complaints == []
