"""Previews over HTTP with a real worker: of versions, of what was not saved, of an upload and of a stored period."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from analysis_world import START, Analyst, habits, put_upload, store_payments, worker
from running_gateway import RunningGateway, settings_for

from settings import Settings

MINE: dict[str, Any] = {"name": "Mine", "detectors": [{"detector": "robust_z_score"}], "threshold": 50}
PERIOD = {"from": START.isoformat(), "to": START.replace(month=4).isoformat()}
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return settings_for(database_url, upload_dir=tmp_path / "uploads", metrics_port=0)


@pytest.fixture
def analyst(gateway: RunningGateway, key: str) -> Analyst:
    return Analyst(gateway.http, key)


@pytest_asyncio.fixture
async def working(settings: Settings) -> AsyncIterator[None]:
    async with worker(settings):
        yield


@pytest_asyncio.fixture
async def upload_id(pool: Any, settings: Settings) -> str:
    return str(await put_upload(pool, settings.upload_dir, habits()))


@pytest_asyncio.fixture
async def path(analyst: Analyst) -> str:
    made = await analyst.post("/v1/strategies", MINE)
    return f"/v1/strategies/{made.json()['strategy_id']}"


async def done(analyst: Analyst, response: Any) -> dict[str, Any]:
    """The preview, looked for where the answer says it will be."""
    async with asyncio.timeout(60):
        while response.status_code == 202:
            await asyncio.sleep(0.05)
            response = await analyst.get(response.headers["Location"])
    assert response.status_code == 200, response.text
    preview: dict[str, Any] = response.json()
    assert preview["state"] == "done"
    return preview


@pytest.mark.usefixtures("working")
async def test_a_version_next_to_the_current_one(analyst: Analyst, path: str, upload_id: str) -> None:
    same = await done(analyst, await analyst.get(f"{path}/preview", upload_id=upload_id))
    assert (same["version"], same["version_current"]) == (1, 1)
    assert same["found"]["flagged"] == same["found"]["flagged_current"] > 0
    assert same["found"]["gained"] == same["found"]["lost"] == []
    assert "far above the median" in same["found"]["top"][0]["reasons"]["robust_z_score"]

    stricter = await analyst.http.put(
        path, json=MINE | {"threshold": 100}, headers=analyst.headers | {"If-Match": '"1"'}
    )
    assert stricter.status_code == 200
    older = await done(analyst, await analyst.get(f"{path}/preview", upload_id=upload_id, version=1))
    assert (older["version"], older["version_current"]) == (1, 2)
    assert older["found"]["gained_rows"] == older["found"]["flagged"] == same["found"]["flagged"]
    assert older["found"]["flagged_current"] == 0


@pytest.mark.usefixtures("working")
async def test_what_was_not_saved(analyst: Analyst, path: str, upload_id: str) -> None:
    response = await analyst.post(f"{path}/preview?upload_id={upload_id}", MINE | {"threshold": 100})
    preview = await done(analyst, response)
    assert (preview["version"], preview["found"]["flagged"]) == (None, 0)
    assert preview["found"]["lost_rows"] == preview["found"]["flagged_current"] > 0
    assert (await analyst.read(path))["version"] == 1
    assert (await analyst.read(f"{path}/previews/{preview['preview_id']}"))["found"] == preview["found"]


@pytest.mark.usefixtures("working")
async def test_a_stored_period_by_a_preset(analyst: Analyst, pool: Any) -> None:
    await store_payments(pool, habits())
    preview = await done(analyst, await analyst.get("/v1/strategies/payments/preview", **PERIOD))
    assert preview["found"]["rows"] == preview["found"]["rows_total"] == 300
    assert preview["found"]["top"][0]["transaction_id"].startswith("row-29")


async def test_without_a_worker_the_answer_says_where_to_look(
    analyst: Analyst, path: str, upload_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.previews.WAIT_S", 0.0)
    first = await analyst.get(f"{path}/preview", upload_id=upload_id)
    again = await analyst.get(f"{path}/preview", upload_id=upload_id)
    assert (first.status_code, first.json()["state"], first.json()["found"]) == (202, "waiting", None)
    assert first.headers["Retry-After"]
    assert again.json()["preview_id"] == first.json()["preview_id"]  # the same question is one job
    looked = await analyst.get(first.headers["Location"])
    assert looked.status_code == 202
    other = await analyst.get(f"/v1/strategies/payments/previews/{first.json()['preview_id']}")
    assert other.status_code == 404


async def test_what_cannot_be_looked_at(analyst: Analyst, path: str, upload_id: str) -> None:
    for query, status in (
        ({}, 422),
        ({"from": PERIOD["from"]}, 422),
        ({"from": PERIOD["to"], "to": PERIOD["from"]}, 422),
        ({"upload_id": upload_id, **PERIOD}, 422),
        ({"upload_id": UNKNOWN}, 404),
        ({"upload_id": upload_id, "version": 7}, 404),
    ):
        assert (await analyst.get(f"{path}/preview", **query)).status_code == status
    wrong = await analyst.post(f"{path}/preview?upload_id={upload_id}", MINE | {"detectors": [{"detector": "nobody"}]})
    assert (wrong.status_code, wrong.json()["errors"][0]["where"]) == (422, "body.detectors.0.detector")
    assert (await analyst.get(f"/v1/strategies/{UNKNOWN}/preview", upload_id=upload_id)).status_code == 404


@pytest.mark.usefixtures("working")
async def test_a_job_that_fails_says_why(analyst: Analyst, path: str, upload_id: str, settings: Settings) -> None:
    for rows in settings.upload_dir.rglob("rows.parquet"):
        rows.unlink()
    response = await analyst.get(f"{path}/preview", upload_id=upload_id)
    assert response.status_code == 409
    assert "rows are not there" in response.json()["detail"]
