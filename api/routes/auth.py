"""Accounts: registering, signing in and out, tokens, passwords."""

from fastapi import APIRouter, Depends, Request, Response

from api.accounts.access_tokens import ACCESS_TOKEN_S
from api.accounts.devices import origin_of
from api.accounts.limiter import counted
from api.accounts.schemas import (
    AcceptIn,
    JoinedOut,
    LoginIn,
    MeOut,
    PasswordIn,
    RefreshIn,
    RegisteredOut,
    RegisterIn,
    ResetIn,
    TokensOut,
)
from api.accounts.signing_in import SignedIn as Signed
from api.accounts.signing_in import email_key
from api.accounts.tiers import tier_of
from api.accounts.trail import entry_of
from api.addresses import address_of
from api.auth import SignedIn
from api.json_bodies import JsonRoute
from api.oidc.passwords import passwords_allowed
from api.openapi import errors
from api.parts import Parts, PartsOf
from api.problems import NOT_AUTHENTICATED, Problem, request_id_of
from storage.clients import ClientRepository

router = APIRouter(prefix="/auth", tags=["auth"], route_class=JsonRoute)
_OPEN = [Depends(counted)]
_BY_PASSWORD = [*_OPEN, Depends(passwords_allowed)]


@router.post(
    "/register",
    status_code=201,
    summary="Register a client",
    dependencies=_BY_PASSWORD,
    responses=errors(403, 409, 410),
)
async def register(request: Request, response: Response, parts: PartsOf, body: RegisterIn) -> RegisteredOut:
    """A new client with you as its first administrator, signed in. Its transactions are accepted from now on.

    Who may register is the setting REGISTRATION: anybody, with the tier starter; whom the operator invited; or nobody.
    """
    signed, tier = await parts.accounts.joining.register(
        name=body.name,
        email=body.email,
        password=body.password,
        tier=body.subscription_tier,
        invitation=body.invitation,
        address=address_of(request),
        request_id=request_id_of(request),
    )
    _mark(request, response, parts, body.email)
    return RegisteredOut(
        **_tokens(signed).model_dump(),
        client_id=signed.client_id,
        name=signed.name,
        email=signed.email,
        subscription_tier=tier,
    )


@router.post("/login", summary="Sign in", dependencies=_BY_PASSWORD, responses=errors(401, 403))
async def login(request: Request, response: Response, parts: PartsOf, body: LoginIn) -> TokensOut:
    """Trade email address and password for tokens.

    Where a second factor is enrolled the right password is answered with 401, type `second-factor-required`, with a
    `challenge` for `POST /auth/login/second-factor`, the `factors` that can be used, and `expires_in` seconds.

    After some failures further attempts have to wait, each longer than the one before (429, `Retry-After`). Keep the
    cookie of the answer: attempts that bring it are not slowed down by the failures of others.
    """
    origin = origin_of(request)
    signed = await parts.accounts.signing_in.with_password(body.email, body.password, origin, body.client_id)
    _mark(request, response, parts, body.email)
    return _tokens(signed)


@router.post("/refresh", summary="Renew the tokens", dependencies=_OPEN, responses=errors(401))
async def refresh(parts: PartsOf, body: RefreshIn) -> TokensOut:
    """Trade a refresh token for the next pair. It works once: a second use ends the session, for it was stolen."""
    return _tokens(await parts.accounts.signing_in.renew(body.refresh_token))


@router.post("/logout", status_code=204, summary="Sign out")
async def logout(caller: SignedIn, parts: PartsOf) -> Response:
    """End the session: its access token and its refresh token count no longer, in every gateway."""
    await parts.accounts.signing_in.end(caller)
    return Response(status_code=204)


@router.post(
    "/password",
    status_code=204,
    summary="Change the password",
    dependencies=[Depends(passwords_allowed)],
    responses=errors(403),
)
async def change_password(request: Request, caller: SignedIn, parts: PartsOf, body: PasswordIn) -> Response:
    """Set a new password. All other sessions of yours end; a wrong current password counts as a failed sign-in."""
    account = await parts.accounts.signing_in.prove(caller, body.current_password, origin_of(request))
    entry = entry_of(request, caller, "user.password_changed", f"user:{account.user_id}")
    await parts.accounts.joining.change_password(caller, account, body.new_password, entry)
    return Response(status_code=204)


@router.post(
    "/password/reset",
    status_code=204,
    summary="Set a lost password anew",
    dependencies=_BY_PASSWORD,
    responses=errors(403, 410),
)
async def reset_password(request: Request, parts: PartsOf, body: ResetIn) -> Response:
    """Set a password with the one-time token that `riskstream reset-password` prints. All sessions end."""
    await parts.accounts.joining.reset_password(
        body.token, body.new_password, address_of(request), request_id_of(request)
    )
    return Response(status_code=204)


@router.post(
    "/invitations/accept",
    status_code=201,
    summary="Accept an invitation",
    dependencies=_BY_PASSWORD,
    responses=errors(403, 409, 410),
)
async def accept_invitation(request: Request, response: Response, parts: PartsOf, body: AcceptIn) -> JoinedOut:
    """Become a user of the client that invited you, signed in. The token works once."""
    signed = await parts.accounts.joining.accept(
        token=body.token,
        name=body.name,
        password=body.password,
        address=address_of(request),
        request_id=request_id_of(request),
    )
    _mark(request, response, parts, signed.email)
    return JoinedOut(
        **_tokens(signed).model_dump(),
        client_id=signed.client_id,
        user_id=signed.user_id,
        name=signed.name,
        email=signed.email,
        role=signed.role,
    )


@router.get("/me", summary="Who is signed in")
async def get_me(caller: SignedIn, parts: PartsOf) -> MeOut:
    """The user of these tokens, with role and scopes."""
    assert caller.session_id is not None
    session = await parts.identities.session(caller.session_id)
    async with parts.database.client(caller.client_id) as pool:
        client = (await ClientRepository(pool).all()).get(caller.client_id)
    if session is None or client is None:  # ended at this very moment
        raise Problem(NOT_AUTHENTICATED, "the session has ended", headers={"WWW-Authenticate": "Bearer"})
    return MeOut(
        user_id=session.user_id,
        client_id=session.client_id,
        client_name=client.name,
        name=session.name,
        email=session.email,
        role=session.role,
        scopes=sorted(caller.scopes),
        subscription_tier=tier_of(session.tier).name,
        session_expires_at=session.expires_at,
    )


def _mark(request: Request, response: Response, parts: Parts, email: str) -> None:
    parts.accounts.devices.mark(response, email_key(email), secure=request.url.scheme == "https")


def _tokens(signed: Signed) -> TokensOut:
    return TokensOut(access_token=signed.access_token, refresh_token=signed.refresh_token, expires_in=ACCESS_TOKEN_S)
