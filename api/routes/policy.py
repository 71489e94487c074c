"""A client's policy: the scores from which payments are reviewed, flagged and declined, and the degraded mode."""

import re
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.accounts.trail import entry_of
from api.auth import Administrator, Reader
from api.json_bodies import JsonRoute
from api.openapi import errors
from api.parts import Parts, PartsOf
from api.problems import CHANGED_MEANWHILE, INVALID_REQUEST, VERSION_REQUIRED, Problem
from api.schemas import Answer
from contracts.transaction import AMOUNT_MAX
from pipeline.client_book import ClientBook
from scoring.policy import Policy
from storage.clients import Client
from storage.policies import PolicyRepository, PolicySettings, StoredPolicy

REVISION_MAX = 2**31 - 2  # Postgres integer, with room for the next
_ETAG = re.compile(r'(?:W/)?"(\d{1,10})"')

Score = Annotated[float | None, Field(gt=0, le=100, allow_inf_nan=False)]
Amount = Annotated[float | None, Field(ge=0, le=AMOUNT_MAX, allow_inf_nan=False)]

router = APIRouter(prefix="/v1/policy", tags=["policy"], route_class=JsonRoute)


class ThresholdsIn(BaseModel):
    """Risk scores, rising; null leaves one to the default."""

    model_config = ConfigDict(extra="forbid", strict=True)

    review: Score = None
    flag: Score = None
    decline: Score = None


class LimitsIn(BaseModel):
    """Amounts in the base currency: what is smaller is approved or reviewed, the rest declined; null: the default."""

    model_config = ConfigDict(extra="forbid", strict=True)

    approve_below: Amount = None
    review_below: Amount = None


class PolicyIn(BaseModel):
    """The whole policy; what is left out is left to the defaults."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "thresholds": {"review": 50, "flag": 70, "decline": 90},
                    "degraded": {"approve_below": 20, "review_below": 500},
                }
            ]
        },
    )

    thresholds: ThresholdsIn = ThresholdsIn()
    degraded: LimitsIn = LimitsIn()


class ThresholdsOut(Answer):
    review: float
    flag: float
    decline: float


class LimitsOut(Answer):
    approve_below: float
    review_below: float
    currency: str


class PolicyOut(Answer):
    """`thresholds` and `degraded` are what holds now; `own` is what the client set, null where a default holds.

    `policy_version` stands in every decision made under it. `revision` is 0 until it is set for the first time.
    """

    revision: int
    policy_version: str
    thresholds: ThresholdsOut
    degraded: LimitsOut
    own: PolicyIn
    changed_by: str | None
    changed_at: datetime | None


@router.get("", summary="The policy that holds")
async def get_policy(caller: Reader, parts: PartsOf, response: Response) -> PolicyOut:
    """What decides your payments now, and what of it you have set. `ETag` goes into `If-Match` of a change."""
    async with parts.database.client(caller.client_id) as pool:
        stored = await PolicyRepository(pool).current(caller.client_id)
    response.headers["ETag"] = _etag(stored)
    return _answer(parts, stored, _book(parts).combined(_client(caller.client_id, stored.settings), strict=False))


@router.put("", summary="Set the policy", responses=errors(412, 428))
async def put_policy(
    caller: Administrator,
    parts: PartsOf,
    request: Request,
    response: Response,
    wanted: PolicyIn,
    if_match: Annotated[str | None, Header(max_length=64, description="The ETag that was read")] = None,
) -> PolicyOut:
    """Replace the policy. It holds for the next call at once, and for the stream within five seconds.

    Decisions that were made stay as they are.
    """
    revision = _revision(if_match)
    settings = _settings(wanted)
    try:
        policy = _book(parts).combined(_client(caller.client_id, settings))
    except ValueError as error:
        raise Problem(INVALID_REQUEST, f"{error}, the defaults included") from error
    entry = entry_of(
        request, caller, "policy.changed", "policy", settings=wanted.model_dump(), policy_version=policy.version
    )
    async with parts.database.client(caller.client_id) as pool:
        stored = await PolicyRepository(pool).change(caller.client_id, revision, settings, entry)
    if stored is None:
        raise Problem(CHANGED_MEANWHILE, "the policy has been changed since you read it")
    await parts.scoring.policy_changed()
    response.headers["ETag"] = _etag(stored)
    return _answer(parts, stored, policy)


def _answer(parts: Parts, stored: StoredPolicy, policy: Policy) -> PolicyOut:
    own = stored.settings
    return PolicyOut(
        revision=stored.revision,
        policy_version=policy.version,
        thresholds=ThresholdsOut(review=policy.review, flag=policy.flag, decline=policy.decline),
        degraded=LimitsOut(
            approve_below=policy.limits.approve_below,
            review_below=policy.limits.review_below,
            currency=parts.settings.currency_base,
        ),
        own=PolicyIn(
            thresholds=ThresholdsIn(
                review=own.threshold_review, flag=own.threshold_flag, decline=own.threshold_decline
            ),
            degraded=LimitsIn(approve_below=own.approve_below, review_below=own.review_below),
        ),
        changed_by=stored.changed_by,
        changed_at=stored.changed_at,
    )


def _book(parts: Parts) -> ClientBook:
    """The defaults of this moment: the environment's and the served model's."""
    return ClientBook(parts.model, parts.settings.risk_threshold_high)


def _client(client_id: int, settings: PolicySettings) -> Client:
    return Client(
        client_id, "", "UTC", settings.threshold_review, settings.threshold_flag, settings.threshold_decline,
        settings.approve_below, settings.review_below,
    )  # fmt: skip


def _settings(wanted: PolicyIn) -> PolicySettings:
    thresholds, limits = wanted.thresholds, wanted.degraded
    return PolicySettings(
        thresholds.review, thresholds.flag, thresholds.decline, limits.approve_below, limits.review_below
    )


def _etag(stored: StoredPolicy) -> str:
    return f'"{stored.revision}"'


def _revision(if_match: str | None) -> int:
    """The revision that the caller read. Raises a 428 problem without one, and a 412 for one that never was."""
    if if_match is None:
        raise Problem(VERSION_REQUIRED, "send If-Match with the ETag of GET /v1/policy")
    match = _ETAG.fullmatch(if_match.strip())
    if match is None or int(match[1]) > REVISION_MAX:
        raise Problem(CHANGED_MEANWHILE, "there is no such version of the policy")
    return int(match[1])
