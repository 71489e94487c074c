"""Signing a browser in: by the one-time link that `make run` prints, by password, or by an API key; and out again."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.accounts.devices import origin_of
from api.accounts.factor_schemas import SecondFactorIn
from api.accounts.limiter import counted
from api.accounts.schemas import LoginIn
from api.accounts.signing_in import email_key
from api.auth import Credentials, Reader, credentials_of, same_origin
from api.console_files import Console
from api.json_bodies import JsonRoute
from api.keys import SCOPE_READ, SECRET_LENGTH_MAX, hash_sign_in_token
from api.oidc.passwords import passwords_allowed
from api.openapi import errors
from api.parts import Parts, PartsOf
from api.problems import FORBIDDEN, NOT_AUTHENTICATED, NOT_FOUND, Problem, request_id_of
from api.schemas import Answer, SessionOut
from api.sessions import COOKIE, clear_cookie, set_cookie
from storage.clients import ClientRepository
from storage.sign_in_links import SignInLinkRepository

router = APIRouter(tags=["session"], route_class=JsonRoute)


class ByKeyIn(BaseModel):
    """An API key that signs a browser in."""

    model_config = ConfigDict(extra="forbid")

    api_key: Annotated[str, Field(min_length=1, max_length=SECRET_LENGTH_MAX)]


class SignedOutOut(Answer):
    """Where a browser that is signed out here may go on, to sign out of the identity provider too."""

    continue_at: Annotated[str, Field(examples=["https://login.bank.example/logout?client_id=riskstream"])]


@router.get("/sign-in", include_in_schema=False)
async def sign_in_by_link(
    request: Request, parts: PartsOf, token: Annotated[str, Query(max_length=SECRET_LENGTH_MAX)] = ""
) -> Response:
    """Redeem a one-time link: sets the session's cookie and goes to the console."""
    console: Console = request.app.state.console
    if "prefetch" in request.headers.get("sec-purpose", request.headers.get("purpose", "")):
        return Response(status_code=503)  # a browser that only looks ahead must not use the link up
    if token:
        await parts.accounts.limiter.admit_address(request)  # guesses of links, as those of passwords
    client_id = await _redeem(parts, token)
    if client_id is None:
        if await parts.authenticator.caller(credentials_of(request)):
            return RedirectResponse("/", 303)  # clicked twice, and signed in since the first time
        return console.used_link()
    response = RedirectResponse("/", 303)
    set_cookie(response, parts.sessions.issue(client_id), secure=is_secure(request))
    return response


@router.post(
    "/sign-in",
    status_code=204,
    summary="Sign a browser in",
    dependencies=[Depends(counted)],
    responses=errors(401, 403),
)
async def sign_in(request: Request, parts: PartsOf, body: ByKeyIn | LoginIn) -> Response:
    """Trade an API key, or email address and password, for the console's session cookie.

    The session ends when the key is revoked, or the user signs out, is deactivated or changes the password elsewhere.
    Where a second factor is enrolled a right password is answered as at `POST /auth/login`; `/sign-in/second-factor`
    finishes. A user may do in the console what the role allows; a key may read and work on cases, as far as its
    scopes go.
    """
    if not same_origin(request, parts.origins):
        raise Problem(FORBIDDEN, "only the console's own page may sign a browser in")
    response = Response(status_code=204)
    set_cookie(response, await _session_of(request, parts, body), secure=is_secure(request))
    if isinstance(body, LoginIn):
        parts.accounts.devices.mark(response, email_key(body.email), secure=is_secure(request))
    return response


@router.post(
    "/sign-in/second-factor",
    status_code=204,
    summary="Finish signing a browser in",
    dependencies=[Depends(counted)],
    responses=errors(401, 403, 410),
)
async def sign_in_with_factor(request: Request, parts: PartsOf, body: SecondFactorIn) -> Response:
    """Trade the challenge of `POST /sign-in` and a second factor for the console's session cookie."""
    if not same_origin(request, parts.origins):
        raise Problem(FORBIDDEN, "only the console's own page may sign a browser in")
    opened, email = await parts.accounts.signing_in.console_with_factor(
        body.challenge, body.given, origin_of(request).address, request_id_of(request)
    )
    response = Response(status_code=204)
    cookie = parts.sessions.issue(opened.client_id, session_id=opened.session_id)
    set_cookie(response, cookie, secure=is_secure(request))
    parts.accounts.devices.mark(response, email_key(email), secure=is_secure(request))
    return response


@router.post(
    "/sign-out",
    status_code=204,
    summary="Sign a browser out",
    responses={
        200: {"model": SignedOutOut, "description": "Signed out here; the provider still knows the browser"},
        **errors(403),
    },
)
async def sign_out(request: Request, parts: PartsOf) -> Response:
    """End the session, a user's or that of a link or an API key, and forget the cookie. Its feeds close.

    A user of the identity provider gets its sign-out page as `continue_at` (200), where it has one.
    """
    if not same_origin(request, parts.origins):
        raise Problem(FORBIDDEN, "only the console's own page may sign a browser out")
    caller = await parts.authenticator.caller(Credentials(None, request.cookies.get(COOKIE)))
    continue_at: str | None = None
    if caller is not None:
        await parts.accounts.signing_in.end(caller)
        if parts.accounts.oidc is not None and caller.session_id is not None:
            continue_at = await parts.accounts.oidc.signed_out(caller.session_id)
    response = JSONResponse({"continue_at": continue_at}) if continue_at else Response(status_code=204)
    clear_cookie(response, secure=is_secure(request))
    return response


@router.get("/v1/session", summary="Whose credentials these are", responses=errors(404))
async def who_am_i(caller: Reader, parts: PartsOf) -> SessionOut:
    """Whose data these credentials show."""
    async with parts.database.client(caller.client_id) as pool:
        client = (await ClientRepository(pool).all()).get(caller.client_id)
    if client is None:
        raise Problem(NOT_FOUND, "the client of these credentials is gone")
    ends = caller.expires_at_s
    return SessionOut(
        client_id=caller.client_id,
        client_name=client.name,
        via=caller.via,
        scopes=sorted(caller.scopes),
        expires_at=datetime.fromtimestamp(ends, UTC).isoformat() if ends else None,
    )


def is_secure(request: Request) -> bool:
    """Whether the browser came by TLS; a cookie marked secure would be lost on plain http://127.0.0.1."""
    return request.url.scheme == "https"


async def _session_of(request: Request, parts: Parts, body: ByKeyIn | LoginIn) -> str:
    """The cookie of a new session. Raises a 401 problem, and what signing in by password raises."""
    if isinstance(body, LoginIn):
        await passwords_allowed(request)
        opened = await parts.accounts.signing_in.console(body.email, body.password, origin_of(request), body.client_id)
        return parts.sessions.issue(opened.client_id, session_id=opened.session_id)
    caller = await parts.authenticator.by_key(body.api_key.strip())
    if caller is None or SCOPE_READ not in caller.scopes:
        raise Problem(NOT_AUTHENTICATED, "this API key is not valid", headers={"WWW-Authenticate": "Bearer"})
    return parts.sessions.issue(caller.client_id, api_key_id=caller.api_key_id)


async def _redeem(parts: Parts, token: str) -> int | None:
    if not token:
        return None
    async with parts.identity.pool() as pool:
        links = SignInLinkRepository(pool)
        for token_hash in parts.keyring.hashes(hash_sign_in_token, token):
            client_id = await links.redeem(token_hash, datetime.now(UTC))
            if client_id is not None:
                return client_id
    return None
