"""Strategies: which detectors judge a file or a stored period, and how. Presets belong to all, and stay as they are."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import Field

from analysis.presets import PRESETS
from analysis.strategy import InvalidStrategy, Strategy, checked
from analysis.strategy_book import FoundStrategy, StrategyBook, own
from api import previews
from api.accounts.trail import entry_of
from api.auth import CaseWorker, Reader
from api.cases.versions import IF_MATCH_LENGTH_MAX, check_version, tag
from api.cursors import encode_cursor
from api.json_bodies import JsonRoute
from api.listing import listed
from api.openapi import errors
from api.parts import PartsOf
from api.previews import PreviewOut, PreviewQuery
from api.problems import (
    CHANGED_MEANWHILE,
    CONFLICT,
    ERRORS_MAX,
    INVALID_REQUEST,
    NOT_FOUND,
    TOO_MANY_KEPT,
    VERSION_REQUIRED,
    Problem,
)
from api.routes.users import LIMIT_DEFAULT, Cursor, Limit, after
from api.strategy_schemas import StrategyIn, StrategyOut, StrategyPage, VersionPage
from storage.database import ClientPool
from storage.strategies import NameTaken, StrategyRepository, TooManyKept

VERSION_MAX = 2**31 - 1  # Postgres integer

router = APIRouter(prefix="/v1/strategies", tags=["strategies"], route_class=JsonRoute)
StrategyId = Annotated[
    str, Path(pattern=r"^[a-z0-9_-]{1,64}$", description="A preset's name, or the id of one's own strategy")
]
Version = Annotated[int, Path(ge=1, le=VERSION_MAX)]
IfMatch = Annotated[str | None, Header(max_length=IF_MATCH_LENGTH_MAX, description="The ETag that was read")]


PREVIEWED = errors(404, 409) | {202: {"model": PreviewOut, "description": "Not done yet; look at `Location`"}}


class VersionPreviewQuery(PreviewQuery):
    """And which version."""

    version: Annotated[int | None, Field(ge=1, le=VERSION_MAX)] = None


@router.get("", summary="Strategies, presets first")
async def list_strategies(
    caller: Reader, parts: PartsOf, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
) -> StrategyPage:
    """The current version of each strategy; deleted ones are left out."""
    async with parts.database.client(caller.client_id) as pool:
        found = await StrategyBook(pool).page(caller.client_id, after=after(cursor), limit=limit + 1)
    page = found[:limit]
    return StrategyPage(
        **listed([one for _, one in page], StrategyOut.of, "strategy_id"),
        next_cursor=encode_cursor(page[-1][0]) if len(found) > limit else None,
    )


@router.post("", status_code=201, summary="Make a strategy", responses=errors(409))
async def create_strategy(
    request: Request, caller: CaseWorker, parts: PartsOf, response: Response, body: StrategyIn
) -> StrategyOut:
    """Version 1 of a strategy of one's own. To copy a preset, send its `document` under another name."""
    document = await valid_document(body)
    entry = entry_of(request, caller, "strategy.created", name=body.name, version=1)
    try:
        async with parts.database.client(caller.client_id) as pool:
            stored = await StrategyRepository(pool).create(caller.client_id, document, entry)
    except NameTaken as error:
        raise Problem(CONFLICT, str(error)) from error
    except TooManyKept as error:
        raise Problem(TOO_MANY_KEPT, str(error)) from error
    response.headers["Location"] = f"/v1/strategies/{stored.strategy_id}"
    return _shown(response, own(stored))


@router.get("/{strategy_id}", summary="A strategy", responses=errors(404))
async def get_strategy(caller: Reader, parts: PartsOf, response: Response, strategy_id: StrategyId) -> StrategyOut:
    """Its current version. `ETag` goes into `If-Match` of a change."""
    async with parts.database.client(caller.client_id) as pool:
        return _shown(response, await found_strategy(pool, strategy_id))


@router.put("/{strategy_id}", summary="Change a strategy", responses=errors(404, 409, 412, 428))
async def change_strategy(
    request: Request,
    caller: CaseWorker,
    parts: PartsOf,
    response: Response,
    strategy_id: StrategyId,
    body: StrategyIn,
    if_match: IfMatch = None,
) -> StrategyOut:
    """The whole document becomes the next version; runs that used an older one keep it. `If-Match` is required."""
    document = await valid_document(body)
    async with parts.database.client(caller.client_id) as pool:
        found = await _own_strategy(pool, strategy_id)
        if if_match is None:
            raise Problem(VERSION_REQUIRED, "send If-Match with the ETag of the strategy as you read it")
        check_version(if_match, found.version)
        entry = entry_of(
            request, caller, "strategy.changed", f"strategy:{found.strategy_id}", name=body.name,
            version=found.version + 1,
        )  # fmt: skip
        try:
            stored = await StrategyRepository(pool).update(
                caller.client_id, found.strategy_id, found.version, document, entry
            )
        except NameTaken as error:
            raise Problem(CONFLICT, str(error)) from error
        except TooManyKept as error:
            raise Problem(TOO_MANY_KEPT, str(error)) from error
    if stored is None:
        raise Problem(CHANGED_MEANWHILE, "the strategy has been changed or deleted since you read it")
    return _shown(response, own(stored))


@router.delete("/{strategy_id}", status_code=204, summary="Delete a strategy", responses=errors(404, 409, 412))
async def delete_strategy(
    request: Request, caller: CaseWorker, parts: PartsOf, strategy_id: StrategyId, if_match: IfMatch = None
) -> Response:
    """No run can use it any more; those that did keep their version. Its name is free again."""
    async with parts.database.client(caller.client_id) as pool:
        found = await _own_strategy(pool, strategy_id)
        check_version(if_match, found.version)
        entry = entry_of(request, caller, "strategy.deleted", f"strategy:{found.strategy_id}", name=found.name)
        version = None if if_match is None else found.version
        if not await StrategyRepository(pool).delete(caller.client_id, found.strategy_id, version, entry):
            raise Problem(CHANGED_MEANWHILE, "the strategy has been changed or deleted since you read it")
    return Response(status_code=204)


@router.get("/{strategy_id}/versions", summary="Versions of a strategy, newest first", responses=errors(404))
async def list_strategy_versions(
    caller: Reader, parts: PartsOf, strategy_id: StrategyId, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
) -> VersionPage:
    """Every version that it ever had. A preset shows the one of this release."""
    before = after(cursor) or VERSION_MAX
    async with parts.database.client(caller.client_id) as pool:
        found = await found_strategy(pool, strategy_id)
        if found.preset:
            return VersionPage(items=[StrategyOut.of(found)] if found.version < before else [], next_cursor=None)
        versions = await StrategyRepository(pool).versions(
            caller.client_id, strategy_id, before_version=min(before, VERSION_MAX), limit=limit + 1
        )
    page = [own(stored) for stored in versions[:limit]]
    return VersionPage(
        **listed(page, StrategyOut.of, "version"),
        next_cursor=encode_cursor(page[-1].version) if len(versions) > limit else None,
    )


@router.get("/{strategy_id}/versions/{version}", summary="One version of a strategy", responses=errors(404))
async def get_strategy_version(
    caller: Reader, parts: PartsOf, response: Response, strategy_id: StrategyId, version: Version
) -> StrategyOut:
    """As a run names it; also of a strategy that was deleted since."""
    async with parts.database.client(caller.client_id) as pool:
        return _shown(response, await found_strategy(pool, strategy_id, version))


@router.get("/{strategy_id}/preview", summary="What a strategy would flag", responses=PREVIEWED)
async def preview_strategy(
    caller: CaseWorker,
    parts: PartsOf,
    response: Response,
    strategy_id: StrategyId,
    query: Annotated[VersionPreviewQuery, Query()],
) -> PreviewOut:
    """A version of it on a sample of an upload or a stored period, next to the current version.

    Most often the answer comes at once; if it takes longer, the status is 202 and `Location` says where it will be.
    """
    async with parts.database.client(caller.client_id) as pool:
        current = await found_strategy(pool, strategy_id)
        wanted = current if query.version is None else await found_strategy(pool, strategy_id, query.version)
    return await previews.answered(parts, caller, response, current, wanted.document, wanted.version, query)


@router.post("/{strategy_id}/preview", summary="What a changed strategy would flag", responses=PREVIEWED)
async def preview_change(
    caller: CaseWorker,
    parts: PartsOf,
    response: Response,
    strategy_id: StrategyId,
    query: Annotated[PreviewQuery, Query()],
    body: StrategyIn,
) -> PreviewOut:
    """A document that is not saved, next to the strategy's current version. Nothing is changed."""
    async with parts.database.client(caller.client_id) as pool:
        current = await found_strategy(pool, strategy_id)
    document = await valid_document(body, current)
    return await previews.answered(parts, caller, response, current, document, None, query)


@router.get("/{strategy_id}/previews/{preview_id}", summary="A preview that took longer", responses=PREVIEWED)
async def get_strategy_preview(
    caller: CaseWorker, parts: PartsOf, response: Response, strategy_id: StrategyId, preview_id: UUID
) -> PreviewOut:
    """As far as it is; kept for a day."""
    return previews.shown(response, await previews.stored(parts, caller, strategy_id, preview_id))


async def found_strategy(pool: ClientPool, strategy_id: str, version: int | None = None) -> FoundStrategy:
    """The current version, or the one with this number. Raises a 404 problem."""
    found = await StrategyBook(pool).get(pool.client_id, strategy_id, version)
    if found is None:
        what = "strategy" if version is None else "version of a strategy"
        raise Problem(NOT_FOUND, f"you have no {what} with this id, and there is no preset of this name")
    return found


async def valid_document(body: Strategy, of: FoundStrategy | None = None) -> dict[str, Any]:
    """The document as it is stored, or previewed as a change of `of`. Raises a 422 problem that names the fields."""
    if body.name.lower() in PRESETS and not (of and of.preset):
        raise _invalid([("name", "a preset has this name")])
    try:
        # In a thread: the first time it imports the detectors that are named, a stranger's perhaps.
        await asyncio.to_thread(checked, body)
    except InvalidStrategy as error:
        raise _invalid(error.errors) from error
    return body.model_dump(mode="json")


def _invalid(found: list[tuple[str, str]]) -> Problem:
    listed = [{"where": f"body.{field}", "why": why} for field, why in found[:ERRORS_MAX]]
    return Problem(INVALID_REQUEST, f"{listed[0]['where']}: {listed[0]['why']}", errors=listed)


async def _own_strategy(pool: ClientPool, strategy_id: str) -> FoundStrategy:
    """Raises a 404 problem, and a 409 one for a preset."""
    found = await found_strategy(pool, strategy_id)
    if found.preset:
        raise Problem(CONFLICT, "a preset stays as it is; send its document to POST /v1/strategies under another name")
    return found


def _shown(response: Response, found: FoundStrategy) -> StrategyOut:
    response.headers["ETag"] = tag(found.version)
    return StrategyOut.of(found)
