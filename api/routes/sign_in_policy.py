"""Of which roles a client asks for a second factor."""

from fastapi import APIRouter, Request

from api.accounts.factor_schemas import SignInPolicyIn, SignInPolicyOut
from api.accounts.trail import entry_of
from api.auth import Administrator
from api.json_bodies import JsonRoute
from api.parts import PartsOf
from api.problems import FORBIDDEN, Problem
from storage.sign_in_policies import SignInPolicy, SignInPolicyRepository

router = APIRouter(prefix="/v1/sign-in-policy", tags=["users"], route_class=JsonRoute)


@router.get("", summary="Who needs a second factor")
async def get_sign_in_policy(caller: Administrator, parts: PartsOf) -> SignInPolicyOut:
    """The roles whose users need a second factor, and how many users have none yet."""
    async with parts.accounts.sign_ins.pool() as pool:
        policies = SignInPolicyRepository(pool)
        return _answer(await policies.get(caller.client_id), await policies.users_without_factor(caller.client_id))


@router.put("", summary="Ask for a second factor")
async def put_sign_in_policy(
    request: Request, caller: Administrator, parts: PartsOf, body: SignInPolicyIn
) -> SignInPolicyOut:
    """From their next request on, users of these roles who have shown no second factor can only enrol one.

    For administrators who signed in, or confirmed who they are, within the last 5 minutes (`POST /auth/confirm`). API
    keys are not affected, and cannot change this.
    """
    if caller.user_id is None:
        raise Problem(FORBIDDEN, "an administrator changes this who signed in; an API key or a link belongs to nobody")
    await parts.accounts.enrolment.require_fresh(caller)
    roles = sorted(set(body.second_factor_roles))
    entry = entry_of(request, caller, "sign_in_policy.changed", "sign-in-policy", second_factor_roles=roles)
    async with parts.accounts.sign_ins.pool() as pool:
        policies = SignInPolicyRepository(pool)
        return _answer(await policies.put(roles, entry), await policies.users_without_factor(caller.client_id))


def _answer(policy: SignInPolicy, without: int) -> SignInPolicyOut:
    return SignInPolicyOut.model_validate(
        {
            "second_factor_roles": policy.second_factor_roles,
            "users_without_factor": without,
            "changed_by": policy.changed_by,
            "changed_at": policy.changed_at,
        }
    )
