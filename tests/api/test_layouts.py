"""Layouts that no file has: refused with the field; and what was stored when less was checked does no harm."""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from analysts_worker import do_jobs
from running_gateway import running, settings_for
from test_uploads import LEDGER, Uploader

CASES = Path(os.environ.get("JUDGES", Path(__file__).parents[3] / "shared")) / "cases"


@pytest_asyncio.fixture
async def uploader(database_url: str, tmp_path: Path, key: str) -> AsyncIterator[Uploader]:
    settings = settings_for(database_url, upload_dir=tmp_path / "uploads")
    async with running(settings) as started:
        yield Uploader(started, key)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"sheet": "\x00"}, "body.layout.sheet"),
    ({"record": "rows/\x00"}, "body.layout.record"),
    *(
        ({"encoding": name}, "body.layout.encoding")
        for name in (
            "idna", "IDNA", "punycode", "unicode_escape", "raw-unicode-escape", "rot13", "base64", "hex", "undefined",
            "mbcs", "", "no such", "x\x00", "aliases", "../utf_8",
        )
    ),
    *(({"delimiter": sign}, "body.layout.delimiter") for sign in ("¦", "§", "；", "€", "\x00", "\n", '"', "", ";;")),
    ({"delimiter": "'", "quote": "'"}, "body.layout"),
]  # fmt: skip


@pytest.mark.parametrize(("layout", "where"), REFUSED, ids=str)
async def test_a_layout_that_no_file_has_is_refused(uploader: Uploader, layout: dict[str, Any], where: str) -> None:
    upload = await uploader.parsed(LEDGER)
    answer = await uploader.read_anew(upload["upload_id"], {"layout": layout, "mapping": None})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["where"] == where


@pytest.mark.parametrize("layout", [{"encoding": "CP1252"}, {"encoding": "utf-8-sig"}, {"delimiter": ";"}])
async def test_layouts_that_files_have_are_taken(uploader: Uploader, layout: dict[str, Any]) -> None:
    upload = await uploader.parsed(LEDGER)
    assert (await uploader.read_anew(upload["upload_id"], {"layout": layout, "mapping": None})).status_code == 202
    assert await do_jobs(uploader.gateway.parts.settings) == ["done"]
    assert (await uploader.get(f"{upload['upload_id']}/status"))["state"] == "parsed"


@pytest.mark.parametrize("encoding", ["utf_16", "utf_32", "utf_7", "cp037", "euc_jp"])
async def test_the_wrong_encoding_breaks_no_job(uploader: Uploader, encoding: str) -> None:
    upload = await uploader.parsed(LEDGER)
    wanted = {"layout": {"encoding": encoding}, "mapping": None}
    assert (await uploader.read_anew(upload["upload_id"], wanted)).status_code == 202
    assert await do_jobs(uploader.gateway.parts.settings) == ["done"]
    status = await uploader.get(f"{upload['upload_id']}/status")
    assert status["state"] in ("parsed", "refused")
    assert status["state"] == "parsed" or status["problem"]


@pytest.mark.parametrize("layout", [{"encoding": "idna"}, {"delimiter": "¦"}, {"encoding": 7}, {"unknown": 1}])
async def test_a_stored_layout_that_nobody_checked_refuses_its_file(
    uploader: Uploader, pool: "asyncpg.Pool[asyncpg.Record]", layout: dict[str, Any]
) -> None:
    upload = await uploader.parsed(LEDGER)
    wanted = {"layout": {"encoding": "cp1252"}, "mapping": None}
    assert (await uploader.read_anew(upload["upload_id"], wanted)).status_code == 202
    await pool.execute("UPDATE uploads SET wanted = $1", json.dumps({"layout": layout, "mapping": None}).encode())
    assert await do_jobs(uploader.gateway.parts.settings) == ["done"]
    status = await uploader.get(f"{upload['upload_id']}/status")
    assert status["state"] == "refused"
    assert str(next(iter(layout))) in status["problem"] or str(next(iter(layout.values()))) in status["problem"]


@pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not here")
@pytest.mark.parametrize("name", ["A1-layout-nul", "A1-layout-encoding-idna", "A1-layout-delimiter-not-ascii"])
async def test_layouts_of_public_reports(uploader: Uploader, name: str) -> None:
    upload = await uploader.parsed(LEDGER)
    body = json.loads((CASES / f"{name}.json").read_text())
    answer = await uploader.read_anew(upload["upload_id"], body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"].startswith("body.layout.")
