"""Runs: a detection strategy over an upload or a stored period, watched, and its anomalies read."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import FileResponse

from api.analysis.comparing import ComparisonOut, ComparisonQuery, compare
from api.analysis.exporting import RESPONSES, FormatName, export
from api.analysis.keys import made_key, made_of
from api.analysis.queries import AnomalyQuery, RunQuery
from api.analysis.raising import raise_alert
from api.analysis.schemas import AnomalyOut, AnomalyPage, RunIn, RunOut, RunPage, RunStatusOut
from api.analysis.starting import NO_RUN, done_run, known_run, run_of, start
from api.auth import Reader
from api.cases.act import ActOf
from api.cases.paging import next_cursor, number_of, resumed
from api.cases.schemas import WorkedAlertOut
from api.cases.versions import tag
from api.json_bodies import JsonRoute
from api.listing import listed, shown
from api.openapi import errors
from api.parts import PartsOf
from api.problems import NOT_FOUND, Problem
from api.routes.jobs import cancelled
from storage import anomalies
from storage.analysis_runs import RunRepository
from storage.anomalies import AnomalyRepository
from storage.anomaly_comparison import RANK_NONE
from storage.database import session

PLACE_MAX = 2**53  # what JSON holds as a whole number everywhere
Place = Annotated[int, Path(ge=0, le=PLACE_MAX, description="`place` of an anomaly of this run")]

router = APIRouter(prefix="/v1/analysis", tags=["analysis"], route_class=JsonRoute)


@router.post("/run", status_code=202, summary="Run a strategy", responses=errors(404, 409))
async def start_run(act: ActOf, body: RunIn, response: Response) -> RunOut:
    """Over an upload, or over the stored payments of a period. It waits for a worker; `Location` shows how far it is.

    The version of the strategy is fixed now: what changes it later does not change this run.
    """
    run = await start(act, body)
    response.headers["Location"] = f"/v1/analysis/{run.run_id}/status"
    return RunOut.of(run)


@router.get("", summary="Runs by filter, newest first")
async def list_runs(caller: Reader, parts: PartsOf, query: Annotated[RunQuery, Query()]) -> RunPage:
    """With what each one used and found."""
    asked, page = resumed(query)
    async with parts.database.client(caller.client_id) as pool:
        found = await RunRepository(pool).page(
            caller.client_id, asked.filter(), after=made_of(page) if page else None, limit=asked.limit + 1
        )
    page_rows = found[: asked.limit]
    last = page_rows[-1] if len(found) > asked.limit else None
    return RunPage(
        **listed(page_rows, RunOut.of, "run_id"),
        next_cursor=next_cursor(asked, made_key(last.created_at, last.run_id)) if last else None,
    )


@router.get("/{run_id}", summary="A run", responses=errors(404))
async def get_run(caller: Reader, parts: PartsOf, run_id: UUID) -> RunOut:
    """What it looked at, with which version of which strategy, and in short what it found."""
    async with parts.database.client(caller.client_id) as pool:
        return shown(await known_run(pool, caller.client_id, run_id), RunOut.of)


@router.get("/{run_id}/status", summary="How far a run is", responses=errors(404))
async def get_run_status(caller: Reader, parts: PartsOf, run_id: UUID) -> RunStatusOut:
    """Stage, rows, rows a second, seconds left; at most a second old while it runs."""
    async with parts.database.client(caller.client_id) as pool:
        return shown(await known_run(pool, caller.client_id, run_id), RunStatusOut.of)


@router.post("/{run_id}/cancel", summary="Cancel a run", responses=errors(404, 409))
async def cancel_run(act: ActOf, run_id: UUID) -> RunStatusOut:
    """One that waits is cancelled at once; one that runs ends within seconds, and nothing of it is stored."""
    run = await run_of(act, run_id)
    await cancelled(act, run.job.job_id)
    return RunStatusOut.of(await run_of(act, run_id))


@router.get("/{run_id}/results", summary="The anomalies of a run, ranked", responses=errors(404, 409))
async def list_results(
    caller: Reader, parts: PartsOf, run_id: UUID, query: Annotated[AnomalyQuery, Query()]
) -> AnomalyPage:
    """The highest score first. All filters given must hold; amounts are compared without their sign."""
    asked, page = resumed(query)
    async with parts.database.client(caller.client_id) as pool:
        await done_run(pool, caller.client_id, run_id)
        found = await AnomalyRepository(pool).page(
            caller.client_id,
            run_id,
            asked.filter(),
            after_rank=number_of(page, RANK_NONE) if page else 0,
            limit=asked.limit + 1,
        )
    page_rows = found[: asked.limit]
    more = len(found) > asked.limit
    return AnomalyPage(
        **listed(page_rows, AnomalyOut.of, "place"),
        next_cursor=next_cursor(asked, [page_rows[-1].rank]) if more else None,
    )


@router.get(
    "/{run_id}/results/export",
    response_class=FileResponse,
    summary="The anomalies of a run as a file",
    responses=RESPONSES | errors(404, 409),
)
async def export_results(
    caller: Reader,
    parts: PartsOf,
    run_id: UUID,
    query: Annotated[AnomalyQuery, Query()],
    form: Annotated[FormatName, Query(alias="format", description="Which kind of file")] = "csv",
) -> FileResponse:
    """CSV, Parquet or Excel; the same filters and order as the list, and all of it (limit and cursor do nothing).

    A text that a spreadsheet would take for a formula has a quote in front, but in Parquet.
    """
    async with parts.database.client(caller.client_id) as pool:
        await done_run(pool, caller.client_id, run_id)
    return await export(parts, caller.client_id, run_id, query.filter(), form)


@router.get("/{run_id}/results/{place}", summary="One anomaly", responses=errors(404))
async def get_result(caller: Reader, parts: PartsOf, run_id: UUID, place: Place) -> AnomalyOut:
    """With its shares, its reasons, and the row as it was."""
    async with parts.database.client(caller.client_id) as pool, session(pool) as connection:
        found = await anomalies.get(connection, caller.client_id, run_id, place)
    if found is None:
        raise Problem(NOT_FOUND, f"{NO_RUN} and an anomaly at this place")
    return AnomalyOut.of(found)


@router.post(
    "/{run_id}/results/{place}/alert",
    status_code=201,
    summary="Make an alert of an anomaly",
    responses=errors(404) | {200: {"model": WorkedAlertOut, "description": "There is an alert of it already"}},
)
async def raise_alert_of_result(act: ActOf, run_id: UUID, place: Place, response: Response) -> WorkedAlertOut:
    """It gets the client's next number and joins a case of its account, like any other; a verdict on it is a label.

    A transaction that has an alert already, whoever raised it, keeps that one: then the answer is 200.
    """
    found, is_new = await raise_alert(act, run_id, place)
    if not is_new:
        response.status_code = 200
    response.headers["ETag"] = tag(found.version)
    response.headers["Location"] = f"/v1/alerts/{found.alert.alert_id}"
    return WorkedAlertOut.of(found, act.now)


@router.get("/{run_id}/compare/{other_run_id}", summary="Compare two runs", responses=errors(404, 409))
async def compare_runs(
    caller: Reader, parts: PartsOf, run_id: UUID, other_run_id: UUID, query: Annotated[ComparisonQuery, Query()]
) -> ComparisonOut:
    """What both flagged and what only one did, with both scores: by the row of the same upload, else by transaction id.

    Listed by the first run's rank; what only the second one found comes behind.
    """
    asked, page = resumed(query)
    async with parts.database.client(caller.client_id) as pool:
        return await compare(pool, caller.client_id, (run_id, other_run_id), asked, page)
