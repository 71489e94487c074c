"""Long work: what waits, what runs, what became of it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.analysis.keys import made_key, made_of
from api.analysis.queries import JobQuery
from api.analysis.schemas import JobOut, JobPage
from api.auth import Reader
from api.cases.act import Act, ActOf
from api.cases.paging import next_cursor, resumed
from api.listing import listed
from api.openapi import errors
from api.parts import PartsOf
from api.problems import CONFLICT, NOT_FOUND, Problem
from storage import audit, jobs
from storage.jobs import Job, JobRepository

NO_JOB = "you have no job with this id"

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])


@router.get("", summary="Jobs by filter, newest first")
async def list_jobs(caller: Reader, parts: PartsOf, query: Annotated[JobQuery, Query()]) -> JobPage:
    """What runs, waits and has ended. Workers take previews first, then parsing, then runs."""
    asked, page = resumed(query)
    async with parts.database.client(caller.client_id) as pool:
        found = await JobRepository(pool).page(
            caller.client_id, asked.filter(), after=made_of(page) if page else None, limit=asked.limit + 1
        )
    shown = found[: asked.limit]
    last = shown[-1] if len(found) > asked.limit else None
    return JobPage(
        **listed(shown, JobOut.of, "job_id"),
        next_cursor=next_cursor(asked, made_key(last.created_at, last.job_id)) if last else None,
    )


@router.get("/{job_id}", summary="A job", responses=errors(404))
async def get_job(caller: Reader, parts: PartsOf, job_id: UUID) -> JobOut:
    """How far it is, at most a second old while it runs."""
    async with parts.database.client(caller.client_id) as pool:
        found = await JobRepository(pool).get(caller.client_id, job_id)
    if found is None:
        raise Problem(NOT_FOUND, NO_JOB)
    return JobOut.of(found)


@router.post("/{job_id}/cancel", summary="Cancel a job", responses=errors(404, 409))
async def cancel_job(act: ActOf, job_id: UUID) -> JobOut:
    """One that waits is cancelled at once; one that runs ends within seconds, and nothing of it is stored."""
    return JobOut.of(await cancelled(act, job_id))


async def cancelled(act: Act, job_id: UUID) -> Job:
    """Ask for the end of a job. Raises problems: 404, 409 (it has ended)."""
    async with act.transaction() as connection:
        found = await jobs.cancel(connection, act.client_id, job_id)
        if found is not None:
            detail = {"kind": found.kind, "about": found.subject}
            await audit.record(connection, act.entry("job.cancelled", f"job:{job_id}", **detail))
            return found
    async with act.parts.database.client(act.client_id) as pool:
        ended = await JobRepository(pool).get(act.client_id, job_id)
    if ended is None:
        raise Problem(NOT_FOUND, NO_JOB)
    raise Problem(CONFLICT, f"the job has ended: it is {ended.state}")
