"""`POST /v1/score`: one transaction, or up to 500, decided while the caller waits."""

import asyncio
import time
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from api.auth import Caller, Scorer
from api.parts import Parts, PartsOf
from api.problems import (
    ID_REUSED,
    INVALID_REQUEST,
    MALFORMED,
    UNAVAILABLE,
    UNSUPPORTED,
    Problem,
    members,
    request_id_of,
)
from api.scoring.answer import BatchOut, Scored, ScoreOut, scored
from api.scoring.deadline_route import BATCH_ITEM_S, BATCH_MAX, BatchDeadlineRoute, DeadlineRoute
from api.scoring.dry_run_notes import notes_of
from api.scoring.request import Refusal, Usable, read
from api.scoring.request_schema import BATCH_BODY, SCORE_BODY
from contracts.errors import IdReused, StoreUnavailable

if TYPE_CHECKING:
    from api.scoring.engine import Engine

BATCH_REQUEST = 25  # transactions of a batch that count as one request: else a tier's rate would bound no work

single = APIRouter(prefix="/v1/score", tags=["score"], route_class=DeadlineRoute)
batch = APIRouter(prefix="/v1/score", tags=["score"], route_class=BatchDeadlineRoute)


class _Batch(msgspec.Struct, forbid_unknown_fields=True):
    transactions: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=BATCH_MAX)]
    dry_run: bool = False


_batch = msgspec.json.Decoder(_Batch)
_encode = msgspec.json.Encoder().encode


def _refuse_other_media(request: Request) -> None:
    """Raises a 415 problem for a body that says it is something else than JSON."""
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise Problem(UNSUPPORTED, "send application/json")


@single.post(
    "",
    summary="Score one transaction",
    response_model=ScoreOut,
    openapi_extra={"requestBody": SCORE_BODY},
)
async def score(caller: Scorer, parts: PartsOf, request: Request) -> Response:
    """Decide a transaction, or get the decision that it has: repeating a call with the same id is safe.

    The answer comes within SCORE_DEADLINE_MS. If the state or the model is away, it is decided by the limits of your
    policy and marked `degraded`; a 503 problem means that no decision is known, and repeating finds it.
    """
    began_s = time.perf_counter()
    _refuse_other_media(request)
    engine = parts.scoring.engine
    read_ = read(await request.body(), caller.client_id, time.time_ns() // 1_000_000, engine.gate)
    if isinstance(read_, Refusal):
        raise Problem(*read_)
    try:
        answer = await _decide(engine, parts, caller, read_, began_s, parts.settings.score_deadline_ms / 1000)
    except IdReused as error:
        raise Problem(ID_REUSED, str(error)) from error
    return Response(_encode(answer), media_type="application/json")


@batch.post(
    "/batch",
    summary="Score up to 500 transactions",
    response_model=BatchOut,
    openapi_extra={"requestBody": BATCH_BODY},
)
async def score_batch(caller: Scorer, parts: PartsOf, request: Request) -> Response:
    """Decide transactions in their order: of one account each sees those before it. Every item is answered for itself.

    The deadline is SCORE_DEADLINE_MS and 5 ms more for each transaction. An item that gets a 503 problem can be
    repeated, alone or in another batch. For the rate limit 25 transactions are one request, in a dry run too.
    """
    began_s = time.perf_counter()
    _refuse_other_media(request)
    engine = parts.scoring.engine
    wanted = _batch_of(await request.body())
    if more := (len(wanted.transactions) - 1) // BATCH_REQUEST:
        parts.accounts.limiter.admit_at_once(request, caller, more)
    now_ms = time.time_ns() // 1_000_000
    items = [read(bytes(raw), caller.client_id, now_ms, engine.gate) for raw in wanted.transactions]
    seconds = parts.settings.score_deadline_ms / 1000 + BATCH_ITEM_S * len(items)
    if wanted.dry_run:
        answers = await _preview_all(engine, items, began_s, seconds)
    else:
        await parts.accounts.quotas.admit(caller, sum(isinstance(item, Usable) for item in items))
        answers = await asyncio.gather(*(_item(engine, item, began_s, seconds) for item in items))
    request_id = request_id_of(request)
    return Response(
        _encode({"items": [_item_out(answer, request_id) for answer in answers]}), media_type="application/json"
    )


async def _decide(
    engine: "Engine", parts: Parts, caller: Caller, item: Usable, began_s: float, seconds: float
) -> Scored:
    if item.dry_run:
        (decision,) = await engine.desk.preview([item.body], seconds)
        return scored(decision, time.perf_counter() - began_s, dry_run=True, notes=notes_of(item))
    try:
        await parts.accounts.quotas.admit(caller)
    except Problem:  # nothing new is decided, but what was is told: the quota may have ended behind a lost answer
        answer = await engine.desk.repeat(item.body, item.transaction, seconds)
        if answer is None:
            raise
    else:
        answer = await engine.desk.score(item.body, item.transaction, seconds)
    return scored(answer.decision, time.perf_counter() - began_s, repeated=answer.repeated)


async def _item(engine: "Engine", item: Usable | Refusal, began_s: float, seconds: float) -> Scored | Refusal:
    if isinstance(item, Refusal):
        return item
    if item.dry_run:
        return Refusal(INVALID_REQUEST, "dry_run is said once, beside `transactions`")
    try:
        answer = await engine.desk.score(item.body, item.transaction, seconds, bulk=True)
    except IdReused as error:
        return Refusal(ID_REUSED, str(error))
    except StoreUnavailable as error:
        return Refusal(UNAVAILABLE, str(error))
    return scored(answer.decision, time.perf_counter() - began_s, repeated=answer.repeated)


async def _preview_all(
    engine: "Engine", items: list[Usable | Refusal], began_s: float, seconds: float
) -> list[Scored | Refusal]:
    decisions = iter(await engine.desk.preview([item.body for item in items if isinstance(item, Usable)], seconds))
    return [
        item
        if isinstance(item, Refusal)
        else scored(next(decisions), time.perf_counter() - began_s, dry_run=True, notes=notes_of(item))
        for item in items
    ]


def _batch_of(body: bytes) -> _Batch:
    try:
        return _batch.decode(body)
    except msgspec.ValidationError as error:
        raise Problem(INVALID_REQUEST, str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(MALFORMED, f"the body is not JSON: {error}") from error


def _item_out(answer: Scored | Refusal, request_id: str) -> dict[str, Any]:
    if isinstance(answer, Scored):
        return {"decision": answer, "problem": None}
    return {"decision": None, "problem": members(answer.kind, answer.detail, request_id)}


router = APIRouter()
router.include_router(single)
router.include_router(batch)

ROUTES = tuple(route for part in (single, batch) for route in part.routes if isinstance(route, APIRoute))
