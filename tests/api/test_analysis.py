"""Runs over HTTP, with a real worker: asked for, watched, read, filtered, compared, cancelled."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pyarrow.parquet as pq
import pytest
import pytest_asyncio
from analysis_world import START, Analyst, habits, put_upload, store_payments, worker
from running_gateway import RunningGateway, settings_for

from settings import Settings

UNKNOWN = "00000000-0000-4000-8000-000000000000"
PROBLEMS = {404: "not-found", 409: "conflict", 422: "invalid-request"}
PERIOD = {"from": START.isoformat(), "to": (START + timedelta(days=60)).isoformat()}


def problem(answer: httpx.Response, status: int, slug: str | None = None) -> Any:
    """The document of a problem of the most general kind of its status, or of the kind named."""
    assert answer.status_code == status, answer.text
    found = answer.json()
    assert found["type"] == f"urn:riskstream:problem:{slug or PROBLEMS[status]}"
    return found


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


@pytest.mark.usefixtures("working")
async def test_from_an_upload_to_ranked_anomalies(analyst: Analyst, upload_id: str, settings: Settings) -> None:
    answer = await analyst.post("/v1/analysis/run", {"strategy_id": "payments", "upload_id": upload_id})
    assert answer.status_code == 202
    run_id = answer.json()["run_id"]
    assert answer.headers["Location"] == f"/v1/analysis/{run_id}/status"
    status = await analyst.ended(run_id)
    assert (status["state"], status["progress"], status["seconds_left"]) == ("done", 1.0, 0.0)
    run = await analyst.read(f"/v1/analysis/{run_id}")
    assert run["found"]["rows"] == 300
    assert run["strategy"]["name"] == "payments"
    assert run["strategy_version"] == 1
    found = await analyst.every(f"/v1/analysis/{run_id}/results", limit=3)
    assert [each["rank"] for each in found] == list(range(1, run["found"]["kept"] + 1))
    assert [each["score"] for each in found] == sorted((each["score"] for each in found), reverse=True)
    assert {each["row"] for each in found[:3]} <= set(range(297, 302))
    first = found[0]
    assert first["reasons"]
    assert first["subject"] == f"upload/{upload_id}/{first['row']}"
    assert first["record"]["transaction_id"] == first["transaction_id"]
    assert await analyst.read(f"/v1/analysis/{run_id}/results/{first['place']}") == first
    assert not any((settings.upload_dir / "runs").iterdir())


@pytest.mark.usefixtures("working")
async def test_a_stored_period_gives_what_the_same_rows_in_a_file_give(
    analyst: Analyst, upload_id: str, pool: Any
) -> None:
    await store_payments(pool, habits())
    of_file = await analyst.every(f"/v1/analysis/{await analyst.ran(upload_id=upload_id)}/results")
    of_stream = await analyst.every(f"/v1/analysis/{await analyst.ran(**PERIOD)}/results")
    # The stream's rows have a channel and a country besides, which the strategy's isolation forest looks at.
    assert {x["transaction_id"] for x in of_stream[:3]} == {x["transaction_id"] for x in of_file[:3]}
    assert of_stream[0]["stored"]
    assert of_stream[0]["subject"] == of_stream[0]["transaction_id"]
    assert of_stream[0]["record"]["channel"] == "app"


@pytest.mark.usefixtures("working")
async def test_a_period_bounds_what_is_looked_at(analyst: Analyst, pool: Any, other_client: int) -> None:
    await store_payments(pool, habits(40))
    await store_payments(pool, habits(40), client_id=other_client)
    to = (START + timedelta(hours=10)).isoformat()
    run_id = await analyst.ran(**{"from": START.isoformat(), "to": to})
    assert (await analyst.read(f"/v1/analysis/{run_id}"))["found"]["rows"] == 10
    empty = await analyst.ran(**{"from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z"})
    assert (await analyst.read(f"/v1/analysis/{empty}"))["found"]["rows"] == 0
    assert await analyst.every(f"/v1/analysis/{empty}/results") == []


@pytest.mark.usefixtures("working")
async def test_every_filter_gives_what_a_look_at_all_gives(analyst: Analyst, upload_id: str) -> None:
    run_id = await analyst.ran(upload_id=upload_id)
    path = f"/v1/analysis/{run_id}/results"
    everything = await analyst.every(path)
    middle = everything[len(everything) // 2]
    at = START + timedelta(hours=296)
    cases: list[tuple[dict[str, Any], Any]] = [
        ({"score_min": middle["score"]}, lambda x: x["score"] >= middle["score"]),
        ({"score_max": middle["score"]}, lambda x: x["score"] <= middle["score"]),
        ({"account": "acct-1"}, lambda x: x["account"] == "acct-1"),
        ({"detector": "robust_z_score"}, lambda x: "robust_z_score" in x["shares"]),
        ({"currency": "SEK"}, lambda _: False),
        ({"amount_min": 1000}, lambda x: x["amount"] >= 1000),
        ({"amount_max": 1000}, lambda x: x["amount"] <= 1000),
        ({"from": at.isoformat()}, lambda x: x["event_time_ms"] >= at.timestamp() * 1000),
        ({"to": at.isoformat()}, lambda x: x["event_time_ms"] < at.timestamp() * 1000),
        ({"alerted": True}, lambda _: False),
    ]
    for filters, passes in cases:
        for limit in (2, 200):
            assert await analyst.every(path, limit=limit, **filters) == [x for x in everything if passes(x)], filters


@pytest.mark.usefixtures("working")
async def test_exports_hold_what_the_list_holds_and_no_formula(analyst: Analyst, pool: Any, settings: Settings) -> None:
    # A formula, and a NUL, which no Postgres text can hold.
    named = {"acct-0": "acct-0", "acct-1": "=cmd|' /C calc'!A0", "acct-2": "nul\0"}
    rows = [row | {"account": named[row["account"]], "text": "+SUM(A1:A9)"} for row in habits()]
    upload_id = await put_upload(pool, settings.upload_dir, rows)
    run_id = await analyst.ran(upload_id=str(upload_id))
    everything = await analyst.every(f"/v1/analysis/{run_id}/results")
    files = {}
    for form in ("csv", "parquet", "xlsx"):
        answer = await analyst.get(f"/v1/analysis/{run_id}/results/export", format=form)
        assert answer.status_code == 200, answer.text
        assert f"anomalies-{run_id}.{form}" in answer.headers["content-disposition"]
        files[form] = answer.content
    from_csv = list(csv.DictReader(io.StringIO(files["csv"].decode())))
    from_parquet = pq.read_table(io.BytesIO(files["parquet"])).to_pylist()
    sheet = openpyxl.load_workbook(io.BytesIO(files["xlsx"])).worksheets[0]
    names, *cells = [list(row) for row in sheet.iter_rows()]
    for place, shown in enumerate(everything):
        assert int(from_csv[place]["rank"]) == from_parquet[place]["rank"] == cells[place][0].value == shown["rank"]
        assert float(from_csv[place]["amount"]) == float(from_parquet[place]["amount"]) == shown["amount"]
        assert from_parquet[place]["account"] == shown["account"]
    evil = next(i for i, shown in enumerate(everything) if shown["account"].startswith("="))
    assert from_csv[evil]["account"].startswith("'=")
    assert from_csv[evil]["text"] == "'+SUM(A1:A9)"
    assert all(cell.data_type != "f" for row in cells for cell in row)
    columns = [cell.value for cell in names]
    assert cells[evil][columns.index("account")].value.startswith("'=")
    some = await analyst.get(f"/v1/analysis/{run_id}/results/export", amount_min=9000)
    assert len(list(csv.DictReader(io.StringIO(some.text)))) == sum(shown["amount"] >= 9000 for shown in everything)


@pytest.mark.usefixtures("working")
async def test_two_runs_beside_each_other(analyst: Analyst, pool: Any, settings: Settings, upload_id: str) -> None:
    first = await analyst.ran(upload_id=upload_id)
    second = await analyst.ran(upload_id=upload_id, strategy_id="mobile_money")
    of_first = {x["row"]: x for x in await analyst.every(f"/v1/analysis/{first}/results")}
    of_second = {x["row"]: x for x in await analyst.every(f"/v1/analysis/{second}/results")}
    path = f"/v1/analysis/{first}/compare/{second}"
    whole = await analyst.read(path)
    assert whole["matched_by"] == "row"
    assert whole["both"] == len(of_first.keys() & of_second.keys())
    assert whole["only_first"] == len(of_first.keys() - of_second.keys())
    assert whole["only_second"] == len(of_second.keys() - of_first.keys())
    pairs = await analyst.every(path, limit=2)
    assert {pair["row"] for pair in pairs} == of_first.keys() | of_second.keys()
    for pair in pairs:
        assert pair["score_first"] == (of_first[pair["row"]]["score"] if pair["row"] in of_first else None)
        assert pair["score_second"] == (of_second[pair["row"]]["score"] if pair["row"] in of_second else None)
    only = await analyst.every(path, found="only_first")
    assert {pair["row"] for pair in only} == of_first.keys() - of_second.keys()
    copied = str(await put_upload(pool, settings.upload_dir, habits()))
    other = await analyst.read(f"/v1/analysis/{first}/compare/{await analyst.ran(upload_id=copied)}")
    assert other["matched_by"] == "transaction_id"
    assert (other["only_first"], other["only_second"]) == (0, 0)


async def test_a_run_that_waits_is_cancelled_and_has_no_results(analyst: Analyst, upload_id: str) -> None:
    run_id = await analyst.started(upload_id=upload_id)
    answer = await analyst.get(f"/v1/analysis/{run_id}/results")
    assert problem(answer, 409)["detail"].startswith("the run is waiting")
    cancelled = await analyst.post(f"/v1/analysis/{run_id}/cancel")
    assert cancelled.json()["state"] == "cancelled"
    assert problem(await analyst.post(f"/v1/analysis/{run_id}/cancel"), 409)
    assert problem(await analyst.get(f"/v1/analysis/{run_id}/results/export"), 409)


async def test_jobs_show_what_waits_and_can_be_cancelled(analyst: Analyst, upload_id: str) -> None:
    runs = [await analyst.started(upload_id=upload_id) for _ in range(3)]
    jobs = await analyst.every("/v1/jobs", limit=2)
    assert [job["subject"] for job in jobs] == runs[::-1]
    assert {job["state"] for job in jobs} == {"waiting"}
    answer = await analyst.post(f"/v1/jobs/{jobs[0]['job_id']}/cancel")
    assert answer.json()["state"] == "cancelled"
    assert len(await analyst.every("/v1/jobs", state=["waiting"], kind="run")) == 2
    assert await analyst.every("/v1/jobs", kind="parse") == []
    [one] = await analyst.every("/v1/jobs", subject=runs[0])
    assert await analyst.read(f"/v1/jobs/{one['job_id']}") == one
    assert problem(await analyst.get(f"/v1/jobs/{UNKNOWN}"), 404)
    assert problem(await analyst.post(f"/v1/jobs/{UNKNOWN}/cancel"), 404)


async def test_runs_are_listed_by_filter(analyst: Analyst, upload_id: str) -> None:
    runs = [await analyst.started(upload_id=upload_id), await analyst.started(**PERIOD, strategy_id="card")]
    assert [run["run_id"] for run in await analyst.every("/v1/analysis", limit=1)] == runs[::-1]
    assert [run["run_id"] for run in await analyst.every("/v1/analysis", upload_id=upload_id)] == runs[:1]
    assert [run["run_id"] for run in await analyst.every("/v1/analysis", strategy_id="card")] == runs[1:]
    assert await analyst.every("/v1/analysis", state=["done"]) == []
    assert problem(await analyst.get("/v1/analysis", cursor="nonsense"), 400, "invalid-cursor")
    # Older addresses lead to the same.
    assert await analyst.every("/api/v1/analysis", upload_id=upload_id)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"strategy_id": "payments"}, 422),
        ({"strategy_id": "payments", "upload_id": UNKNOWN, **PERIOD}, 422),
        ({"strategy_id": "payments", "from": PERIOD["from"]}, 422),
        ({"strategy_id": "payments", "from": PERIOD["to"], "to": PERIOD["from"]}, 422),
        ({"strategy_id": "payments", "from": "2020-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, 422),
        ({"strategy_id": "payments", "upload_id": UNKNOWN}, 404),
        ({"strategy_id": "no-such", **PERIOD}, 404),
        ({"strategy_id": "payments", "strategy_version": 99, **PERIOD}, 404),
    ],
)
async def test_what_cannot_be_run_is_refused(analyst: Analyst, body: dict[str, Any], status: int) -> None:
    assert problem(await analyst.post("/v1/analysis/run", body), status)
    assert await analyst.every("/v1/jobs") == []


@pytest.mark.usefixtures("working")
async def test_a_run_whose_upload_is_gone_says_so(analyst: Analyst, upload_id: str, settings: Settings) -> None:
    for path in settings.upload_dir.rglob("rows.parquet"):
        path.unlink()
    run_id = await analyst.started(upload_id=upload_id)
    status = await analyst.ended(run_id)
    assert status["state"] == "failed"
    assert "deleted" in status["error"]


async def test_nobody_reaches_anothers_runs(analyst: Analyst, upload_id: str, make_key: Any, other_client: int) -> None:
    run_id = await analyst.started(upload_id=upload_id)
    stranger = Analyst(analyst.http, await make_key(other_client))
    for path in (run_id, f"{run_id}/status", f"{run_id}/results", f"{run_id}/results/0", f"{run_id}/compare/{run_id}"):
        assert problem(await stranger.get(f"/v1/analysis/{path}"), 404)
    assert problem(await stranger.post(f"/v1/analysis/{run_id}/cancel"), 404)
    assert problem(await stranger.post("/v1/analysis/run", {"strategy_id": "card", "upload_id": upload_id}), 404)
    assert await stranger.every("/v1/analysis") == []
    assert await stranger.every("/v1/jobs") == []


async def test_a_client_has_so_many_jobs_and_no_more(analyst: Analyst, upload_id: str) -> None:
    for _ in range(100):
        await analyst.started(upload_id=upload_id)
    answer = await analyst.post("/v1/analysis/run", {"strategy_id": "payments", "upload_id": upload_id})
    assert problem(answer, 409, "too-many-kept")
