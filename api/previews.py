"""Previews of strategies: asked for as a job of the analysis workers, and waited for a moment."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from analysis.strategy_book import FoundStrategy
from api.auth import Caller
from api.cases.queries import From, To, milliseconds
from api.parts import Parts
from api.problems import CONFLICT, INVALID_REQUEST, NOT_FOUND, TOO_MANY_KEPT, Problem
from api.schemas import Answer
from storage.analysis_runs import RunSource
from storage.jobs import ENDED, JobState, TooManyJobs
from storage.previews import Preview, PreviewRepository, PreviewRequest
from storage.uploads import UploadRepository

WAIT_S = 8.0  # for the answer, which most often comes sooner; then the caller is told where to look
LOOK_S = 0.25  # between two looks at the job
WAITING_MAX = 32  # callers that one gateway lets wait; the others look for themselves at once
RETRY_AFTER_S = 1

_waiting = 0


class PreviewQuery(BaseModel):
    """Either an upload, or a stored period."""

    model_config = ConfigDict(extra="forbid")

    upload_id: Annotated[UUID | None, Field(description="An upload that was parsed")] = None
    from_: From = None
    to: To = None


class PreviewItemOut(Answer):
    """A row. `score` is by the version that is previewed, `score_current` by the current one."""

    row: Annotated[int, Field(description="Where it stands: the line of the file, or the place in the period")]
    transaction_id: str | None
    account: str | None
    counterparty: str | None
    merchant: str | None
    amount: float
    currency: str | None
    time_ms: int | None
    text: str | None
    score: float
    score_current: float
    shares: Annotated[dict[str, float], Field(description="Each detector's part of the score")]
    reasons: Annotated[dict[str, str], Field(description="A sentence of each detector that counts, strongest first")]


class PreviewFoundOut(Answer):
    """Of `rows` looked at, how many each version flags, and the twenty highest of each list.

    `top`: of all that are flagged. `gained`: those that the current version lets pass. `lost`: those that only the
    current version flags, with its shares and reasons.
    """

    rows_total: Annotated[int, Field(description="In the upload or period; of many a sample of accounts is taken")]
    rows: int
    flagged: int
    flagged_current: int
    gained_rows: int
    lost_rows: int
    top: list[PreviewItemOut]
    gained: list[PreviewItemOut]
    lost: list[PreviewItemOut]


class PreviewOut(Answer):
    """`found` is null until the state is `done`. `version` is null for a document that was not saved."""

    preview_id: str
    strategy_id: str
    version: int | None
    version_current: int
    state: JobState
    stage: str
    rows_done: int
    rows_total: int
    found: PreviewFoundOut | None


async def answered(
    parts: Parts,
    caller: Caller,
    response: Response,
    current: FoundStrategy,
    document: dict[str, Any],
    version: int | None,
    query: PreviewQuery,
) -> PreviewOut:
    """The preview of `document` against the current version, or, with status 202, where it will be.

    Raises 404, 409 and 422 problems about the source, and StoreUnavailable.
    """
    source, revision = await _source(parts, caller, query)
    request = PreviewRequest(
        strategy_id=current.strategy_id,
        version=version,
        version_current=current.version,
        document=document,
        document_current=current.document,
        source=source,
        upload_revision=revision,
    )
    try:
        async with parts.database.client(caller.client_id) as pool:
            preview_id = await PreviewRepository(pool).ask(caller.client_id, request, created_by=caller.actor)
    except TooManyJobs as error:
        raise Problem(TOO_MANY_KEPT, str(error)) from error
    return shown(response, await _waited(parts, caller, preview_id))


async def stored(parts: Parts, caller: Caller, strategy_id: str, preview_id: UUID) -> Preview:
    """Raises a 404 problem."""
    async with parts.database.client(caller.client_id) as pool:
        preview = await PreviewRepository(pool).get(caller.client_id, preview_id)
    if preview is None or preview.request.strategy_id != strategy_id:
        raise Problem(NOT_FOUND, "you have no preview of this strategy with this id; they are kept for a day")
    return preview


def shown(response: Response, preview: Preview) -> PreviewOut:
    """With status 202 and where to look again while it is not done. Raises a 409 problem if its job failed."""
    job, request = preview.job, preview.request
    if job.state in (JobState.FAILED, JobState.CANCELLED):
        raise Problem(CONFLICT, f"the preview {job.state}: {job.error or 'somebody cancelled its job'}")
    path = f"/v1/strategies/{request.strategy_id}/previews/{preview.preview_id}"
    response.headers["Location"] = path
    if job.state is not JobState.DONE:
        response.status_code = 202
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return PreviewOut(
        preview_id=str(preview.preview_id),
        strategy_id=request.strategy_id,
        version=request.version,
        version_current=request.version_current,
        state=job.state,
        stage=job.stage,
        rows_done=job.rows_done,
        rows_total=job.rows_total,
        found=PreviewFoundOut.model_validate(preview.found) if preview.found is not None else None,
    )


async def _source(parts: Parts, caller: Caller, query: PreviewQuery) -> tuple[RunSource, int | None]:
    """What to look at, and which reading of the upload. Raises 404, 409 and 422 problems."""
    from_ms, to_ms = milliseconds(query.from_), milliseconds(query.to)
    if query.upload_id is None:
        if from_ms is None or to_ms is None:
            raise Problem(INVALID_REQUEST, "query: say upload_id, or from and to of a stored period")
        if from_ms >= to_ms:
            raise Problem(INVALID_REQUEST, "query.to: the period ends before it begins")
        return RunSource(from_ms=from_ms, to_ms=to_ms), None
    if from_ms is not None or to_ms is not None:
        raise Problem(INVALID_REQUEST, "query: upload_id or a stored period, not both")
    async with parts.database.client(caller.client_id) as pool:
        upload = await UploadRepository(pool).get(caller.client_id, query.upload_id)
    if upload is None:
        raise Problem(NOT_FOUND, "you have no upload with this id")
    if upload.state != "parsed":
        why = "it is still being read" if upload.state == "received" else f"it was refused: {upload.problem}"
        raise Problem(CONFLICT, f"the upload has no rows: {why}")
    return RunSource(upload_id=query.upload_id), upload.revision


async def _waited(parts: Parts, caller: Caller, preview_id: UUID) -> Preview:
    """The preview as soon as its job has ended, or after WAIT_S as it is."""
    global _waiting
    preview = await _got(parts, caller, preview_id)
    if _waiting >= WAITING_MAX:
        return preview
    _waiting += 1
    try:
        until = asyncio.get_running_loop().time() + WAIT_S
        while preview.job.state not in ENDED and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(LOOK_S)
            preview = await _got(parts, caller, preview_id)
    finally:
        _waiting -= 1
    return preview


async def _got(parts: Parts, caller: Caller, preview_id: UUID) -> Preview:
    async with parts.database.client(caller.client_id) as pool:
        preview = await PreviewRepository(pool).get(caller.client_id, preview_id)
    if preview is None:  # a day passed, or its client was deleted
        raise Problem(NOT_FOUND, "the preview is gone")
    return preview
