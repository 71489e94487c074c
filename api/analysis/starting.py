"""Asking for a run: its strategy's version is fixed now, so that a change of the strategy does not change it."""

from uuid import UUID

from analysis.strategy_book import FoundStrategy, StrategyBook
from api.analysis.schemas import RunIn
from api.cases.act import Act
from api.problems import CONFLICT, NOT_FOUND, TOO_MANY_KEPT, Problem
from storage import analysis_runs
from storage.analysis_runs import NewRun, RunRepository, StoredRun
from storage.database import Pool
from storage.jobs import TooManyJobs
from storage.uploads import UploadRepository

NO_RUN = "you have no run with this id"


async def start(act: Act, body: RunIn) -> StoredRun:
    """Store the run and its job. Raises problems: 404 (upload, strategy), 409 (not read yet, too many wait)."""
    async with act.parts.database.client(act.client_id) as pool:
        strategy = await _strategy(pool, act.client_id, body)
        await _check_upload(pool, act.client_id, body.upload_id)
    new = NewRun(
        client_id=act.client_id,
        source=body.source,
        strategy_id=strategy.strategy_id,
        strategy_version=strategy.version,
        strategy=strategy.document,
    )
    source = {
        name: str(value) for name, value in body.model_dump(include={"upload_id", "from_", "to"}).items() if value
    }
    detail = {"strategy_id": strategy.strategy_id, "strategy_version": strategy.version, **source}
    try:
        async with act.transaction() as connection:
            run_id = await analysis_runs.add(connection, new, act.entry("analysis.run", "", **detail))
    except TooManyJobs as error:
        raise Problem(TOO_MANY_KEPT, str(error)) from error
    return await run_of(act, run_id)


async def run_of(act: Act, run_id: UUID) -> StoredRun:
    """Raises a 404 problem."""
    async with act.parts.database.client(act.client_id) as pool:
        return await known_run(pool, act.client_id, run_id)


async def known_run(pool: Pool, client_id: int, run_id: UUID) -> StoredRun:
    """Raises a 404 problem."""
    found = await RunRepository(pool).get(client_id, run_id)
    if found is None:
        raise Problem(NOT_FOUND, NO_RUN)
    return found


async def done_run(pool: Pool, client_id: int, run_id: UUID) -> StoredRun:
    """A run that has results. Raises problems: 404, 409."""
    found = await known_run(pool, client_id, run_id)
    if found.found is None:
        raise Problem(CONFLICT, f"the run is {found.job.state}; it has results once it is done")
    return found


async def _strategy(pool: Pool, client_id: int, body: RunIn) -> FoundStrategy:
    found = await StrategyBook(pool).get(client_id, body.strategy_id, body.strategy_version)
    if found is None:
        raise Problem(NOT_FOUND, "you have no strategy with this id and version, and no preset has this name")
    return found


async def _check_upload(pool: Pool, client_id: int, upload_id: UUID | None) -> None:
    if upload_id is None:
        return
    upload = await UploadRepository(pool).get(client_id, upload_id)
    if upload is None:
        raise Problem(NOT_FOUND, "you have no upload with this id")
    if upload.state != "parsed":
        words = "it is still being read" if upload.state == "received" else f"it could not be read: {upload.problem}"
        raise Problem(CONFLICT, f"the upload has no rows to look at: {words}")
