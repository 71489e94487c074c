"""A client's tier: what it allows, what is used of it, and changing it."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request

from api.accounts.schemas import QuotaOut, RateOut, SubscriptionIn, SubscriptionOut
from api.accounts.tiers import is_above, tier_of
from api.accounts.trail import entry_of
from api.auth import Administrator, Reader
from api.json_bodies import JsonRoute
from api.openapi import errors
from api.parts import Parts, PartsOf
from api.problems import FORBIDDEN, Problem
from storage.subscriptions import SubscriptionRepository
from storage.usage import UsageRepository, month_of

router = APIRouter(prefix="/v1/subscription", tags=["subscription"], route_class=JsonRoute)


@router.get("", summary="Tier, limits, and what is used")
async def get_subscription(caller: Reader, parts: PartsOf) -> SubscriptionOut:
    """The quota counts every transaction decided this month, from the stream and by calls; only calls are refused."""
    return await _told(parts, caller.client_id)


@router.put("", summary="Change the tier", responses=errors(403))
async def change_subscription(
    request: Request, caller: Administrator, parts: PartsOf, body: SubscriptionIn
) -> SubscriptionOut:
    """Choose a lower tier; its limits count from the next request on. Higher ones are granted by the operator (403)."""
    async with parts.database.client(caller.client_id) as pool:
        subscription = await SubscriptionRepository(pool).of_client(caller.client_id)
    if is_above(body.tier, subscription.tier if subscription else None):
        raise Problem(FORBIDDEN, "a higher tier is granted by the operator: riskstream set-tier")
    entry = entry_of(request, caller, "subscription.changed", f"client:{caller.client_id}", tier=body.tier)
    async with parts.database.client(caller.client_id) as pool:
        await SubscriptionRepository(pool).change(body.tier, entry)
    return await _told(parts, caller.client_id)


async def _told(parts: Parts, client_id: int) -> SubscriptionOut:
    now = datetime.now(UTC)
    async with parts.database.client(client_id) as pool:
        subscription = await SubscriptionRepository(pool).of_client(client_id)
        used = await UsageRepository(pool).used(client_id, now)
    tier = tier_of(subscription.tier if subscription else None)
    rate = parts.accounts.limiter.rate_of(tier.name)
    remaining = None if tier.quota is None else max(0, tier.quota - used)
    return SubscriptionOut(
        tier=tier.name,
        since=subscription.since if subscription else None,
        rate_limit=RateOut(requests=rate.amount, window_s=rate.window_s),
        quota=QuotaOut(limit=tier.quota, used=used, remaining=remaining, resets_at=month_of(now)[1]),
    )
