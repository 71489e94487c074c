"""A client's users and invitations, for its administrators."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from api.accounts.roles import SCOPES_OF_ROLE
from api.accounts.schemas import (
    InvitationOut,
    InvitationPage,
    InvitedOut,
    InviteIn,
    UserOut,
    UserPage,
    UserPatch,
)
from api.accounts.trail import entry_of
from api.auth import Administrator, Caller
from api.cursors import CURSOR_LENGTH_MAX, SEQUENCE_MAX, BadCursor, decode_cursor, encode_cursor
from api.json_bodies import JsonRoute
from api.keys import hash_invitation, new_token
from api.listing import listed
from api.openapi import errors
from api.parts import PartsOf
from api.problems import (
    FORBIDDEN,
    INVALID_CURSOR,
    LAST_ADMINISTRATOR,
    NOT_FOUND,
    TOO_MANY_KEPT,
    Problem,
)
from storage.audit import AuditEntry
from storage.invitations import InvitationRepository
from storage.users import Unchanged, User, UserChange, UserRepository

LIMIT_DEFAULT, LIMIT_MAX = 50, 200  # of a page
INVITATION_TTL = timedelta(days=7)

router = APIRouter(prefix="/v1/users", tags=["users"], route_class=JsonRoute)
Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX)]
Cursor = Annotated[str | None, Query(max_length=CURSOR_LENGTH_MAX, description="`next_cursor` of a page")]
Number = Annotated[int, Path(ge=1, le=SEQUENCE_MAX)]


@router.get("", summary="Users, oldest first")
async def list_users(
    caller: Administrator, parts: PartsOf, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
) -> UserPage:
    """All users of the client, deactivated ones included."""
    async with parts.database.client(caller.client_id) as pool:
        users = await UserRepository(pool).of_client(caller.client_id, after_id=after(cursor), limit=limit + 1)
    page = users[:limit]
    return UserPage(
        **listed(page, UserOut.model_validate, "user_id"),
        next_cursor=encode_cursor(page[-1].user_id) if len(users) > limit else None,
    )


@router.post("/invitations", status_code=201, summary="Invite a user", responses=errors(409))
async def invite_user(request: Request, caller: Administrator, parts: PartsOf, body: InviteIn) -> InvitedOut:
    """A one-time token for somebody to become a user with this role, valid for 7 days. It is shown this once."""
    _may_give(caller, body.role)
    token = new_token()
    entry = entry_of(request, caller, "user.invited", email=body.email, role=body.role)
    expires_at = datetime.now(UTC) + INVITATION_TTL
    async with parts.database.client(caller.client_id) as pool:
        invitation = await InvitationRepository(pool).add(
            body.email, body.role, hash_invitation(parts.keyring.current, token), expires_at, entry
        )
    if invitation is None:
        raise Problem(TOO_MANY_KEPT, "too many invitations are open; withdraw some")
    return InvitedOut(**InvitationOut.model_validate(invitation).model_dump(), token=token)


@router.get("/invitations", summary="Invitations, oldest first")
async def list_invitations(
    caller: Administrator, parts: PartsOf, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
) -> InvitationPage:
    """All invitations, accepted, withdrawn and expired ones included; never their tokens."""
    async with parts.database.client(caller.client_id) as pool:
        found = await InvitationRepository(pool).of_client(caller.client_id, after_id=after(cursor), limit=limit + 1)
    page = found[:limit]
    return InvitationPage(
        **listed(page, InvitationOut.model_validate, "invitation_id"),
        next_cursor=encode_cursor(page[-1].invitation_id) if len(found) > limit else None,
    )


@router.delete("/invitations/{invitation_id}", status_code=204, summary="Withdraw an invitation", responses=errors(404))
async def withdraw_invitation(
    request: Request, caller: Administrator, parts: PartsOf, invitation_id: Number
) -> Response:
    """Its token counts no longer. 404 if there is none, or it is not open any more."""
    entry = entry_of(request, caller, "invitation.withdrawn", f"invitation:{invitation_id}")
    async with parts.database.client(caller.client_id) as pool:
        if not await InvitationRepository(pool).withdraw(invitation_id, entry):
            raise Problem(NOT_FOUND, "you have no open invitation with this number")
    return Response(status_code=204)


@router.get("/{user_id}", summary="One user", responses=errors(404))
async def get_user(caller: Administrator, parts: PartsOf, user_id: Number) -> UserOut:
    """A user of the client, deactivated or not."""
    async with parts.database.client(caller.client_id) as pool:
        user = await UserRepository(pool).get(caller.client_id, user_id)
    if user is None:
        raise Problem(NOT_FOUND, "you have no user with this number")
    return UserOut.model_validate(user)


@router.patch("/{user_id}", summary="Change a user", responses=errors(404, 409))
async def change_user(
    request: Request, caller: Administrator, parts: PartsOf, user_id: Number, body: UserPatch
) -> UserOut:
    """Change name or role, deactivate or activate. It counts from the user's next request on.

    The last administrator stays one (409). API keys that a user made stay valid: see `created_by` in
    `GET /v1/api-keys`.
    """
    if body.role is not None:
        _may_give(caller, body.role)
    change = UserChange(name=body.name, role=body.role, active=body.active)

    def entry(before: User, after: User) -> AuditEntry:
        return entry_of(request, caller, _action(before, after), f"user:{user_id}", **_difference(before, after))

    async with parts.database.client(caller.client_id) as pool:
        users = UserRepository(pool)
        if body.active and body.role is None and (user := await users.get(caller.client_id, user_id)):
            _may_give(caller, user.role)
        changed = await users.change(caller.client_id, user_id, change, entry)
    if changed is Unchanged.NOT_FOUND:
        raise Problem(NOT_FOUND, "you have no user with this number")
    if changed is Unchanged.LAST_ADMINISTRATOR:
        raise Problem(LAST_ADMINISTRATOR, "make somebody else an administrator first")
    return UserOut.model_validate(changed)


def after(cursor: str | None) -> int:
    """The number after which a page begins. Raises a 400 problem."""
    try:
        return decode_cursor(cursor) if cursor is not None else 0
    except BadCursor as error:
        raise Problem(INVALID_CURSOR, f"query.cursor: {error}; use `next_cursor` as it came") from error


def _may_give(caller: Caller, role: str) -> None:
    """Nobody gives away more than they have: an API key with few scopes makes no administrator."""
    if not SCOPES_OF_ROLE[role] <= caller.scopes:
        raise Problem(FORBIDDEN, f"these credentials lack scopes that the role {role!r} has")


def _action(before: User, after: User) -> str:
    if before.role != after.role:
        return "user.role"
    if (before.deactivated_at is None) != (after.deactivated_at is None):
        return "user.deactivated" if after.deactivated_at else "user.activated"
    return "user.renamed"


def _difference(before: User, after: User) -> dict[str, object]:
    told = {
        "name": (before.name, after.name),
        "role": (before.role, after.role),
        "active": (before.deactivated_at is None, after.deactivated_at is None),
    }
    return {name: {"from": old, "to": new} for name, (old, new) in told.items() if old != new}
