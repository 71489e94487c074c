"""Uploaded files: received, listed, read again in another way, deleted. An analysis worker reads them."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response

from analysis.upload_folder import rejects_path, remove
from api.auth import Reader
from api.cases.act import Act, ActOf
from api.cases.paging import bad_cursor, next_cursor, resumed
from api.cases.versions import IF_MATCH_LENGTH_MAX, check_version, tag
from api.cursors import SEQUENCE_MAX, PageCursor
from api.json_bodies import JsonRoute
from api.listing import listed
from api.openapi import errors
from api.parts import PartsOf
from api.problems import CONFLICT, INVALID_REQUEST, NOT_FOUND, TOO_MANY_KEPT, VERSION_REQUIRED, Problem
from api.uploads.schemas import (
    ReadingIn,
    ReadingOut,
    RejectOut,
    RejectPage,
    UploadOut,
    UploadPage,
    UploadQuery,
)
from storage.audit import record
from storage.database import Connection, Pool
from storage.jobs import ENDED, Job, JobKind, JobRepository, TooManyJobs, cancel, enqueue, last_of
from storage.uploads import (
    Key,
    NewUpload,
    QuotaExceeded,
    StoredUpload,
    UploadRepository,
    add,
    delete,
    is_analysed,
    read_anew,
    upload_in,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
                    "required": ["file"],
                },
                "example": {"file": "date,account,amount\n2026-03-01,acct-77,12.50\n"},
            }
        },
    }
}

router = APIRouter(prefix="/v1/uploads", tags=["uploads"], route_class=JsonRoute)


@router.post(
    "", status_code=202, summary="Upload a file", openapi_extra=_FORM,
    responses={200: {"model": UploadOut}, **errors(400, 408, 409, 413, 415, 422)},
)  # fmt: skip
async def upload_file(request: Request, response: Response, act: ActOf) -> UploadOut:
    """One file in a multipart form, in the part `file`: CSV, JSON, JSON lines, Excel, SIE 4 or XML, as its name says.

    It is read by a job: ask `/status` until it is `parsed`. The same bytes a second time are the first upload
    (200, `repeated`).
    """
    parts = act.parts
    async with parts.database.client(act.client_id) as pool:
        used = await UploadRepository(pool).used(act.client_id)
    if used.bytes >= parts.settings.upload_quota:
        raise _full(parts.settings.upload_quota)
    async with parts.uploads.arriving(request, act.client_id) as (upload_id, received):
        new = NewUpload(
            upload_id=upload_id,
            client_id=act.client_id,
            file_name=received.file_name,
            size_bytes=received.size,
            sha256=received.sha256,
            created_by=act.actor,
        )
        upload, job, is_new = await _added(act, new)
    if not is_new:
        await asyncio.to_thread(remove, parts.settings.upload_dir, act.client_id, upload_id)
        response.status_code = 200
    response.headers["Location"] = f"/v1/uploads/{upload.upload_id}/status"
    return UploadOut.of(upload, job, repeated=not is_new)


@router.get("/history", summary="Uploads, newest first")
async def list_uploads(caller: Reader, parts: PartsOf, query: Annotated[UploadQuery, Query()]) -> UploadPage:
    """Every file that is kept, with what became of it."""
    asked, page = resumed(query)
    async with parts.database.client(caller.client_id) as pool:
        found = await UploadRepository(pool).page(
            caller.client_id, after=_key_of(page) if page else None, limit=asked.limit + 1
        )
        shown = found[: asked.limit]
        jobs = {each.upload_id: await _job_of(pool, each) for each in shown}
    items = listed(shown, lambda each: UploadOut.of(each, jobs[each.upload_id]), "upload_id")
    last = shown[-1] if len(found) > asked.limit else None
    key: list[int | float | str | None] = [_micros(last.created_at), str(last.upload_id)] if last else []
    return UploadPage(**items, next_cursor=next_cursor(asked, key) if last else None)


@router.get("/{upload_id}/status", summary="How far an upload is", responses=errors(404))
async def get_upload_status(caller: Reader, parts: PartsOf, upload_id: UUID) -> UploadOut:
    """Its state, what its job has read so far, and how many rows landed."""
    async with parts.database.client(caller.client_id) as pool:
        upload = await _found(pool, caller.client_id, upload_id)
        return UploadOut.of(upload, await _job_of(pool, upload))


@router.get("/{upload_id}/rejects", summary="Rows that did not land", responses=errors(404, 409))
async def list_rejected_rows(
    caller: Reader, parts: PartsOf, upload_id: UUID, query: Annotated[UploadQuery, Query()]
) -> RejectPage:
    """Each with its line, its column, the reason and an excerpt."""
    asked, page = resumed(query)
    async with parts.database.client(caller.client_id) as pool:
        upload = await _found(pool, caller.client_id, upload_id)
    if upload.state != "parsed":
        raise Problem(CONFLICT, "the upload has not been read")
    start = _place_of(page, upload.revision) if page else 0
    path = rejects_path(parts.settings.upload_dir, caller.client_id, upload_id)
    try:
        rows = await asyncio.to_thread(_rejects, path, start, asked.limit)
    except FileNotFoundError as error:  # read anew, or deleted, at this moment
        raise Problem(CONFLICT, "the upload is being changed") from error
    end = start + len(rows)
    more = end < (upload.rejected or 0) and bool(rows)
    items = [RejectOut.model_validate(row) for row in rows]
    return RejectPage(items=items, next_cursor=next_cursor(asked, [upload.revision, end]) if more else None)


@router.get("/{upload_id}/mapping", summary="How an upload is read", responses=errors(404, 409))
async def get_upload_mapping(caller: Reader, parts: PartsOf, response: Response, upload_id: UUID) -> ReadingOut:
    """Layout, columns with examples, the mapping of columns to meanings. `ETag` goes into `If-Match` of a change."""
    async with parts.database.client(caller.client_id) as pool:
        upload = await _found(pool, caller.client_id, upload_id)
    if upload.reading is None:
        raise Problem(CONFLICT, upload.problem or "the upload has not been read yet")
    response.headers["ETag"] = tag(upload.revision)
    return ReadingOut.model_validate({**upload.reading, "revision": upload.revision})


@router.put(
    "/{upload_id}/mapping", status_code=202, summary="Read an upload in another way",
    responses=errors(404, 409, 412, 428),
)  # fmt: skip
async def change_upload_mapping(
    act: ActOf,
    response: Response,
    upload_id: UUID,
    body: ReadingIn,
    if_match: Annotated[
        str | None, Header(max_length=IF_MATCH_LENGTH_MAX, description="The ETag that was read")
    ] = None,
) -> UploadOut:
    """The file is read anew from its beginning. With `keep`, later files with these columns are read so, too."""
    wanted = body.model_dump(mode="json")
    async with act.transaction() as connection:
        upload = await _free(connection, act, upload_id)
        if if_match is None:
            raise Problem(VERSION_REQUIRED, "send If-Match with the ETag of the mapping that was read, or *")
        check_version(if_match, upload.revision)
        _check_columns(body, upload)
        entry = act.entry("upload.mapping", f"upload:{upload_id}", mapping=wanted["mapping"], layout=wanted["layout"])
        await _cancel_parsing(connection, act.client_id, upload_id)
        changed = await read_anew(connection, act.client_id, upload_id, upload.revision, wanted, entry)
        if changed is None:
            raise Problem(CONFLICT, "the upload is being changed")
        job = await _enqueued(connection, act, upload_id)
    response.headers["ETag"] = tag(changed.revision)
    return UploadOut.of(changed, job)


@router.delete("/{upload_id}", status_code=204, summary="Delete an upload", responses=errors(404, 409))
async def delete_upload(act: ActOf, upload_id: UUID) -> None:
    """The file and its rows, for good. What runs found in it stays."""
    async with act.transaction() as connection:
        upload = await _free(connection, act, upload_id)
        await _cancel_parsing(connection, act.client_id, upload_id)
        await delete(connection, act.client_id, upload_id)
        await record(connection, act.entry("upload.deleted", f"upload:{upload_id}", file_name=upload.file_name))
    await asyncio.to_thread(remove, act.parts.settings.upload_dir, act.client_id, upload_id)


def _rejects(path: Path, start: int, count: int) -> list[dict[str, Any]]:
    from analysis.extract.rejects import read_rejects  # brings pyarrow along, which scoring does not need

    return read_rejects(path, start, count)


async def _added(act: Act, new: NewUpload) -> tuple[StoredUpload, Job | None, bool]:
    """The upload's row and its job in one transaction; or the upload that has the same bytes."""
    quota = act.parts.settings.upload_quota
    entry = act.entry(
        "upload.added", f"upload:{new.upload_id}", file_name=new.file_name, size_bytes=new.size_bytes,
        sha256=new.sha256.hex(),
    )  # fmt: skip
    try:
        async with act.transaction() as connection:
            upload, is_new = await add(connection, new, quota, entry)
            if is_new:
                return upload, await _enqueued(connection, act, new.upload_id), True
            return upload, await last_of(connection, act.client_id, JobKind.PARSE, str(upload.upload_id)), False
    except QuotaExceeded as error:
        raise _full(quota) from error


async def _enqueued(connection: Connection, act: Act, upload_id: UUID) -> Job:
    try:
        return await enqueue(connection, act.client_id, JobKind.PARSE, str(upload_id), created_by=act.actor)
    except TooManyJobs as error:
        raise Problem(TOO_MANY_KEPT, str(error)) from error


async def _cancel_parsing(connection: Connection, client_id: int, upload_id: UUID) -> None:
    job = await last_of(connection, client_id, JobKind.PARSE, str(upload_id))
    if job is not None and job.state not in ENDED:
        await cancel(connection, client_id, job.job_id)


async def _free(connection: Connection, act: Act, upload_id: UUID) -> StoredUpload:
    """The upload, if no run reads its rows. Raises a 404 or 409 problem."""
    upload = await upload_in(connection, act.client_id, upload_id)
    if upload is None:
        raise _unknown()
    if await is_analysed(connection, act.client_id, upload_id):
        raise Problem(CONFLICT, "a run reads this upload; wait for its end, or cancel it")
    return upload


async def _found(pool: Pool, client_id: int, upload_id: UUID) -> StoredUpload:
    upload = await UploadRepository(pool).get(client_id, upload_id)
    if upload is None:
        raise _unknown()
    return upload


async def _job_of(pool: Pool, upload: StoredUpload) -> Job | None:
    return await JobRepository(pool).last_of(upload.client_id, JobKind.PARSE, str(upload.upload_id))


def _check_columns(body: ReadingIn, upload: StoredUpload) -> None:
    """Tell at once what is wrong with a mapping of the columns as they are known. Raises a 422 problem."""
    given = body.layout.model_dump(exclude_none=True)
    if body.mapping is None or upload.reading is None or given.items() - upload.reading["layout"].items():
        return
    problem = body.mapping.problem([column["name"] for column in upload.reading["columns"]])
    if problem is not None:
        raise Problem(INVALID_REQUEST, f"body.mapping.{problem}")


def _unknown() -> Problem:
    return Problem(NOT_FOUND, "you have no upload with this id")


def _full(quota: int) -> Problem:
    return Problem(TOO_MANY_KEPT, f"all your uploads together may take {quota} bytes; delete some")


def _micros(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


def _key_of(page: PageCursor) -> Key:
    match page.key:
        case [int(micros), str(upload_id)] if 0 < micros < 253_402_300_800_000_000:  # the year 10000
            try:
                return EPOCH + timedelta(microseconds=micros), UUID(upload_id)
            except ValueError:
                pass
    raise bad_cursor("it is damaged; use `next_cursor` as it came")


def _place_of(page: PageCursor, revision: int) -> int:
    match page.key:
        case [int(known), int(place)] if 0 <= place <= SEQUENCE_MAX:
            if known == revision:
                return place
            raise bad_cursor("the upload has been read anew; start at its first page")
    raise bad_cursor("it is damaged; use `next_cursor` as it came")
