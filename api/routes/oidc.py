"""Sign-in through the identity provider: the way there, the way back, and its word that somebody signed out."""

from typing import Annotated, Literal
from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from api.accounts.limiter import counted
from api.addresses import address_of
from api.console_files import Console
from api.oidc.flow import COOKIE, clear_cookie, set_cookie
from api.oidc.pages import refusal, token_page
from api.oidc.signing_in import Answer, NotSignedIn, ProviderSignIn
from api.oidc.tokens import TOKEN_LENGTH_MAX, InvalidToken
from api.parts import PartsOf
from api.problems import MALFORMED, NOT_FOUND, UNSUPPORTED, Problem, request_id_of
from api.sessions import set_cookie as set_session_cookie

FORM = "application/x-www-form-urlencoded"
PARAMETER_LENGTH_MAX = 4096
FIELDS_MAX = 10

router = APIRouter(prefix="/auth/oidc", include_in_schema=False)
_OPEN = [Depends(counted)]
Parameter = Annotated[str, Query(max_length=PARAMETER_LENGTH_MAX)]


async def _sign_in(parts: PartsOf) -> ProviderSignIn:
    if parts.accounts.oidc is None:
        raise Problem(NOT_FOUND, "there is no identity provider here (OIDC_ISSUER)")
    return parts.accounts.oidc


SignInOf = Annotated[ProviderSignIn, Depends(_sign_in)]


@router.get("/start", dependencies=_OPEN)
async def start(
    request: Request, oidc: SignInOf, to: Literal["console", "api"] = "console", here: Literal["", "1"] = ""
) -> Response:
    """Send the browser to the provider; `to` says whether a browser or a program is to be signed in."""
    public_url = oidc.config.public_url
    if not here and request.headers.get("host", "") != urlsplit(public_url).netloc:
        # The answer comes to PUBLIC_URL, and the cookie has to be there, too. Once, whatever a proxy makes of Host.
        return RedirectResponse(f"{public_url}/auth/oidc/start?to={to}&here=1", 303)
    try:
        address, cookie = await oidc.begin(to)
    except NotSignedIn as error:
        return _refused(request, oidc, error)
    response = RedirectResponse(address, 303)
    set_cookie(response, cookie, secure=oidc.secure)
    return response


@router.get("/callback", dependencies=_OPEN)
async def callback(
    request: Request,
    parts: PartsOf,
    oidc: SignInOf,
    state: Parameter = "",
    code: Parameter = "",
    error: Parameter = "",
    iss: Annotated[str | None, Query(max_length=PARAMETER_LENGTH_MAX)] = None,
) -> Response:
    """Take the provider's answer: a session, or a page that says why there is none."""
    try:
        opened = await oidc.finish(
            Answer(state, code, error, iss), request.cookies.get(COOKIE), address_of(request), request_id_of(request)
        )
    except NotSignedIn as refused:
        response = _refused(request, oidc, refused)
    else:
        if opened.refresh_token is not None:
            response = token_page(request.app.state.console, oidc.config, opened)
        else:
            response = RedirectResponse("/", 303)
            session = opened.session
            cookie = parts.sessions.issue(session.client_id, session_id=session.session_id)
            set_session_cookie(response, cookie, secure=oidc.secure)
    clear_cookie(response, secure=oidc.secure)
    return response


@router.post("/backchannel-logout")
async def back_channel_logout(request: Request, oidc: SignInOf) -> Response:
    """End the sessions of whom the provider says that they signed out (OpenID Connect Back-Channel Logout 1.0)."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise Problem(UNSUPPORTED, f"send a logout token as {FORM}")
    try:
        await oidc.log_out(await _logout_token(request), request_id_of(request))
    except (InvalidToken, ValueError) as error:
        raise Problem(MALFORMED, f"body.logout_token: {error}") from error
    return Response(status_code=200)


async def _logout_token(request: Request) -> str:
    """Raises ValueError."""
    body = await request.body()
    if len(body) > 2 * TOKEN_LENGTH_MAX:
        raise ValueError("it is too long")
    fields = dict(parse_qsl(body.decode("ascii"), max_num_fields=FIELDS_MAX))
    if "logout_token" not in fields:
        raise ValueError("it is missing")
    return fields["logout_token"]


def _refused(request: Request, oidc: ProviderSignIn, error: NotSignedIn) -> Response:
    console: Console = request.app.state.console
    return refusal(console, oidc.config, error)
