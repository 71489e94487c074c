"""The console's files: no inline script, nothing from elsewhere, nothing that turns data into markup."""

import re
from importlib.resources import files
from pathlib import Path

import httpx
import pytest
from running_gateway import NOWHERE, settings_for

from api.app import create_app

FOLDER = Path(str(files("api.console")))
SCRIPTS = sorted(FOLDER.glob("*.js"))
PAGES = sorted(FOLDER.glob("*.html"))
MARKUP_SINKS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\(\"on"
)


def console() -> httpx.AsyncClient:
    app = create_app(settings_for(f"postgresql://u:p@{NOWHERE}/d"))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_script_turns_data_into_markup(script: Path) -> None:
    assert not MARKUP_SINKS.search(script.read_text())


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_no_page_has_inline_script_or_style(page: Path) -> None:
    text = page.read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text)
    assert all(body == "" for body in re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_import_files_that_are_there(script: Path) -> None:
    for name in re.findall(r'from "\./([^"]+)"', script.read_text()):
        assert (FOLDER / name).is_file()


async def test_the_page_names_files_that_may_be_kept_for_ever() -> None:
    async with console() as http:
        page = await http.get("/")
        assert page.headers["cache-control"] == "no-cache"
        assert "script-src 'self';" in page.headers["content-security-policy"]
        addresses = re.findall(r'(?:href|src)="(/console/[^"]+)"', page.text)
        assert len(addresses) >= 4
        for address in addresses:
            asset = await http.get(address)
            assert asset.status_code == 200
            assert "immutable" in asset.headers["cache-control"]


async def test_a_file_under_an_older_name_is_not_kept() -> None:
    async with console() as http:
        asset = await http.get("/console/000000000000/app.js")
        assert asset.headers["cache-control"] == "no-store"
        assert (await http.get("/console/000000000000/index.html")).status_code == 404
